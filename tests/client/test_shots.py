"""A shot as a person says it becomes a request; a table says all its problems before the run."""

from __future__ import annotations

import json

import pytest

from likeness.errors import ParameterError
from likeness.project.shot import output_pattern, plate_name, swap_request
from likeness.project.table import read_table

SHOT = {"plate": "in/sh010.####.exr", "out": "out", "identity": "ana"}


def test_the_least_a_person_must_say_makes_a_whole_request():
    assert swap_request(SHOT).to_json() == {
        "schema": "likeness.request.1",
        "plate": {"pattern": "in/sh010.####.exr"},
        "steps": [
            {"name": "detect", "node": "detect"},
            {"name": "swap", "node": "swap", "plate": "detect", "parameters": {"identity": "ana"}},
            {"name": "blend", "node": "blend", "plate": "swap"},
        ],
        "output": {"pattern": "out/sh010_likeness.####.exr"},
        "shot": "sh010",
    }


def test_every_field_finds_its_place_in_the_request():
    request = swap_request(
        {
            **SHOT,
            "frames": "1001-1010",
            "show": "PRJ",
            "shot": "sh010",
            "layer": "beauty",
            "view": "left",
            "config": "show.ocio",
            "plate_space": "ARRI LogC4",
            "layers": "swap, face_matte",
            "compression": "dwaa",
            "pixel_type": "float",
            "device": "cpu",
            "blend_mix": "0.5",
        }
    )
    assert (request.show, request.shot, request.device) == ("PRJ", "sh010", "cpu")
    assert (request.plate.frames, request.plate.layer, request.plate.view) == (
        ("1001-1010", "beauty", "left")
    )
    assert (request.colour.config, request.colour.plate_space) == ("show.ocio", "ARRI LogC4")
    assert request.output.layers == ("swap", "face_matte")
    assert (request.output.compression, request.output.pixel_type) == ("dwaa", "float")
    assert request.steps[2].parameters == {"mix": 0.5}


def test_with_a_track_nothing_is_detected():
    request = swap_request({**SHOT, "track": "sh010.track.json"})
    assert [step.node for step in request.steps] == ["swap", "blend"]
    assert request.steps[0].plate == ""


def test_an_overlay_that_is_asked_for_as_a_layer_is_drawn():
    for track in ({}, {"track": "sh010.track.json"}):
        request = swap_request({**SHOT, **track, "layers": "face_mesh"})
        assert request.steps[0].parameters == {"draw_mesh": True}
        assert [step.node for step in request.steps] == ["detect", "swap", "blend"]


def test_flags_of_detect_beside_a_track_are_refused_because_they_would_do_nothing():
    with pytest.raises(ParameterError, match="With a track nothing is detected"):
        swap_request({**SHOT, "track": "t.json", "detect_score": "0.4"})


def test_all_problems_of_a_shot_are_said_at_once():
    with pytest.raises(ParameterError) as raised:
        swap_request(
            {"plate": "in/sh.####.exr", "out": "o.exr", "shape": "9", "device": "x", "layers": "a"}
        )
    assert str(raised.value).splitlines() == [
        "identity is missing.",
        "--shape is 9.0; it must lie between 0.0 and 1.0.",
        "o.exr names one file, but in/sh.####.exr has many frames. Write it as o.####.exr.",
        "device is 'x'; it must be auto, cpu or cuda.",
        "output.layers has 'a'; the steps make face_box, face_mesh, swap, face_matte.",
    ]


@pytest.mark.parametrize(
    ("out", "plate", "pattern"),
    [
        ("o/r.####.exr", "a.####.exr", "o/r.####.exr"),
        ("o/r.%04d.exr", "a.####.exr", "o/r.%04d.exr"),
        ("o/r.$F4.EXR", "a.####.exr", "o/r.$F4.EXR"),
        ("o", "in/a.####.exr", "o/a_likeness.####.exr"),
        ("o/", "in/a.%06d.dpx", "o/a_likeness.####.exr"),
        ("o.v002", "in/a.mov", "o.v002/a_likeness.####.exr"),
        ("/", "in/a.####.exr", "/a_likeness.####.exr"),
        ("o/one.exr", "photo.png", "o/one.exr"),
    ],
)
def test_a_folder_or_a_pattern_says_where_results_go(out, plate, pattern):
    assert output_pattern(out, plate) == pattern


