"""Identities on disk: whole or not at all, and the same on the way back."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from likeness.errors import ParameterError
from likeness_engine.identity import store


def test_an_identity_comes_back_as_it_was_kept(add):
    kept = add()
    held = store.load_identity("ana_ruiz")
    assert held.document == kept
    assert kept.photos == ("cd" * 32, "ce" * 32)
    assert kept.models == {"mesh": "ef" * 32}
    assert store.list_identities() == ["ana_ruiz"]


def test_the_texture_is_told_apart_by_the_hash_of_its_file(add):
    kept = add()
    raw = (store.identities_home() / "ana_ruiz" / "texture.exr").read_bytes()
    assert kept.texture_sha256 == hashlib.sha256(raw).hexdigest()


def test_a_texture_without_alpha_was_seen_everywhere(add):
    texture = np.random.default_rng(4).random((16, 16, 3), np.float32)
    back = store.load_texture(add(texture=texture))
    assert np.array_equal(back[..., :3], texture)
    assert (back[..., 3] == 1).all()


def test_an_id_that_is_taken_is_refused_and_the_first_stays(add):
    first = add()
    with pytest.raises(ParameterError, match="There is an identity 'ana_ruiz' already"):
        add(seed=2)
    assert store.load_identity("ana_ruiz").document == first


def test_replacing_leaves_one_identity_and_no_remains(add):
    add()
    second = add(seed=2, replace=True)
    assert store.load_identity("ana_ruiz").document == second
    assert store.load_texture(second).shape == (32, 32, 4)
    assert [p.name for p in store.identities_home().iterdir()] == ["ana_ruiz"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"texture": np.zeros((8, 8), np.float32)}, "texture is of shape"),
        ({"texture": np.full((8, 8, 3), np.nan, np.float32)}, "not finite"),
        ({"geometry": np.zeros((5, 3), np.float32)}, "geometry has 5 points"),
    ],
)
def test_a_face_that_is_none_is_refused_and_leaves_nothing(add, changes, problem):
    with pytest.raises(ParameterError, match=problem):
        add(**changes)
    assert store.list_identities() == []
    home = store.identities_home()
    assert not home.exists() or list(home.iterdir()) == []


def test_a_failed_replacement_keeps_the_old_face(add):
    first = add()
    with pytest.raises(ParameterError):
        add(geometry=np.zeros((5, 3), np.float32), replace=True)
    assert store.load_identity("ana_ruiz").document == first
    assert store.load_texture(first) is not None


def test_an_unknown_identity_is_named_with_those_there_are(add):
    add()
    with pytest.raises(ParameterError) as caught:
        store.load_identity("eva")
    assert "There is no identity 'eva'" in str(caught.value)
    assert "known are: ana_ruiz" in str(caught.value)


def test_a_removed_identity_is_gone(add):
    add()
    store.remove_identity("ana_ruiz")
    assert store.list_identities() == []
    with pytest.raises(ParameterError, match="There is no identity"):
        store.remove_identity("ana_ruiz")
