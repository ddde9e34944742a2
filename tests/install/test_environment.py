"""The environment is made once, reused while the lock stays, and repaired when it broke."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import environment

EMPTY = "# nothing to install\n"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real environment, made once for all tests here: that takes seconds."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "requirements.lock").write_text(EMPTY)
    environment.make(folder / "env", folder / "requirements.lock", parts=())
    return folder / "env"


@pytest.fixture
def empty_lock(tmp_path: Path) -> Path:
    lock = tmp_path / "requirements.lock"
    lock.write_text(EMPTY)
    return lock


@pytest.fixture
def made(tmp_path: Path, first: Path) -> Path:
    """A copy of the real environment, to change at will."""
    return Path(shutil.copytree(first, tmp_path / "env", symlinks=True))


def test_an_environment_is_made_with_the_product_on_its_path(made: Path) -> None:
    where = subprocess.run(
        [environment.python_of(made), "-I", "-c", "import likeness; print(likeness.__file__)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert Path(where) == environment.ROOT / "plugin" / "likeness" / "__init__.py"


def test_an_environment_is_reused_while_the_lock_is_unchanged(
    made: Path, empty_lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("pip was started though the lock is unchanged")

    monkeypatch.setattr(environment, "install_lock", refuse)
    assert environment.make(made, empty_lock, parts=()) == environment.python_of(made)


def test_a_changed_lock_is_installed_again(made: Path, empty_lock: Path) -> None:
    empty_lock.write_text("# another lock\n")
    assert not environment.is_current(made, empty_lock)
    environment.make(made, empty_lock, parts=())
    assert environment.is_current(made, empty_lock)


def test_line_endings_do_not_make_another_lock(made: Path, empty_lock: Path) -> None:
    empty_lock.write_bytes(empty_lock.read_bytes().replace(b"\n", b"\r\n"))
    assert environment.is_current(made, empty_lock)


@pytest.mark.parametrize("stamp", ["", "[]", "{}", '{"lock": "0"}'])
def test_an_unfinished_or_damaged_stamp_is_not_current(
    made: Path, empty_lock: Path, stamp: str
) -> None:
    (made / environment.STAMP).write_text(stamp)
    assert not environment.is_current(made, empty_lock)


@pytest.mark.skipif(environment.WINDOWS, reason="a virtual environment copies Python there")
def test_an_environment_whose_python_is_gone_is_made_anew(made: Path, empty_lock: Path) -> None:
    python = environment.python_of(made)
    python.unlink()
    python.symlink_to(made / "no-such-python")
    assert not environment.is_current(made, empty_lock)
    environment.make(made, empty_lock, parts=())
    assert environment.runs(python)


def test_an_environment_holds_no_absolute_path_of_the_clone(made: Path) -> None:
    link = next(made.glob("lib/python3*/site-packages/likeness-plugin.pth"))
    assert not Path(link.read_text().strip()).is_absolute()
    assert str(environment.ROOT) not in environment.launcher_of(made).read_text()


@pytest.mark.skipif(environment.WINDOWS, reason="the launcher for Windows is a batch file")
def test_the_launcher_starts_the_command_beside_it_through_a_link_and_keeps_hosts_paths_out(
    made: Path, tmp_path: Path
) -> None:
    site = next(made.glob("lib/python3*/site-packages"))
    fake = tmp_path / "plugin" / "likeness" / "cli"
    fake.mkdir(parents=True)
    (fake / "main.py").write_text(
        "import sys\n"
        "def main():\n"
        "    print(sys.argv[1:], any('stray' in entry for entry in sys.path))\n"
        "    return 3\n"
    )
    (site / "likeness-plugin.pth").write_text(str(tmp_path / "plugin") + "\n")
    linked = tmp_path / "likeness"
    linked.symlink_to(environment.launcher_of(made))
    done = subprocess.run(
        [linked, "swap", "a b"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path / "stray")},
    )
    assert (done.returncode, done.stdout.strip()) == (3, "['swap', 'a b'] False"), done.stderr


def test_a_package_that_cannot_be_had_stops_with_the_words_of_pip_and_leaves_no_stamp(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made / environment.STAMP).unlink()
    lock = tmp_path / "requirements.lock"
    lock.write_text("likeness-no-such-part==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(environment.InstallError, match="likeness-no-such-part"):
        environment.make(made, lock, parts=())
    assert not (made / environment.STAMP).exists()


def test_a_part_that_cannot_be_loaded_is_named_with_its_error(made: Path) -> None:
    with pytest.raises(environment.InstallError, match="no_such_part: ModuleNotFoundError"):
        environment.check_parts(environment.python_of(made), ("json", "no_such_part"))


def test_a_python_without_ensurepip_and_no_right_to_install_says_which_command_to_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get")
    monkeypatch.setattr(environment.os, "geteuid", lambda: 1000)
    wanted = f"sudo apt-get install -y python3.{sys.version_info.minor}-venv"
    with pytest.raises(environment.InstallError, match=wanted):
        environment.ensure_venv_module()


def test_a_python_without_ensurepip_is_completed_by_apt_when_root(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[list[str]] = []

    def start(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        started.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get")
    monkeypatch.setattr(environment.os, "geteuid", lambda: 0)
    monkeypatch.setattr(environment.subprocess, "run", start)
    environment.ensure_venv_module()
    assert started[-1][-1] == f"python3.{sys.version_info.minor}-venv"


def test_the_stamp_names_the_lock_and_the_python(made: Path, empty_lock: Path) -> None:
    stamp = json.loads((made / environment.STAMP).read_text())
    assert stamp == {
        "lock": environment.digest_of(empty_lock),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
