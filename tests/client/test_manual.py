"""The manual and every --help are what the declarations and the parsers say, on every Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import likeness
from likeness.cli.main import VERBS, main, make_parser, verb_parser
from likeness.cli.parser import actions_of
from likeness.nodes import NODES
from likeness.project.manual import manual_folder, pages, write_manual

ACTIONS = [(verb, action) for verb in VERBS for action in actions_of(verb_parser(verb)[0])]


def help_of(words, capsys, monkeypatch) -> str:
    monkeypatch.setenv("COLUMNS", "100")
    assert main([*words, "--help"]) == 0
    return capsys.readouterr().out


def run_python(code, *options) -> subprocess.CompletedProcess:
    """Run code in a fresh Python, where nothing is loaded yet."""
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(likeness.__file__).parents[1])},
    )


@pytest.mark.parametrize("name", ["nodes.md", "command-line.md"])
def test_the_manual_is_what_is_declared(name, golden):
    golden(manual_folder() / name, pages()[name])


def test_the_manual_has_a_section_for_every_node_and_every_verb():
    made = pages()
    for node in NODES:
        assert f"## {node.label}\n" in made["nodes.md"]
    for verb in VERBS:
        assert f"## likeness {verb}\n" in made["command-line.md"]


def test_writing_the_manual_writes_every_page(tmp_path, monkeypatch):
    monkeypatch.setattr("likeness.project.manual.install_root", lambda: tmp_path)
    assert [path.name for path in write_manual()] == ["nodes.md", "command-line.md"]
    assert (tmp_path / "docs" / "manual" / "nodes.md").read_text("utf-8") == pages()["nodes.md"]


def test_the_help_of_likeness_lists_the_verbs(capsys, monkeypatch, golden):
    golden("help/likeness.txt", help_of([], capsys, monkeypatch))


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_is_as_reviewed(verb, capsys, monkeypatch, golden):
    golden(f"help/{verb}.txt", help_of([verb], capsys, monkeypatch))


@pytest.mark.parametrize(("verb", "action"), ACTIONS, ids=lambda word: word)
def test_the_help_of_an_action_is_as_reviewed(verb, action, capsys, monkeypatch, golden):
    golden(f"help/{verb}-{action}.txt", help_of([verb, action], capsys, monkeypatch))


def test_every_parser_keeps_within_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    parsers = [make_parser(), *(verb_parser(verb)[0] for verb in VERBS)]
    for parser in parsers:
        *_, options = parser.format_help().partition("options:\n")
        body = options.split("\n\n")[0]
        assert max(map(len, body.splitlines())) <= 80


@pytest.mark.parametrize("words", [["--help"], ["swap", "--help"], ["detect", "--help"]])
def test_help_loads_neither_the_core_nor_anything_outside_the_standard_library(words):
    """What makes `--help` answer at once is what it does not import, so that is what is held."""
    done = run_python(f"from likeness.cli.main import main; main({words!r})", "-X", "importtime")
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    tops = {name.partition(".")[0] for name in loaded}
    assert "likeness" in tops  # the list was read
    assert not tops & {"likeness_engine", "numpy", "cv2", "tqdm", "OpenEXR", "onnxruntime"}
    assert not loaded & {"asyncio", "logging", "urllib.request", "http.client", "multiprocessing"}


def test_the_list_of_verbs_loads_no_verb():
    code = (
        "import sys; from likeness.cli.main import main; main(['--help']);"
        "print([n for n in sys.modules if n.startswith('likeness.nodes')], file=sys.stderr)"
    )
    done = run_python(code)
    assert done.stderr.strip() == "[]"
