"""Documents: what is written comes back; what is wrong is all said at once."""

from __future__ import annotations

import json
import math
import os
import stat
from dataclasses import dataclass, field
from typing import Any, ClassVar, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.documents.base import Document, canonical_json, write_text
from likeness.documents.card import Card, PypiSource, Source, Tensor, TrainingData
from likeness.documents.identity import Identity
from likeness.documents.request import Colour, Output, Plate, Request, Step
from likeness.documents.track import IRIS_POINTS, MESH_POINTS, Face, Track
from likeness.errors import FrameError, ParameterError

SHA = "ab" * 32


@dataclass(frozen=True)
class Leaf:
    name: str
    size: float = 1.0


@dataclass(frozen=True)
class Tree(Document):
    schema: ClassVar[str] = "likeness.tree.1"

    height: int
    leaf: Leaf = Leaf("first")
    leaves: tuple[Leaf, ...] = ()
    point: tuple[float, float] = (0.0, 0.0)
    by_year: dict[int, str] = field(default_factory=dict)
    note: Optional[str] = None
    tall: bool = False
    rest: dict[str, Any] = field(default_factory=dict)

    def problems(self) -> list[str]:
        return [] if self.height < 100 else [f"height is {self.height}; trees stay below 100."]


def problems_of(rows: dict[str, Any]) -> list[str]:
    with pytest.raises(ParameterError) as raised:
        Tree.from_json({"schema": "likeness.tree.1", **rows})
    return str(raised.value).splitlines()[1:]


def test_defaults_are_not_written():
    assert Tree(3).to_json() == {"schema": "likeness.tree.1", "height": 3}
    assert Tree(3, leaf=Leaf("x")).to_json()["leaf"] == {"name": "x"}


def test_what_differs_from_a_default_is_written_even_where_it_is_empty():
    rows = Tree(3, leaf=Leaf("", size=0.0)).to_json()
    assert rows["leaf"] == {"name": "", "size": 0.0}


def test_every_problem_of_a_document_is_said_in_one_error():
    said = problems_of(
        {
            "height": "tall",
            "leaves": [{"name": 1}, {"size": 2}, 7],
            "point": [1],
            "by_year": {"soon": "x"},
            "wood": "oak",
        }
    )
    assert said == [
        "wood is not known here.",
        "height is 'tall'; it must be a whole number.",
        "leaves[0].name is 1; it must be text.",
        "leaves[1].name is missing.",
        "leaves[2] is 7; it must be an object.",
        "point has 1 values; it must have 2.",
        "by_year has the key 'soon'; it must be a whole number.",
    ]


def test_an_unknown_key_does_not_hide_what_else_is_wrong():
    said = problems_of({"height": 400, "wood": "oak"})
    assert said == ["wood is not known here.", "height is 400; trees stay below 100."]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"height": 3.0}, "height is 3.0; it must be a whole number."),
        ({"height": True}, "height is True; it must be a whole number."),
        ({"height": None}, "height is None; it must be a whole number."),
        ({"height": 1, "tall": "yes"}, "tall is 'yes'; it must be true or false."),
        ({"height": 1, "note": 5}, "note is 5; it must be text."),
        ({"height": 1, "leaves": {}}, "leaves is {}; it must be a list."),
        ({"height": 1, "leaf": []}, "leaf is []; it must be an object."),
        ({"height": 1, "by_year": []}, "by_year is []; it must be an object."),
        ({"height": 1, "point": [0, math.nan]}, "point[1] is nan; it must be a number."),
        ({"height": 1, "point": [0, math.inf]}, "point[1] is inf; it must be a number."),
        ({"height": 1, "point": [0, True]}, "point[1] is True; it must be a number."),
        ({}, "height is missing."),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_its_place(rows, said):
    assert problems_of(rows) == [said]


def test_a_number_too_large_for_a_float_is_refused():
    (said,) = problems_of({"height": 1, "leaf": {"name": "x", "size": 10**400}})
    assert said.startswith("leaf.size is 1000") and said.endswith("...; it must be a number.")


def test_a_whole_number_serves_where_a_number_is_asked_for():
    tree = Tree.from_json({"schema": Tree.schema, "height": 1, "point": [1, 2]})
    assert tree.point == (1.0, 2.0)
    assert all(type(value) is float for value in tree.point)


def test_a_document_of_another_kind_is_refused_with_what_it_says():
    with pytest.raises(ParameterError, match=r'"likeness.tree.1"; it says \'likeness.track.1\''):
        Tree.from_json({"schema": "likeness.track.1"})
    with pytest.raises(ParameterError, match="it says 'list'"):
        Tree.from_json([])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 200_000, "is nested too deeply"),
        (
            b'{"schema": "likeness.tree.1", "height": 1, "height": 2}',
            "the key 'height' stands twice",
        ),
        (b"", "is not JSON"),
    ],
    ids=["broken", "not UTF-8", "bottomless", "a key twice", "empty"],
)
def test_a_file_that_is_no_document_is_named(tmp_path, content, said):
    path = tmp_path / "tree.json"
    path.write_bytes(content)
    with pytest.raises(ParameterError, match=said) as raised:
        Tree.load(path)
    assert str(path) in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ParameterError, match=r"none\.json cannot be read: No such file"):
        Tree.load(tmp_path / "none.json")


