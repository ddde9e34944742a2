"""Make .venv from the pinned lock, or reuse it: standard library only, Python 3.10 or newer.

The environment may lie on network storage and be shared by blades. So it holds nothing that names
the clone by an absolute path but what venv itself writes: the product is linked by a relative
.pth line, and the launcher finds its Python beside itself.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections import deque
from pathlib import Path

from progress import Bar

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "install" / "requirements.lock"
VENV = ROOT / ".venv"
STAMP = "likeness-lock.json"  # in the environment: what it was made from
WINDOWS = sys.platform == "win32"
TESTED = "3.10 to 3.13"

# Imported once after an install: a wheel that lacks a system library fails here, by name.
PARTS = (
    "numpy",
    "numba",
    "cv2",
    "onnxruntime",
    "OpenEXR",
    "OpenImageIO",
    "PyOpenColorIO",
    "av",
    "cryptography",
    "onnx",
    "tflite",
    "tqdm",
)

# What pip says when it turns to the next package: by name, or by the path of a wheel at hand.
PIP_NAMES = re.compile(
    r"(?:Collecting |Requirement already satisfied: |Processing (?:\S*[/\\])?)([A-Za-z0-9_.]+)"
)

LAUNCHER = """#!/bin/sh
# -I: a host's PYTHONPATH and PYTHONHOME must not reach the core's Python.
here=$(dirname "$(readlink -f "$0")")
exec "$here/python" -I -c 'import sys; from likeness.cli.main import main; sys.exit(main())' "$@"
"""
LAUNCHER_WINDOWS = (
    '@"%~dp0python.exe" -I -c "import sys; from likeness.cli.main import main; sys.exit(main())" %*'
    "\r\n"
)


class InstallError(Exception):
    """The environment cannot be made; the message says what to do."""


def make(
    venv: Path = VENV,
    lock: Path = LOCK,
    *,
    base: str = sys.executable,
    parts: tuple[str, ...] = PARTS,
) -> Path:
    """Return the Python of an environment that holds the lock and the product.

    Makes it with the Python `base` when it is absent, no longer runs, or was made from another
    lock; then imports `parts`. Raises InstallError.
    """
    python = python_of(venv)
    if is_current(venv, lock):
        link_product(venv)
        return python
    if not runs(python):
        create(venv, base=base)
    install_lock(python, lock)
    link_product(venv)
    check_parts(python, parts)
    stamp = {"lock": digest_of(lock), "python": version_of(python)}
    (venv / STAMP).write_text(json.dumps(stamp) + "\n", "utf-8")
    return python


def is_current(venv: Path, lock: Path) -> bool:
    """Tell whether the environment was made, to the end, from this very lock, and still runs."""
    try:
        stamp = json.loads((venv / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return (
        isinstance(stamp, dict)
        and stamp.get("lock") == digest_of(lock)
        and stamp.get("python") == version_of(python_of(venv))
    )


def digest_of(lock: Path) -> str:
    """Return the sha256 of the lock, the same on systems that end lines differently."""
    return hashlib.sha256(lock.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def python_of(venv: Path) -> Path:
    """Return where the environment's Python lies, whether it is there or not."""
    return venv / "Scripts" / "python.exe" if WINDOWS else venv / "bin" / "python"


def launcher_of(venv: Path) -> Path:
    """Return where the `likeness` command of the environment lies."""
    return python_of(venv).with_name("likeness.cmd" if WINDOWS else "likeness")


