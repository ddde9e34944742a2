"""Ways of putting another face under a name that has a consent."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from likeness.errors import ConsentError, ParameterError, SignatureError
from likeness_engine.consent import registry
from likeness_engine.identity import store


@pytest.fixture
def two(world):
    """A second person, under a consent of his own."""
    registry.add_consent(world.consent(id="c_ben", likeness="ben_ito"))
    world.add_identity("ben_ito", seed=2, consent="c_ben")
    return world


def _refused(world, match, **changes):
    with pytest.raises(ConsentError, match=match):
        world.deliver(**changes)
    assert not world.folder.exists()


def test_a_folder_put_in_anothers_place_is_refused(two):
    delivery = two.delivery()
    home = store.identities_home()
    shutil.rmtree(home / "ana_ruiz")
    shutil.copytree(home / "ben_ito", home / "ana_ruiz")
    with pytest.raises(SignatureError, match="holds 'ben_ito': it was swapped"):
        store.load_identity("ana_ruiz")
    _refused(two, "it was swapped", identities=delivery.identities)


def test_an_identity_renamed_inside_its_document_is_refused(two):
    home = store.identities_home()
    rows = json.loads((home / "ben_ito" / "identity.json").read_text())
    rows["id"], rows["consent"] = "ana_ruiz", "c_ana"
    (home / "ana_ruiz" / "identity.json").write_text(json.dumps(rows))
    with pytest.raises(SignatureError, match="edited after it was sealed"):
        store.load_identity("ana_ruiz")


def test_a_texture_put_in_anothers_place_is_refused(two):
    home = store.identities_home()
    shutil.copy(home / "ben_ito" / "texture.exr", home / "ana_ruiz" / "texture.exr")
    with pytest.raises(SignatureError, match="was exchanged"):
        store.load_texture(store.load_identity("ana_ruiz").document)


def test_a_texture_changed_by_one_bit_is_refused(world):
    path = store.identities_home() / "ana_ruiz" / "texture.exr"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    with pytest.raises(SignatureError, match="was exchanged"):
        store.load_texture(store.load_identity("ana_ruiz").document)


def test_a_frame_drawn_before_the_identity_was_built_anew_is_refused(world):
    old = {"ana_ruiz": store.load_identity("ana_ruiz").document}
    world.add_identity(seed=5, replace=True)
    _refused(world, "is not the one that was drawn", identities=old)


def test_a_frame_that_says_another_face_was_drawn_than_it_loaded_is_refused(two):
    ben = store.load_identity("ben_ito").document
    _refused(two, "is not the one that was drawn", identities={"ana_ruiz": ben})


def test_a_face_that_the_request_does_not_name_is_refused(two):
    known = {i: store.load_identity(i).document for i in ("ana_ruiz", "ben_ito")}
    drawn = frozenset(known)
    _refused(
        two, "made with ben_ito, whom the request does not name", identities=known, drawn=drawn
    )


def test_a_face_loaded_though_the_request_does_not_name_it_is_refused(two):
    known = {i: store.load_identity(i).document for i in ("ana_ruiz", "ben_ito")}
    _refused(two, "whom the request does not name", identities=known)


def test_a_face_drawn_without_its_document_is_refused(world):
    _refused(world, "is not the one that was drawn", identities={})


def test_a_node_that_ran_with_other_settings_than_the_request_is_refused(world):
    delivery = world.delivery()
    (step, node), *rest = delivery.steps
    with pytest.raises(ParameterError, match="ran with other settings"):
        world.deliver(steps=((step, replace(node, shape=1.0)), *rest))
    assert not world.folder.exists()


def test_a_swap_that_names_nobody_is_refused(world):
    from likeness.documents.request import Step

    with pytest.raises(ParameterError, match="names no identity"):
        world.deliver(request=world.request(steps=(Step("swap1", "swap"),)))


@pytest.mark.parametrize("identity_id", ["../ben", "Ana", "", "a b", "a/b", "x" * 65, "ana\n"])
def test_an_id_that_is_no_plain_word_is_refused(world, identity_id):
    with pytest.raises(ParameterError, match="an id is"):
        world.add_identity(identity_id)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"likeness": "somebody_else"}, 'is for "somebody_else"'),
        ({"revoked_at": "2001-01-01"}, "was revoked"),
        ({"not_before": "2001-01-01", "not_after": "2001-01-02"}, "expired on 2001-01-02"),
    ],
)
def test_no_face_is_built_without_a_consent_in_force_that_names_it(world, changes, rule):
    registry.add_consent(world.consent(id="c_new", **{"likeness": "eva_lund", **changes}))
    with pytest.raises(ConsentError, match=rule):
        world.add_identity("eva_lund", consent="c_new")
    assert not (store.identities_home() / "eva_lund").exists()


def test_no_face_is_built_under_a_consent_that_is_not_there(world):
    with pytest.raises(ConsentError, match="there is no consent record 'c_none'"):
        world.add_identity("eva_lund", consent="c_none")


@pytest.mark.skipif(os.name != "posix", reason="rights are POSIX modes here")
def test_nobody_else_may_read_a_face(world):
    place = store.identities_home() / "ana_ruiz"
    assert place.stat().st_mode & 0o777 == 0o700
    assert {p.name: p.stat().st_mode & 0o777 for p in place.iterdir()} == {
        "identity.json": 0o600,
        "texture.exr": 0o600,
    }
    assert (registry.consents_home() / "c_ana.json").stat().st_mode & 0o777 == 0o600


def test_a_texture_comes_back_to_the_bit(world):
    expected = np.random.default_rng(1).random((32, 32, 4), np.float32)
    texture = store.load_texture(store.load_identity("ana_ruiz").document)
    assert texture.dtype == np.float32 and np.array_equal(texture, expected)
