"""No switch, variable, argument or field lets a frame out unchecked or unsigned."""

from __future__ import annotations

import ast
import inspect
from dataclasses import fields
from pathlib import Path

import pytest

import likeness_engine
from likeness.documents.request import Request
from likeness.errors import ConsentError, FrameError, ParameterError, SignatureError
from likeness_engine import deliver as door
from likeness_engine.consent import registry
from likeness_engine.consent.check import check_consent
from likeness_engine.identity import store
from likeness_engine.io.files import read_frame
from likeness_engine.provenance.keys import signing_key_path
from likeness_engine.provenance.verify import verify

SKIPPING = (
    "skip",
    "force",
    "ignore",
    "bypass",
    "unsigned",
    "sign",
    "consent",
    "check",
    "verify",
    "trust",
    "key",
    "debug",
    "dry",
    "unsafe",
    "clock",
    "date",
    "now",
    "grant",
)


def _names(function):
    return list(inspect.signature(function).parameters)


def test_the_door_takes_a_delivery_and_a_place_and_nothing_else():
    assert _names(door.deliver) == ["delivery", "destination"]
    assert _names(door.clear_to_run) == ["request", "number"]


@pytest.mark.parametrize("kind", [door.Delivery, Request])
def test_no_field_of_a_delivery_or_request_speaks_of_leaving_a_check_out(kind):
    words = {word for f in fields(kind) for word in f.name.split("_")}
    assert not words & set(SKIPPING)


def test_the_check_has_no_switch():
    assert _names(check_consent) == ["identity", "use", "show", "on_date"]
    booleans = [
        name
        for function in (door.deliver, door.clear_to_run, check_consent, registry.load_consent)
        for name, p in inspect.signature(function).parameters.items()
        if "bool" in str(p.annotation)
    ]
    assert booleans == []


@pytest.mark.parametrize(
    "variable",
    [
        "LIKENESS_SKIP_CONSENT",
        "LIKENESS_NO_CONSENT",
        "LIKENESS_NO_SIGN",
        "LIKENESS_UNSIGNED",
        "LIKENESS_DEBUG",
        "LIKENESS_DEV",
        "LIKENESS_TEST",
        "LIKENESS_FORCE",
        "LIKENESS_DATE",
        "LIKENESS_CONSENT",
        "PYTEST_CURRENT_TEST",
        "PYTHONOPTIMIZE",
        "CI",
        "SOURCE_DATE_EPOCH",
    ],
)
def test_no_environment_variable_opens_the_door(world, monkeypatch, variable):
    registry.revoke_consent("c_ana")
    for value in ("1", "0", "2001-01-01", "off"):
        monkeypatch.setenv(variable, value)
        with pytest.raises(ConsentError, match="was revoked"):
            world.deliver()
    assert not world.folder.exists()


def test_the_paper_trail_reads_no_environment_itself():
    package = Path(likeness_engine.__file__).parent
    sources = [
        package / "deliver.py",
        *(package / "provenance").glob("*.py"),
        *(package / "consent").glob("*.py"),
        package / "identity" / "store.py",
    ]
    assert len(sources) > 10
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text())):
            name = getattr(node, "attr", getattr(node, "id", ""))
            assert name not in ("environ", "getenv", "argv"), f"{source.name}: {name}"
            # `python -O` strips assert, so no check may be one
            assert not isinstance(node, ast.Assert), source.name


def test_another_state_folder_has_no_grants_to_offer(world, monkeypatch, tmp_path):
    delivery = world.delivery()
    monkeypatch.setenv("LIKENESS_HOME", str(tmp_path / "empty"))
    with pytest.raises(ParameterError, match="There is no identity 'ana_ruiz'"):
        door.deliver(delivery, world.folder / "x.1001.exr")
    assert not world.folder.exists()


def test_a_key_that_others_may_read_signs_nothing(world):
    signing_key_path().chmod(0o644)
    with pytest.raises((SignatureError, ConsentError), match="chmod 600"):
        world.deliver()
    assert not world.folder.exists()


def test_a_key_that_is_broken_is_not_replaced_in_silence(world):
    signing_key_path().write_text("rubbish")
    with pytest.raises((SignatureError, ConsentError), match="holds no private key"):
        world.deliver()
    assert signing_key_path().read_text() == "rubbish"


def test_a_lossy_frame_has_its_name_only_once_it_is_signed(world, monkeypatch):
    from likeness.documents.request import Output

    request = world.request(output=Output("x", compression="dwaa"))

    def broken(*_):
        raise FrameError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(door, "set_attributes", broken)
        with pytest.raises(FrameError, match="the disk is full"):
            world.deliver(request=request)
    assert list(world.folder.iterdir()) == []
    path = world.deliver(request=request)
    assert verify(path).state == "valid"
    assert [p.name for p in world.folder.iterdir()] == [path.name]


def test_an_identity_that_appears_only_at_a_later_key_is_refused(world):
    from likeness.documents.request import Step

    keyed = Step("swap1", "swap", parameters={"identity": {"keys": {"1001": "ana_ruiz"}}})
    with pytest.raises(ParameterError, match="cannot be keyframed"):
        door.clear_to_run(world.request(steps=(keyed,)))


def test_a_frame_without_any_likeness_is_signed_too(home, world):
    from likeness.documents.request import Step

    request = world.request(steps=(Step("detect1", "detect"),))
    path = world.deliver(request=request, identities={}, drawn=frozenset())
    found = verify(path)
    assert found.state == "valid"
    assert found.statement["predicate"].get("identities", []) == []
    assert "digital_source_type" not in found.statement["predicate"]
    assert read_frame(path).parts[0].header["likeness:ai"].value == "0"


def test_the_record_holds_no_name_no_path_and_no_host(world, tmp_path):
    import getpass
    import json
    import socket

    from likeness.documents.request import Step

    steps = (
        Step("swap1", "swap", parameters={"identity": "ana_ruiz", "face": "/home/jo/ana.txt"}),
        Step("blend1", "blend", plate="swap1", parameters={"holdout": "C:\\jo\\roto.A"}),
    )
    path = world.deliver(request=world.request(steps=steps))
    text = json.dumps(verify(path).statement)
    for word in (str(tmp_path), "/show/", "/home/jo", "C:\\\\jo", socket.gethostname(), "stunt"):
        assert word not in text
    if len(getpass.getuser()) > 4:
        assert getpass.getuser() not in text
    assert text.count("withheld_sha256") == 2


def test_identities_list_only_what_has_an_id_for_a_name(world):
    (store.identities_home() / ".ana_ruiz.half-made").mkdir()
    (store.identities_home() / "Not An Id").mkdir()
    assert store.list_identities() == ["ana_ruiz"]