def version_of(python: Path) -> str:
    """Return "3.11" of a Python that runs, else an empty string."""
    command = [str(python), "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def runs(python: Path) -> bool:
    """Tell whether a Python is there and runs: one whose base was removed is and does not."""
    return bool(version_of(python))


def create(venv: Path, *, base: str = sys.executable) -> None:
    """Make an empty environment with pip, in place of whatever lies there."""
    if base == sys.executable:
        ensure_venv_module()
    if venv.exists():
        shutil.rmtree(venv)
    made = subprocess.run([base, "-m", "venv", venv], capture_output=True, text=True, check=False)
    if made.returncode:
        shutil.rmtree(venv, ignore_errors=True)
        raise InstallError(
            f"{venv} was not made: `{base} -m venv` failed.\n"
            f"{(made.stdout + made.stderr).strip()}\n"
            "Check that the folder can be written to and that the disk is not full."
        )


def ensure_venv_module() -> None:
    """See that this Python can make environments; on Debian as root, install what it lacks."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if shutil.which("apt-get") is None:
        raise InstallError(
            f"{sys.executable} has no venv or no ensurepip module, so no environment can be made.\n"
            "Install your system's package for it, or use a Python from python.org."
        )
    if os.geteuid() != 0:
        raise InstallError(
            f"{sys.executable} has no venv module, so no environment can be made.\n"
            f"Run: sudo apt-get install -y {package}"
        )
    print(f"This Python cannot make environments yet: installing {package}", file=sys.stderr)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-q"], env=quiet, check=False)
    done = subprocess.run(["apt-get", "install", "-y", "-q", package], env=quiet, check=False)
    if done.returncode:
        raise InstallError(
            f"apt-get could not install {package} (its words are above).\n"
            f"Run: apt-get install -y {package}"
        )


def install_lock(python: Path, lock: Path) -> None:
    """Bring the environment to the lock with pip: exact versions, checked hashes, wheels only."""
    if subprocess.run(
        [python, "-m", "pip", "--version"], capture_output=True, check=False
    ).returncode:
        subprocess.run([python, "-m", "ensurepip", "--upgrade"], capture_output=True, check=False)
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    # --no-deps: the lock is whole, so pip need not resolve; --only-binary: nothing is compiled.
    command += [
        "--require-hashes",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--requirement",
        str(lock),
    ]
    last: deque[str] = deque(maxlen=12)
    with Bar("Environment", count_packages(lock)) as bar:
        pip = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        )
        assert pip.stdout is not None
        for line in pip.stdout:
            last.append(line.rstrip())
            if found := PIP_NAMES.match(line):
                bar.step(found[1])
            elif line.startswith("Installing collected"):
                bar.step("unpacking", done=bar.total)
        if pip.wait() == 0:
            bar.step("ready", done=bar.total)
            return
    raise InstallError(
        f"The environment was not made: pip on {lock.name} ended with {pip.returncode}.\n"
        + "\n".join(last)
        + f"\nThis is Python {version_of(python)}; the lock is tested with {TESTED}. Without a "
        "network, point pip at a mirror (PIP_INDEX_URL), then run the same command again."
    )


def count_packages(lock: Path) -> int:
    """Return how many packages of the lock this platform is about to get, near enough for a bar."""
    names = re.findall(r"^([\w.-]+)==", lock.read_text("utf-8"), re.MULTILINE)
    return len(set(names))


def link_product(venv: Path) -> None:
    """Put plugin/ on the environment's path and the `likeness` command into its folder of programs.

    A .pth line and a launcher, not `pip install -e`: that needs a build backend, and writes the
    clone's absolute path, which another blade may mount elsewhere.
    """
    for site in [venv / "Lib" / "site-packages", *venv.glob("lib/python3*/site-packages")]:
        if site.is_dir():
            _write(site / "likeness-plugin.pth", os.path.relpath(ROOT / "plugin", site) + "\n")
    _write(launcher_of(venv), LAUNCHER_WINDOWS if WINDOWS else LAUNCHER, mode=0o755)


def check_parts(python: Path, parts: tuple[str, ...]) -> None:
    """Import every compiled package once; say which cannot be loaded and what its error is."""
    broken = []
    with Bar("Checking   ", len(parts)) as bar:
        for part in parts:
            bar.step(part)
            tried = subprocess.run(
                [python, "-I", "-c", f"import {part}"], capture_output=True, text=True, check=False
            )
            if tried.returncode:
                broken.append(f"  {part}: {tried.stderr.strip().splitlines()[-1]}")
    if broken:
        raise InstallError(
            "The environment is made, but these parts cannot be loaded:\n"
            + "\n".join(broken)
            + "\nInstall the system library that each names, then run the same command again."
        )


def _write(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a small file if it says something else; whole or not at all."""
    if path.is_file() and not path.is_symlink() and path.read_bytes() == text.encode():
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(text.encode())
    temporary.chmod(mode)
    temporary.replace(path)
