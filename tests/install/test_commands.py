"""The two commands: what they say to an old Python, and how they read their arguments."""

from __future__ import annotations

import ast
import io
import runpy
import subprocess
import sys

import pytest

import commands
import environment
import suite
from progress import Bar

MAIN = environment.ROOT / "install" / "__main__.py"


def record_scripts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """Note which scripts would be started, with which words, instead of starting them."""
    started: list[tuple[str, list[str]]] = []

    def note(verb: str, arguments: list[str]) -> int:
        started.append((verb, arguments))
        return 0

    monkeypatch.setattr(commands, "run_script", note)
    return started


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 9, 18)])
def test_an_old_python_is_refused_with_its_version_and_what_to_do(
    version: tuple[int, int, int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(MAIN))
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "this is Python " + ".".join(str(part) for part in version) in said
    assert "needs Python 3.10 or newer" in said
    assert "install demo" in said


@pytest.mark.parametrize("version", ["3.6", "3.9"])
def test_a_real_old_python_can_read_the_file_that_refuses_it(version: str) -> None:
    python = suite.find_python(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    done = subprocess.run([python, MAIN.parent, "demo"], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"needs Python 3.10 or newer" in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_first_file_uses_no_syntax_newer_than_the_pythons_it_refuses() -> None:
    tree = ast.parse(MAIN.read_text())
    new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.FunctionDef, ast.AsyncFunctionDef)
    assert not [node for node in ast.walk(tree) if isinstance(node, new)]


def test_what_the_test_command_does_not_know_goes_to_pytest_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started = record_scripts(monkeypatch)
    assert commands.main(["test", "--all", "-k", "lock", "tests/install", "-x"]) == 0
    assert started == [("test", ["--all", "-k", "lock", "tests/install", "-x"])]


def test_bench_passes_its_rows_on(monkeypatch: pytest.MonkeyPatch) -> None:
    started = record_scripts(monkeypatch)
    commands.main(["bench", "--rows", "io,mesh"])
    assert started == [("bench", ["--rows", "io,mesh"])]


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["demo", "--nonsense"]])
def test_wrong_usage_ends_with_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        commands.main(arguments)
    assert stopped.value.code == 2


def test_a_failure_is_one_message_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> int:
        raise environment.InstallError("The disk is full. Free 3 GB.")

    monkeypatch.setattr(commands, "run_script", fail)
    assert commands.main(["demo"]) == 1
    assert capsys.readouterr().err.strip() == "The disk is full. Free 3 GB."


def test_the_bar_says_how_far_it_is_and_on_what() -> None:
    out = io.StringIO()
    with Bar("Environment", 4, out=out) as bar:
        bar.step("numpy")
        bar.step("av")
        assert bar.line().startswith("Environment [##############--------------] 2/4 00:00 av")
        bar.step("ready", done=9)
    assert out.getvalue().endswith("4/4 00:00 ready\n")


def test_the_summary_of_the_matrix_has_one_line_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [
        suite.Run("all tests, Python 3.11", "passed", 301.4),
        suite.Run("client, Python 3.9", "failed (exit 1)", 9.6),
        suite.Run("client, Python 3.13", "not found"),
    ]
    suite.print_summary(runs)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "Summary",
        "  all tests, Python 3.11  passed            301 s",
        "  client, Python 3.9      failed (exit 1)    10 s",
        "  client, Python 3.13     not found",
    ]
