"""Many shots from a table: what fails, fails alone."""

from __future__ import annotations

import os
from pathlib import Path

PLATE = "{plate}"


def table(shell, *rows: str, header="plate,identity,out,frames,show,shot,blend_mix") -> str:
    lines = [header, *rows]
    text = "\n".join(lines).replace(PLATE, shell.studio.plate) + "\n"
    with open("shots.csv", "w", encoding="utf-8") as file:
        file.write(text)
    return "shots.csv"


def test_one_bad_shot_does_not_stop_the_rest(shell):
    shots = table(
        shell,
        "{plate},ada,one,1001,PRJ,sh1,",
        "none.####.exr,ada,two,,PRJ,sh2,",
        "{plate},ada,three,1002-1003,PRJ,sh3,0.5",
    )
    code, out, err = shell.run("batch", shots)
    assert code == 1
    assert out.splitlines()[-4:] == [
        "ok      sh1  1 frame done",
        "FAILED  sh2  none.####.exr: there is no such frame on disk. Check the path.",
        "ok      sh3  2 frames done",
        "2 of 3 shots done.",
    ]
    assert "[2/3] sh2" in err
    assert Path("three/sh_likeness.1003.exr").exists()


def test_a_refused_shot_gives_the_batch_its_exit_code(shell):
    shots = table(
        shell, "{plate},ada_old,one,1001,PRJ,sh1,", "{plate},ada,two,1001,PRJ,sh2,",
    )  # fmt: skip
    code, rows = shell.rows("batch", shots)
    assert code == 3
    assert [row["shot"] for row in rows if row["event"] == "shot"] == ["sh1", "sh2"]
    (error,) = [row for row in rows if row["event"] == "error"]
    assert (error["error"], error["exit_code"]) == ("ConsentError", 3)
    assert rows[-1] == {"event": "batch", "shots": 2, "done": 1, "exit_code": 3}
    assert not Path("one").exists()
    assert Path("two/sh_likeness.1001.exr").exists()


def test_a_shot_of_an_unknown_identity_has_failed_and_is_no_wrong_usage(shell):
    code, out, _ = shell.run("batch", table(shell, "{plate},bo,one,1001,PRJ,sh1,"))
    assert code == 1
    assert "FAILED  sh1  There is no identity 'bo'" in out


def test_nothing_runs_while_the_table_has_problems(shell):
    shots = table(
        shell, "{plate},ada,one,1001,PRJ,sh1,", "{plate},,two,1001,PRJ,sh2,9",
    )  # fmt: skip
    code, out, err = shell.run("batch", shots)
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "shots.csv has 2 problems; nothing was run:",
        "line 3: identity is missing.",
        "line 3: blend_mix is 9.0; it must lie between 0.0 and 1.0.",
    ]
    assert not Path("one").exists()


def test_a_batch_resumes(shell):
    shots = table(shell, "{plate},ada,one,1001-1002,PRJ,sh1,")
    assert shell.run("batch", shots)[0] == 0
    os.unlink("one/sh_likeness.1002.exr")
    code, out, _ = shell.run("batch", shots, "--resume")
    assert code == 0
    assert "ok      sh1  1 frame done, 1 already there" in out