@pytest.mark.parametrize(
    ("out", "plate", "said"),
    [
        ("o/r.exr", "a.####.exr", r"Write it as o/r\.####\.exr"),
        ("o/r.exr", "a.mov", "names one file"),
        ("o/r.####.png", "a.####.exr", "results are written as EXR"),
        ("o/r.mov", "a.mov", "results are written as EXR"),
    ],
)
def test_an_output_that_cannot_hold_the_results_is_refused(out, plate, said):
    with pytest.raises(ParameterError, match=said):
        output_pattern(out, plate)


@pytest.mark.parametrize(
    ("plate", "name"),
    [
        ("in/sh010.####.exr", "sh010"),
        ("in/sh010_%04d.exr", "sh010"),
        ("in/sh010_v003.$F4.exr", "sh010_v003"),
        ("in/sh010.1001.exr", "sh010"),
        ("in/sh010.####.left.exr", "sh010..left"),
        ("in/a.10.mov", "a.10"),
        ("in/####.exr", "in"),
        ("####.exr", "plate"),
    ],
)
def test_a_plate_has_a_name_without_number_and_ending(plate, name):
    assert plate_name(plate) == name


def written(folder, words, name="shots.csv"):
    path = folder / name
    path.write_bytes(words.encode("utf-8"))
    return path


def test_a_table_of_shots_reads_row_by_row(tmp_path):
    path = written(
        tmp_path,
        "plate,identity,out,frames,show,shot,blend_mix\n"
        "a.####.exr,ana,oa,1-5,PRJ,sh1,0.5\n"
        "\n"
        "b.####.exr,bob,ob,,PRJ,sh2,\n",
    )
    first, second = read_table(path)
    assert (first.where, second.where) == ("line 2", "line 4")
    assert (first.request.shot, first.request.plate.frames) == ("sh1", "1-5")
    assert first.request.steps[2].parameters == {"mix": 0.5}
    assert second.request == swap_request(
        {"plate": "b.####.exr", "identity": "bob", "out": "ob", "show": "PRJ", "shot": "sh2"}
    )


def test_a_spreadsheet_may_write_a_byte_order_mark_semicolons_and_dashes(tmp_path):
    path = written(tmp_path, "\ufeffplate;identity;out;blend-mix\r\na.####.exr;ana;o;0.5\r\n")
    (row,) = read_table(path)
    assert row.request.steps[2].parameters == {"mix": 0.5}


def test_a_json_table_keeps_types_and_keyframes(tmp_path):
    keys = {"keys": {"1": 0.0, "9": 1.0}}
    rows = [{**SHOT, "blend_mix": keys, "layers": ["swap"], "shot": None}]
    (row,) = read_table(written(tmp_path, json.dumps(rows), "shots.json"))
    assert row.request.steps[2].parameters == {"mix": keys}
    assert row.request.output.layers == ("swap",)
    assert row.where == "shot 1"


def test_every_problem_of_a_table_is_said_with_its_line(tmp_path):
    path = written(
        tmp_path,
        "plate,identity,out,blend_mix,wand,out\n"
        "a.####.exr,ana,same,0.5,,same\n"
        "b.####.exr,,ob,7,oak,ob\n"
        "a.####.exr,bob,same,,,same\n"
        "c.####.exr,bob,oc,,,oc,,more\n",
    )
    with pytest.raises(ParameterError) as raised:
        read_table(path)
    head, *said = str(raised.value).splitlines()
    assert head == f"{path} has 6 problems; nothing was run:"
    assert said == [
        "line 1: there is no column 'wand'.",
        "line 1: the column 'out' stands twice.",
        "line 3: identity is missing.",
        "line 3: blend_mix is 7.0; it must lie between 0.0 and 1.0.",
        "line 4: writes same/a_likeness.####.exr, as line 2 does.",
        "line 5: has cells to the right of the last column.",
    ]


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("shots.txt", "", r"must be a \.csv or a \.json file"),
        ("shots.csv", "plate,identity,out\n", "has no shots"),
        ("shots.csv", "", "has no shots"),
        ("shots.json", "{}", "must be a list of shots"),
        ("shots.json", "[1]", "must be a list of shots"),
        ("shots.json", "[", "is not JSON"),
    ],
)
def test_a_file_that_is_no_table_is_named(tmp_path, name, words, said):
    path = written(tmp_path, words, name)
    with pytest.raises(ParameterError, match=said) as raised:
        read_table(path)
    assert str(path) in str(raised.value)


def test_a_table_that_is_missing_or_not_utf8_is_named(tmp_path):
    with pytest.raises(ParameterError, match="cannot be read: No such file"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes("plate,é\n".encode("latin-1"))
    with pytest.raises(ParameterError, match="Save it as CSV UTF-8"):
        read_table(tmp_path / "latin.csv")
