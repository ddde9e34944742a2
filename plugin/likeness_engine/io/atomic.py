"""Files that appear whole or not at all: a temporary name in the same folder, fsync, rename."""

from __future__ import annotations

import itertools
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_COUNTER = itertools.count()
_PATTERN = re.compile(r"^\.(?P<target>.+)\.(?P<host>[^.]*)-(?P<pid>\d+)-\d+\.likeness-tmp$")
_STALE_S = 24 * 3600.0  # a foreign machine's temporary is dead when untouched for a day


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`; on success it is flushed and becomes `target`.

    On any exception, an interrupt included, the temporary is removed. A killed process leaves it,
    and `sweep_temporaries` takes it away.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(_temporary_name(target.name))
    try:
        yield temporary
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


@contextmanager
def temporary_beside(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`, removed at the end; a killed run's is swept."""
    temporary = target.with_name(_temporary_name(target.name))
    try:
        yield temporary
    finally:
        with suppress(OSError):
            temporary.unlink()


def sweep_temporaries(folder: str | os.PathLike[str]) -> list[Path]:
    """Remove what killed runs left in `folder`; returns what was removed.

    A temporary's name says the machine and the process that writes it. This machine's are removed
    when that process is gone; another machine's when nobody has written to them for a day.
    """
    removed = []
    for path in sorted(Path(folder).glob(".*.likeness-tmp")):
        named = _PATTERN.match(path.name)
        if named and _dead(path, named["host"], int(named["pid"])):
            with suppress(OSError):
                path.unlink()
                removed.append(path)
    return removed


def _temporary_name(name: str) -> str:
    # 255 bytes is the longest name of common file systems; the mark takes at most 80
    return f".{name[:120]}.{_host()}-{os.getpid()}-{next(_COUNTER)}.likeness-tmp"


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", socket.gethostname())[:32]


def _dead(path: Path, host: str, pid: int) -> bool:
    if host != _host():
        with suppress(OSError):
            return _age_s(path) > _STALE_S
        return False
    return not _alive(pid)


def _age_s(path: Path) -> float:
    """Return the age by the file server's own clock: that of a file made now in the same folder."""
    probe = path.with_name(_temporary_name("clock"))
    probe.touch()
    try:
        return probe.stat().st_mtime - path.stat().st_mtime
    finally:
        probe.unlink()


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return _alive_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _alive_windows(pid: int) -> bool:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(0x1000, False, pid)  # noqa: FBT003
    if not handle:
        return bool(kernel.GetLastError() == 5)  # access denied: it lives, for somebody else
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == 259  # STILL_ACTIVE


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable where the system lets folders be synced."""
    if os.name == "nt":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