def test_a_file_with_a_byte_order_mark_reads(tmp_path):
    path = tmp_path / "tree.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(Tree(4).to_json()).encode())
    assert Tree.load(path) == Tree(4)


leaves = st.builds(Leaf, st.text(max_size=8), st.floats(allow_nan=False, allow_infinity=False))
trees = st.builds(
    Tree,
    height=st.integers(-(10**12), 99),
    leaf=leaves,
    leaves=st.lists(leaves, max_size=3).map(tuple),
    point=st.tuples(*[st.floats(-1e6, 1e6)] * 2),
    by_year=st.dictionaries(st.integers(-3000, 3000), st.text(max_size=8), max_size=3),
    note=st.none() | st.text(max_size=20),
    tall=st.booleans(),
    rest=st.dictionaries(
        st.text(max_size=4),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=4),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=8,
        ),
        max_size=3,
    ),
)


@given(trees)
def test_what_is_written_comes_back_the_same(tree):
    text = json.dumps(tree.to_json())
    assert Tree.from_json(json.loads(text)) == tree


@given(trees)
def test_a_saved_file_reads_as_the_same_data(tmp_path_factory, tree):
    path = tmp_path_factory.mktemp("trees") / "tree.json"
    tree.save(path)
    assert json.loads(path.read_text("utf-8")) == tree.to_json()
    assert Tree.load(path) == tree


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)
request_rows = st.fixed_dictionaries(
    {"schema": st.just("likeness.request.1")},
    optional=dict.fromkeys(
        ("plate", "steps", "output", "show", "shot", "colour", "track", "models"), json_values
    ),
)


@given(request_rows)
def test_no_json_makes_a_request_fail_in_any_other_way_than_with_its_problems(rows):
    try:
        request = Request.from_json(rows)
    except ParameterError as error:
        assert "problem" in str(error)
    else:
        assert Request.from_json(request.to_json()) == request


def face(name: str = "f1", points: int = MESH_POINTS + IRIS_POINTS) -> Face:
    mesh = tuple((float(i), i / 2, -i / 1000) for i in range(points))
    return Face(name, (0.0, 0.0, 477.0, 239.0), 0.9, mesh, (10.0, -2.0, 0.5), {"jaw": 0.25})


SAMPLES = [
    Request(
        plate=Plate("in/sh.####.exr", frames="1001-1010", layer="beauty", view="left"),
        steps=(
            Step("detect", "detect"),
            Step("swap", "swap", "detect", {"identity": "ana", "shape": {"keys": {"1001": 0.5}}}),
        ),
        output=Output("out/sh.####.exr", ("swap",), "zip", "half"),
        colour=Colour(plate_space="ACEScg"),
        models={"mesh": SHA},
        device="cpu",
    ),
    Track(frames={1001: (face(), face("f2")), 1002: ()}, main="f1", size_px=(640, 480)),
    Identity("ana", "c1", (SHA,), SHA, ((0.0, 0.5, 1.0),) * MESH_POINTS, {"mesh": SHA}),
    Card(
        id="mesh",
        title="A mesh net",
        role="mesh",
        source=Source(pypi=PypiSource("mediapipe", "0.10.21", "a/b.tflite")),
        sha256=SHA,
        licence="Apache-2.0",
        commercial_use=True,
        training_data=(TrainingData("faces", "unknown", "unknown"),),
        inputs=(Tensor("image", (1, 192, 192, 3), "0..1", "sRGB"),),
        outputs=(Tensor("points", (1, 1404), "px"),),
        convert="tflite",
    ),
]


@pytest.mark.parametrize("document", SAMPLES, ids=lambda document: document.schema)
def test_each_kind_of_document_survives_the_disk(tmp_path, document):
    path = tmp_path / "document.json"
    document.save(path)
    assert type(document).load(path) == document


def test_a_track_is_a_file_that_a_person_can_scroll_through(tmp_path):
    path = tmp_path / "track.json"
    Track(frames={frame: (face(),) for frame in range(10)}).save(path)
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) < 200
    assert sum('"mesh_px": [[0.0, 0.0, ' in line for line in lines) == 10


def test_a_track_says_which_face_lacks_points():
    rows = Track(frames={7: (face("f9", points=3),)}).to_json()
    with pytest.raises(ParameterError, match=r"frames\.7: face 'f9' has 3 mesh points"):
        Track.from_json(rows)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "tree.json"
    Tree(1).save(path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(FrameError, match=r"tree\.json cannot be written: No space left on device"):
        Tree(2).save(path)
    assert Tree.load(path) == Tree(1)
    assert [entry.name for entry in tmp_path.iterdir()] == ["tree.json"]


@pytest.mark.skipif(os.name != "posix", reason="rights are POSIX's")
def test_a_document_keeps_the_rights_of_the_umask_unless_it_is_its_owners_alone(tmp_path):
    before = os.umask(0o002)
    try:
        write_text(tmp_path / "shared", "x")
        write_text(tmp_path / "own", "x", owner_only=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o664
    assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o600


def test_digests_are_taken_of_one_byte_string():
    assert canonical_json({"b": [1, 2.5], "a": "é"}) == b'{"a":"\\u00e9","b":[1,2.5]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": math.nan})
