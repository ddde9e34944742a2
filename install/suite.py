"""Run the tests: here, or with --all on every Python found. Started by `python3 install test`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import environment

CLIENT_LOCK = environment.ROOT / "install" / "requirements-client.lock"
CLIENT_PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")  # Nuke 14 to Blender 5 carry these
ENGINE_PYTHONS = ("3.10", "3.12", "3.13")
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
NO_TESTS = 5  # pytest's exit code when nothing was collected


@dataclass(frozen=True)
class Run:
    """One line of the summary."""

    name: str
    result: str  # passed, failed (exit N), not found
    seconds: float = 0.0


def main(arguments: list[str]) -> int:
    """Fetch the default models, run pytest; with --all the wider matrix. Return 0 if all pass."""
    matrix = "--all" in arguments
    rest = [word for word in arguments if word != "--all"]
    launcher = environment.launcher_of(environment.VENV)
    fetched = subprocess.run([launcher, "models", "fetch"], check=False)
    if fetched.returncode:
        return fetched.returncode
    runs = [run_tests(f"all tests, Python {HERE}", Path(sys.executable), ["-n", "2", *rest])]
    if matrix:
        runs += run_matrix(rest)
        print_summary(runs)
    return 0 if all(run.result in ("passed", "not found") for run in runs) else 1


def run_matrix(rest: list[str]) -> list[Run]:
    """Run the client's tests on every Python of a host, the engine's on those it supports."""
    runs = []
    for version in CLIENT_PYTHONS:
        name = f"client, Python {version}"
        base = find_python(version)
        if base is None:
            runs.append(Run(name, "not found"))
            continue
        folder = environment.ROOT / f".venv-client-{version}"
        python = environment.make(folder, CLIENT_LOCK, base=base, parts=())
        runs.append(run_tests(name, python, ["tests/client", *rest]))
    for version in (version for version in ENGINE_PYTHONS if version != HERE):
        name = f"all tests, Python {version}"
        base = find_python(version)
        if base is None:
            runs.append(Run(name, "not found"))
            continue
        python = environment.make(environment.ROOT / f".venv-{version}", base=base)
        runs.append(run_tests(name, python, ["-n", "2", *rest]))
    return runs


def run_tests(name: str, python: Path, arguments: list[str]) -> Run:
    """Run pytest in the clone with one Python; its own words go to the terminal."""
    print(f"\n{name}", flush=True)
    started = time.monotonic()
    command = [str(python), "-m", "pytest", *arguments]
    code = subprocess.run(command, cwd=environment.ROOT, check=False).returncode
    result = {0: "passed", NO_TESTS: "no tests ran"}.get(code, f"failed (exit {code})")
    return Run(name, result, time.monotonic() - started)


def find_python(version: str) -> str | None:
    """Return a Python of this version that runs: from PATH, or one that pyenv keeps."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(f"python{version}"), *kept.glob(f"{version}.*/bin/python")]
    for python in found:
        # pyenv puts a stand-in on PATH that fails unless its version is switched on.
        if python and environment.version_of(Path(python)) == version:
            return str(python)
    return None


def print_summary(runs: list[Run]) -> None:
    """Print one line a run."""
    width = max(len(run.name) for run in runs)
    result = max(len(run.result) for run in runs)
    print("\nSummary")
    for run in runs:
        took = f"  {run.seconds:4.0f} s" if run.seconds else ""
        print(f"  {run.name:<{width}}  {run.result:<{result}}{took}".rstrip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
