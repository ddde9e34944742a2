"""Flags are a projection: ranges, defaults and words come from the declarations alone."""

from __future__ import annotations

import argparse

import pytest

from likeness.nodes import NODES, Blend, Detect, Swap
from likeness.project.flags import add_flags, flags_of, read_flags

FLAGS = flags_of((Swap, Blend, Detect), own="swap")


def parsed(*words: str) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    add_flags(parser, FLAGS)
    return {n: v for n, v in vars(parser.parse_args(words)).items() if v is not None}


def test_every_parameter_of_every_node_has_one_flag():
    assert len(FLAGS) == sum(len(node.parameters()) for node in NODES)
    assert len({flag.name for flag in FLAGS}) == len(FLAGS)


def test_only_the_verbs_own_node_carries_no_prefix():
    names = {(flag.node, flag.field): flag.name for flag in FLAGS}
    assert names[Swap, "method"] == "method"
    assert names[Blend, "method"] == "blend-method"
    assert names[Detect, "smallest_face_px"] == "detect-smallest-face-px"


def test_a_flag_says_range_unit_and_default_as_declared():
    words = {flag.name: flag.words for flag in FLAGS}
    declared = Detect.parameters()["smallest_face_px"]
    assert words["detect-smallest-face-px"] == (
        f"{declared.words} From {declared.low} to {declared.high} px; default {declared.default}."
    )
    assert words["blend-method"].endswith(f"Default: {Blend().method}.")
    assert words["detect-draw-box"].endswith("Default: off.")
    assert words["blend-holdout"] == Blend.parameters()["holdout"].words


def test_a_percent_sign_in_a_unit_does_not_break_the_help():
    parser = argparse.ArgumentParser()
    add_flags(parser, FLAGS)
    assert "% of face width" in " ".join(parser.format_help().split())


def test_a_flag_that_is_not_given_stays_out_of_the_request():
    assert read_flags(FLAGS, parsed("--identity", "ana"), []) == {"swap": {"identity": "ana"}}


def test_given_flags_become_parameters_of_their_nodes():
    problems: list[str] = []
    words = ["--identity", "ana", "--shape", "0.25", "--blend-erode", "-3", "--detect-draw-box"]
    words += ["--detect-most-faces", "4", "--no-detect-draw-mesh"]
    assert read_flags(FLAGS, parsed(*words), problems) == {
        "swap": {"identity": "ana", "shape": 0.25},
        "blend": {"erode": -3.0},
        "detect": {"draw_box": True, "draw_mesh": False, "most_faces": 4},
    }
    assert problems == []


def test_all_flags_that_do_not_fit_are_named_at_once_as_the_person_wrote_them():
    problems: list[str] = []
    given = {"shape": "1.5", "blend_method": "magic", "detect_most_faces": "4.5", "eyes": "plate"}
    read_flags(FLAGS, given, problems)
    assert problems == [
        "--shape is 1.5; it must lie between 0.0 and 1.0.",
        "--blend-method is 'magic'; it must be one of multiband, gradient, over.",
        "--detect-most-faces is '4.5'; it must be a whole number.",
    ]


@pytest.mark.parametrize(
    ("words", "value"),
    [("on", True), ("Yes", True), ("1", True), ("off", False), ("FALSE", False), ("0", False)],
)
def test_a_switch_in_a_table_reads_as_people_write_it(words, value):
    assert read_flags(FLAGS, {"detect_draw_box": words}, []) == {"detect": {"draw_box": value}}


def test_a_switch_that_is_neither_on_nor_off_is_refused():
    problems: list[str] = []
    read_flags(FLAGS, {"detect_draw_box": "maybe"}, problems, dashes=False)
    assert problems == ["detect_draw_box is 'maybe'; it must be true or false."]


def test_values_of_a_json_table_keep_their_types():
    keys = {"keys": {"1": 0.0}}
    given = {"detect_draw_box": True, "blend_feather": 4, "shape": keys}
    problems: list[str] = []
    read = read_flags(FLAGS, given, problems)
    assert read["detect"] == {"draw_box": True}
    assert read["blend"] == {"feather": 4}
