"""One shot by the command line, from the plate to the verified frame."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from likeness.cli.printer import Printer
from likeness.documents.request import Request
from likeness.documents.track import Track
from likeness_engine.io.files import read_frame

FRAMES = [1001, 1002, 1003, 1004]


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def results(prefix="sh_likeness", frames=FRAMES) -> list[str]:
    return [f"{prefix}.{frame}.exr" for frame in frames]


def test_detect_writes_a_track_and_says_whom_it_found(shell):
    code, out, _ = shell.run("detect", shell.studio.plate, "-o", "sh.track.json")
    track = Track.load("sh.track.json")
    assert code == 0
    assert sorted(track.frames) == FRAMES
    assert {len(faces) for faces in track.frames.values()} == {1}
    assert out.startswith("sh.track.json: 4 frames, 1 face\n")
    assert f"{track.main}: in 4 frames, the main one" in out


def test_detect_takes_a_part_of_the_frames_and_its_own_flags(shell):
    words = ("detect", shell.studio.plate, "-o", "t.json", "--frames", "1002-1003")
    code, rows = shell.rows(*words, "--smallest-face-px", "2000")
    assert code == 0
    assert rows[-1] == {
        "event": "track",
        "path": "t.json",
        "frames": 2,
        "faces": {},
        "main": "",
        "empty": [1002, 1003],
    }
    assert sorted(Track.load("t.json").frames) == [1002, 1003]


def test_identities_are_listed_and_shown(shell):
    assert shell.run("identity", "list")[:2] == (
        0,
        "ada: 1 photo, consent c_ada\nada_old: 1 photo, consent c_ada_old\n",
    )
    code, (row,) = shell.rows("identity", "show", "ada")
    assert code == 0
    assert (row["event"], row["id"], row["consent"]) == ("identity", "ada", "c_ada")
    assert "geometry" not in row


def test_an_identity_that_was_edited_is_listed_as_unusable(shell):
    home = os.environ["LIKENESS_HOME"]
    path = f"{home}/identities/ada/identity.json"
    with open(path, encoding="utf-8") as file:
        words = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(words.replace("c_ada", "c_bo"))
    code, out, _ = shell.run("identity", "list")
    assert code == 4
    assert out.startswith("ada: cannot be used: ")


def test_swap_puts_signed_frames_into_a_folder(shell):
    code, out, err = shell.swap()
    assert code == 0
    assert out == "sh: 4 frames done -> out/sh_likeness.####.exr\n"
    assert "Frame 1003 done: out/sh_likeness.1003.exr" in err
    assert set(results()) <= set(names(shell.folder / "out"))
    code, out, _ = shell.run("verify", "out")
    assert code == 0
    assert out.splitlines()[-1] == "4 frames: 4 valid"


def test_swap_changes_the_face_and_no_sample_of_the_corners(shell):
    shell.swap("--frames", "1002")
    plate = read_frame(shell.studio.folder / "sh.1002.exr").read_rgb()
    result = read_frame(shell.folder / "out" / "sh_likeness.1002.exr").read_rgb()
    assert np.array_equal(plate[:40], result[:40])
    face = np.s_[110:170, 105:150]
    assert np.abs(plate[face] - result[face]).mean() > 0.01


def test_swap_takes_a_track_and_a_pattern_and_adds_layers(shell):
    shell.run("detect", shell.studio.plate, "-o", "t.json")
    code, _, _ = shell.swap("--track", "t.json", "--layers", "swap,face_matte", out="o/r.####.exr")
    assert code == 0
    assert names(shell.folder / "o") == results("r")
    channels = {name for part in read_frame("o/r.1001.exr").parts for name in part.channels}
    assert {"R", "G", "B", "swap.R", "swap.A", "face_matte.A"} <= channels


def test_a_mix_of_zero_leaves_every_sample_of_the_plate(shell):
    assert shell.swap("--blend-mix", "0", "--frames", "1001")[0] == 0
    plate = read_frame(shell.studio.folder / "sh.1001.exr").read_rgb()
    assert np.array_equal(plate, read_frame("out/sh_likeness.1001.exr").read_rgb())


def test_a_saved_request_runs_to_the_same_samples(shell):
    assert shell.swap("--save-request", "r.json", "--show", "PRJ", "--shot", "sh1")[0] == 0
    first = [read_frame(f"out/{name}").read_rgb() for name in results()]
    request = Request.load("r.json")
    assert (request.show, request.shot) == ("PRJ", "sh1")
    shutil.rmtree("out")
    assert shell.run("run", "r.json", "--frames", "1003")[0] == 0
    assert shell.run("run", "r.json", "--frames", "1001-1002,1004")[0] == 0
    again = [read_frame(f"out/{name}").read_rgb() for name in results()]
    for one, other in zip(first, again):
        assert np.array_equal(one, other)


def test_a_damaged_frame_fails_alone_and_resume_mends_it(shell):
    plate = shell.own_plate()
    damaged = plate.replace("####", "1002")
    with open(damaged, "rb+") as file:
        file.truncate(3000)
    code, out, err = shell.swap("--save-request", "r.json", plate=plate)
    assert code == 1
    assert out == "sh: 3 frames done, 1 failed -> out/sh_likeness.####.exr\n"
    assert damaged in err
    assert "Failed: 1002. Mend what is said above, then add --resume." in err
    assert "Traceback" not in err
    made = [name for name in names(shell.folder / "out") if name.endswith(".exr")]
    assert made == results(frames=[1001, 1003, 1004])

    shutil.copy(shell.studio.folder / "sh.1002.exr", damaged)
    code, rows = shell.rows("run", "r.json", "--resume")
    assert code == 0
    assert 1002 in rows[-1]["done"]
    code, rows = shell.rows("run", "r.json", "--resume")
    assert (code, rows[-1]["done"], rows[-1]["skipped"]) == (0, [], FRAMES)


def test_missing_frames_are_all_said_before_the_run(shell):
    plate = shell.own_plate()
    for frame in (1002, 1003):
        os.unlink(plate.replace("####", str(frame)))
    code, _, err = shell.swap("--frames", "1001-1006", plate=plate)
    assert code == 1
    assert "4 of 6 frames are missing or empty: 1002-1003,1005-1006" in err
    assert not Path("out").exists()


def test_a_show_that_the_consent_does_not_cover_is_refused_before_any_pixel(shell):
    code, rows = shell.rows("swap", shell.studio.plate, "--identity", "ada_old", "-o", "out")
    (row,) = rows
    assert code == row["exit_code"] == 3
    assert row["error"] == "ConsentError"
    assert 'No consent covers "swap" for "ada_old" in the show "show"' in row["message"]
    assert names(shell.folder) == []
    assert shell.run("swap", shell.studio.plate, "--identity", "ada_old", "-o", "out",
                     "--show", "OLD", "--frames", "1001")[0] == 0  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--identity", "bo", "-o", "out"], "There is no identity 'bo'"),
        (["--identity", "ada"], "The following arguments are required: -o/--out"),
        (["-o", "out"], "The following arguments are required: --identity"),
        (["--identity", "ada", "-o", "out.exr"], "Write it as out.####.exr"),
        (["--identity", "ada", "-o", "out", "--frames", "x"], "Write 1001-1010,1020-1030x2."),
        (["--identity", "ada", "-o", "out", "--blend-mix", "7"], "--blend-mix is 7.0; it must"),
        (["--identity", "ada", "-o", "out", "--track", "none.json"], "none.json cannot be read"),
        (["--identity", "ada", "-o", "out", "--wand"], "Unrecognized arguments: --wand"),
    ],
)
def test_wrong_usage_is_said_in_words_and_exits_2(shell, words, said):
    code, out, err = shell.run("swap", shell.studio.plate, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_plate_that_is_not_there_is_named(shell):
    code, _, err = shell.swap(plate="none.####.exr")
    assert code == 1
    assert "none.####.exr: there is no such frame on disk" in err


def test_a_request_that_is_none_lists_its_problems(shell):
    with open("r.json", "w", encoding="utf-8") as file:
        json.dump({"schema": "likeness.request.1", "steps": [{"name": "a"}], "plate": 1}, file)
    code, _, err = shell.run("run", "r.json")
    assert code == 2
    assert err.splitlines()[0] == "r.json has 3 problems:"


def test_verify_tells_a_signed_frame_from_a_changed_a_forged_and_a_bare_one(shell):
    shell.swap("--frames", "1001-1002")
    with open("out/sh_likeness.1001.exr", "rb") as file:
        signed = file.read()
    at = signed.index(b'"payload"') + 30
    with open("forged.exr", "wb") as file:
        file.write(signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :])
    shutil.copy(shell.studio.folder / "sh.1001.exr", "bare.exr")
    (shell.folder / "broken.exr").write_bytes(b"")
    code, rows = shell.rows(
        "verify", "out/sh_likeness.1001.exr", "forged.exr", "bare.exr", "broken.exr"
    )
    assert code == 4
    states = [row["state"] for row in rows if row["event"] == "frame"]
    assert states == ["valid", "bad-signature", "unsigned", "unreadable"]
    assert rows[-1]["all_valid"] is False
    assert shell.run("verify", "out/sh_likeness.####.exr")[0] == 0


def test_verify_of_a_path_that_names_nothing_is_wrong_usage(shell):
    code, _, err = shell.run("verify", "none.####.exr")
    assert code == 2
    assert "There is no EXR file at none.####.exr" in err


def interrupt_at(monkeypatch, frame: int, act) -> None:
    """Make a run be stopped from outside while it tells that a frame is done."""
    tell = Printer.event

    def event(self, event):
        tell(self, event)
        if event.kind == "frame_done" and event.frame == frame:
            act()

    monkeypatch.setattr(Printer, "event", event)


def press_ctrl_c() -> None:
    raise KeyboardInterrupt


def send_sigterm() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize(("act", "code"), [(press_ctrl_c, 130), (send_sigterm, 143)])
def test_a_run_that_is_stopped_leaves_whole_frames_and_nothing_else(shell, monkeypatch, act, code):
    interrupt_at(monkeypatch, 1002, act)
    got, _, err = shell.swap()
    assert got == code
    assert "Stopped." in err
    assert "Traceback" not in err
    made = names(shell.folder / "out")
    assert not [name for name in made if name.startswith(".")]
    assert shell.run("verify", "out")[0] == 0
    monkeypatch.undo()
