"""What the client may import, and when: it must load in any host, and do nothing while it loads."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import likeness

CLIENT = Path(likeness.__file__).parent
PLUGIN = CLIENT.parent
ENGINE = PLUGIN / "likeness_engine"
HOSTS = {"nuke", "nukescripts", "bpy", "PySide2", "PySide6", "hou"}
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
# tqdm draws the bars of the command line, which runs in the core's environment; see progress.py.
LENT = {("cli/progress.py", "tqdm")}

# From where to where an import may point inside the client; a folder may always use its own.
ARROWS = {
    "errors.py": set(),
    "__init__.py": set(),
    "places.py": set(),
    "nodes": {"errors"},
    "documents": {"errors", "nodes"},
    "protocol": {"errors", "nodes", "documents"},
    "project": {"errors", "nodes", "documents", "places"},
    "cli": {"errors", "nodes", "documents", "protocol", "project", "places", "__version__"},
}
# The manual shows the parsers' own words; it asks for them only when it is written.
LATE = {("project/manual.py", "cli")}


def imports(tree: ast.AST, *, late: bool) -> Iterator[str]:
    """Yield the absolute names that a syntax tree imports; with `late` inside functions too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif late or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from imports(node, late=late)


def files(root: Path) -> list[Path]:
    return sorted(root.rglob("*.py"))


def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text("utf-8"), str(path))


def name_of(path: Path) -> str:
    return path.relative_to(CLIENT).as_posix()


@pytest.mark.parametrize("path", files(CLIENT), ids=name_of)
def test_the_client_imports_the_standard_library_and_itself_alone(path):
    standard = {"likeness", *getattr(sys, "stdlib_module_names", ())}
    if len(standard) == 1:
        pytest.skip("this Python does not list its standard library")
    found = {name.partition(".")[0] for name in imports(parsed(path), late=True)}
    foreign = {name for name in found - standard if (name_of(path), name) not in LENT}
    assert not foreign
    assert not found & HOSTS


@pytest.mark.parametrize("path", files(CLIENT), ids=name_of)
def test_the_client_never_imports_the_core(path):
    tree = parsed(path)
    assert not any(name.startswith("likeness_engine") for name in imports(tree, late=True))
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    named = any(isinstance(word, str) and word.startswith("likeness_engine") for word in words)
    assert not named or name_of(path) == "cli/engine.py", "the core has one door"


@pytest.mark.parametrize("path", files(CLIENT), ids=name_of)
def test_arrows_inside_the_client_point_one_way(path):
    place = path.relative_to(CLIENT).parts[0]
    assert place in ARROWS, f"say in ARROWS where {place} stands"
    for name in imports(parsed(path), late=True):
        top, _, rest = name.partition(".")
        target = rest.partition(".")[0]
        if top == "likeness" and target != place and (name_of(path), target) not in LATE:
            assert target in ARROWS[place], f"{name_of(path)} imports {name}"


@pytest.mark.parametrize(
    "path", files(ENGINE), ids=lambda path: path.relative_to(ENGINE).as_posix()
)
def test_the_core_uses_the_vocabulary_and_no_host_or_command_line(path):
    for name in imports(parsed(path), late=True):
        assert name.partition(".")[0] not in HOSTS
        if name.startswith("likeness."):
            assert name.split(".")[1] in {
                "__version__", "documents", "errors", "nodes", "places", "protocol",
            }  # fmt: skip


@pytest.mark.parametrize("path", files(CLIENT), ids=name_of)
def test_no_file_of_the_client_is_too_long_to_read(path):
    assert len(path.read_text("utf-8").splitlines()) < 300


def modules() -> list[str]:
    found = []
    for path in files(CLIENT):
        parts = path.relative_to(PLUGIN).with_suffix("").parts
        found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def find_python(version: str) -> str | None:
    """Return a Python of this version that starts: from PATH, or one that pyenv keeps."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for python in (shutil.which(f"python{version}"), *kept.glob(f"{version}.*/bin/python")):
        if python:
            asked = "import sys; print('%d.%d' % sys.version_info[:2])"
            said = subprocess.run([python, "-c", asked], capture_output=True, text=True)
            if said.stdout.strip() == version:
                return str(python)
    return None


# Opens for writing, new folders, connections and processes are all audited by Python itself.
WATCHED_IMPORT = """
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
done = []
def watch(event, arguments):
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & 3:
        done.append((event, arguments[0]))
    if event in ("os.mkdir", "os.rename", "os.remove", "socket.connect", "subprocess.Popen"):
        done.append((event, arguments[0]))
sys.addaudithook(watch)
import importlib, threading
for name in sys.argv[2:]:
    importlib.import_module(name)
foreign = sorted(n for n in sys.modules if n.partition(".")[0] in ("likeness_engine", "numpy"))
print(done + foreign, threading.active_count())
"""


@pytest.mark.parametrize("version", PYTHONS)
def test_the_client_imports_on_every_python_of_a_host_and_does_nothing(version, tmp_path):
    python = find_python(version)
    if python is None:
        pytest.skip(f"Python {version} is not on this machine")
    done = subprocess.run(
        [python, "-S", "-E", "-c", WATCHED_IMPORT, str(PLUGIN), *modules()],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == "[] 1"
    assert list(tmp_path.iterdir()) == []
