"""The command line as a process: what is on stdout, what a fault leaves, who reads on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from likeness.cli.main import main


def run(*words: object, **how) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "likeness.cli.main", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, **how)


def test_with_json_stdout_holds_one_object_a_line_and_nothing_else(shell):
    done = run("swap", shell.studio.plate, "--identity", "ada", "-o", "out", "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [row["event"] for row in rows]
    assert kinds.count("frame_done") == 4
    assert kinds[-1] == "outcome"
    assert rows[-1]["done"] == [1001, 1002, 1003, 1004]
    assert "Frame" not in done.stderr


def test_what_a_library_prints_does_not_reach_the_json(tmp_path):
    code = (
        "import os\n"
        "from likeness.cli.printer import open_printer\n"
        "with open_printer(as_json=True) as printer:\n"
        "    print('from Python')\n"
        "    os.write(1, b'from C')\n"
        "    printer.row('frame', frame=1)\n"
        "    printer.say('for people')\n"
        "print('after')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == '{"event": "frame", "frame": 1}\nafter\n'
    assert "from C" in done.stderr
    assert "from Python" in done.stderr
    assert "for people" not in done.stderr


def test_a_fault_of_our_own_is_one_line_and_a_log_with_the_traceback(
    likeness_home, monkeypatch, capsys
):
    def faulty(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("likeness.cli.doctor.run", faulty)
    assert main(["doctor"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    (log,) = (likeness_home / "logs").iterdir()
    assert line == (
        "Likeness stopped on a fault of its own: ZeroDivisionError: division by zero. "
        f"Send {log} with your report."
    )
    assert "in faulty" in log.read_text("utf-8")


def test_a_core_that_cannot_be_loaded_is_said_with_its_cure(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "likeness_engine.doctor", None)
    assert main(["doctor"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("The core cannot be loaded: ")
    assert "`python3 install demo`" in said


def test_a_reader_that_leaves_early_is_no_fault(tmp_path):
    command = f"{sys.executable} -m likeness.cli.main models list --json | true"
    done = subprocess.run(
        ["bash", "-c", f"{command}; echo ${{PIPESTATUS[0]}}"], capture_output=True, text=True
    )
    assert done.stdout.strip() in ("0", "1")  # 0 where all was written before the reader left
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["swp"], "There is no verb 'swp'; known are"),
        (["swp"], "Did you mean swap?"),
        (["--verbose"], "The following arguments are required: VERB"),
        (["identity"], "The following arguments are required: ACTION"),
        (["identity", "ad"], "invalid choice: 'ad'"),
        (["models", "show", "none"], "There is no model 'none'"),
    ],
)
def test_words_that_are_no_command_exit_2_with_a_hint(words, said, capsys):
    assert main(words) == 2
    assert said in capsys.readouterr().err


def test_no_words_at_all_show_the_help(capsys):
    assert main([]) == 2
    assert "verbs:" in capsys.readouterr().err


def test_the_version_is_said(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("likeness 0.")


def test_the_models_are_listed_checked_and_shown(capsys):
    assert main(["models", "list", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    default = {row["id"] for row in rows if row["default"]}
    assert "mediapipe-face-mesh" in default
    assert main(["models", "check", *sorted(default)]) == 0
    assert capsys.readouterr().out.count("as its card says") == len(default)
    assert main(["models", "show", "mediapipe-face-mesh"]) == 0
    assert "Apache-2.0" in capsys.readouterr().out
    assert main(["models", "show", "mediapipe-face-mesh", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["licence"] == "Apache-2.0"


def test_fetching_models_that_are_there_fetches_nothing(capsys):
    if main(["models", "check", "mediapipe-face-mesh"]) != 0:
        pytest.skip("the weights are not on this machine")
    capsys.readouterr()
    assert main(["models", "fetch", "mediapipe-face-mesh", "--json"]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["id"], row["fetched"]) == ("mediapipe-face-mesh", False)


def test_the_doctor_says_a_line_a_check(likeness_home, capsys):
    code = main(["doctor", "--json"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"Python", "state folder", "clock"} <= {row["name"] for row in rows}
    assert code == (0 if all(row["ok"] for row in rows if row["needed"]) else 1)
    main(["doctor"])
    assert "state folder" in capsys.readouterr().out
