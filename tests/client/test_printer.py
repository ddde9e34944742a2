"""What the command line says of events: lines, JSON objects, or bars on a terminal."""

from __future__ import annotations

import io
import json

import pytest

from likeness.cli.printer import Printer
from likeness.errors import ConsentError
from likeness.protocol.messages import EVENTS, Event, Outcome


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(*events: Event, as_json: bool = False, err: io.StringIO | None = None):
    out, err = io.StringIO(), err or io.StringIO()
    printer = Printer(out, err, as_json=as_json)
    for event in events:
        printer.event(event)
    printer.close()
    return out.getvalue(), err.getvalue()


RUN = (
    Event("plan", frames=3, path="out/a.####.exr"),
    Event("frame_started", frame=1),
    Event("frame_done", frame=1, path="out/a.1.exr", fraction=0.5),
    Event("frame_failed", frame=2, message="Frame 2 of sh1 is damaged."),
    Event("frame_skipped", frame=3, path="out/a.3.exr"),
    Event("log", message="A word."),
)


def test_off_a_terminal_each_frame_that_ends_is_a_plain_line_on_stderr():
    out, err = printed(*RUN)
    assert out == ""
    assert err.splitlines() == [
        "Frame 1 done: out/a.1.exr",
        "Frame 2 of sh1 is damaged.",
        "Frame 3 is there already: out/a.3.exr",
        "A word.",
    ]


def test_with_json_every_event_is_an_object_and_only_failures_and_words_are_on_stderr():
    out, err = printed(*RUN, as_json=True)
    rows = [json.loads(line) for line in out.splitlines()]
    assert rows[0] == {"event": "plan", "frames": 3, "path": "out/a.####.exr"}
    assert [row["event"] for row in rows] == [event.kind for event in RUN]
    assert err.splitlines() == ["Frame 2 of sh1 is damaged.", "A word."]


def test_on_a_terminal_the_frames_are_a_bar_and_failures_stand_above_it():
    pytest.importorskip("tqdm")
    _, err = printed(*RUN, err=Terminal())
    assert "frames: " in err
    assert "3/3" in err
    assert "Frame 2 of sh1 is damaged.\n" in err
    assert "Frame 1 done" not in err


def test_on_a_terminal_a_stage_without_frames_is_a_bar_in_percent():
    pytest.importorskip("tqdm")
    stages = [Event("progress", message="detect", fraction=part) for part in (0.1, 0.5, 1.0)]
    _, err = printed(*stages, err=Terminal())
    assert "detect" in err
    assert "100%" in err


def test_stages_that_go_on_share_a_bar_and_one_that_starts_anew_gets_its_own():
    pytest.importorskip("tqdm")
    parts = [("a.png", 0.3), ("b.png", 0.6), ("done", 1.0), ("model.whl", 0.2)]
    stages = [Event("progress", message=name, fraction=part) for name, part in parts]
    _, err = printed(*stages, err=Terminal())
    assert err.count("\n") == 2
    assert "done 100%" in err
    assert "model.whl" in err


def test_progress_of_unknown_size_draws_nothing():
    _, err = printed(Event("progress", message="model.whl"), err=Terminal())
    assert err == ""


def test_an_error_is_words_for_a_person_and_an_object_for_a_program():
    out, err = io.StringIO(), io.StringIO()
    printer = Printer(out, err, as_json=True)
    printer.failed(ConsentError("No consent covers this."))
    assert json.loads(out.getvalue()) == {
        "event": "error",
        "error": "ConsentError",
        "message": "No consent covers this.",
        "exit_code": 3,
    }
    assert err.getvalue() == "No consent covers this.\n"


def test_an_event_of_no_known_kind_is_refused():
    with pytest.raises(ValueError, match=f"one of {', '.join(EVENTS)}"):
        Event("frame_half_done")


def test_an_event_leaves_out_what_is_empty_but_not_what_is_zero():
    rows = Event("progress", frame=0, fraction=0.0).to_json()
    assert rows == {"event": "progress", "frame": 0, "fraction": 0.0}


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome([1, 2]), 0),
        (Outcome([1], {2: "damaged"}), 1),
        (Outcome([], {2: "no consent"}, exit_code=3), 3),
    ],
)
def test_an_outcome_has_the_exit_code_of_its_frames_unless_told(outcome, code):
    assert outcome.exit_code == code
    assert outcome.to_json()["exit_code"] == code
    assert json.loads(json.dumps(outcome.to_json()))["done"] == outcome.done
