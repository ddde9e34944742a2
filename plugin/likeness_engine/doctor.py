"""The doctor: what is there, what is missing, and the cure of each.

Only the standard library is imported up here, so that the report can also be made by a bare Python
before the environment exists. Each check is one function; it returns one or more lines of the
report and never raises: what it cannot find out is itself a finding.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from likeness.places import install_root, models_home, state_home

SET_UP = "Run `python3 install demo` in the clone."
FREE_BYTES = 5e9  # a shot of 4K half frames and the models
YEARS = (2025, 2100)  # outside, the clock would sign frames with a date nobody believes
CLOCK_SLACK_S = 2.0  # FAT and some file servers keep time to 2 s
DEFAULT_CONFIG = "ocio://cg-config-v2.1.0_aces-v1.3_ocio-v2.3"

HOSTS = {
    "Nuke": (
        ("nuke", "Nuke*"),
        ("/usr/local/Nuke*/Nuke[0-9]*", "/opt/Nuke*/Nuke[0-9]*", "/opt/Foundry/Nuke*/Nuke[0-9]*"),
        ("/Applications/Nuke*/Nuke*.app", "C:/Program Files/Nuke*/Nuke[0-9]*.exe"),
    ),
    "Blender": (
        ("blender",),
        ("/opt/blender*/blender", "/usr/local/blender*/blender", "/snap/bin/blender"),
        (
            "/Applications/Blender*.app",
            "C:/Program Files/Blender Foundation/Blender*/blender.exe",
        ),
    ),
}


@dataclass(frozen=True)
class Check:
    """One line of the report. `cure` is empty when there is nothing to do."""

    name: str
    ok: bool
    found: str
    cure: str = ""
    needed: bool = True  # False: good to have; its absence is no fault


def report() -> list[Check]:
    """Return every check, in the order in which a person would mend things."""
    checks: list[Check] = []
    for examine in EXAMINATIONS:
        try:
            checks.extend(examine())
        except Exception as error:  # the border: a broken part is a line, not the end of the report
            name = examine.__name__.removeprefix("check_").replace("_", " ")
            checks.append(
                Check(name, ok=False, found=f"{type(error).__name__}: {error}", cure=SET_UP)
            )
    return checks


def main(arguments: list[str]) -> int:
    """Print the report; return 0 when all that is needed is there, else 1."""
    checks = report()
    if "--json" in arguments:
        print_json(checks)
    else:
        print_report(checks)
    return 0 if all(check.ok for check in checks if check.needed) else 1


def print_json(checks: list[Check]) -> None:
    """Print one JSON object a check."""
    for check in checks:
        sys.stdout.write(json.dumps(vars(check)) + "\n")


def print_report(checks: list[Check]) -> None:
    """Print the report for a person: a line a check, its cure indented below."""
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = "ok     " if check.ok else "MISSING" if check.needed else "-      "
        sys.stdout.write(f"{mark} {check.name:<{width}}  {check.found}\n")
        if check.cure and not check.ok:
            sys.stdout.write(f"{'':<{width + 10}}-> {check.cure}\n")
    faults = sum(not check.ok for check in checks if check.needed)
    sys.stdout.write("All that is needed is there.\n" if not faults else f"To mend: {faults}.\n")


def check_python() -> list[Check]:
    """Python's version, and whether this is the environment's own Python."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    new_enough = Check(
        "Python",
        sys.version_info >= (3, 10),
        f"{version} at {sys.executable}",
        "Install Python 3.10 or newer and run `python3 install demo` with it.",
    )
    environment = install_root() / ".venv"
    inside = Path(sys.prefix).resolve() == environment.resolve()
    found = str(environment) if inside else f"not in {environment}"
    return [new_enough, Check("environment", inside, found, SET_UP)]


def check_packages() -> list[Check]:
    """Every package that the lock asks for on this platform, at the locked version."""
    lock = install_root() / "install" / "requirements.lock"
    if not lock.is_file():
        return [
            Check(
                "packages",
                ok=False,
                found=f"{lock} is missing",
                cure="Restore it with `git checkout`.",
            )
        ]
    try:
        from packaging.markers import Marker
    except ImportError:
        return [Check("packages", ok=False, found="none of the lock's are installed", cure=SET_UP)]
    wrong = []
    rows = re.findall(r"^([\w.-]+)==(\S+)(?: ; (.+?))? \\$", lock.read_text("utf-8"), re.MULTILINE)
    wanted = [(name, version) for name, version, m in rows if not m or Marker(m).evaluate()]
    for name, version in wanted:
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "none"
        if found != version:
            wrong.append(f"{name} {found} (locked: {version})")
    if wrong:
        return [Check("packages", ok=False, found=", ".join(wrong), cure=SET_UP)]
    return [Check("packages", ok=True, found=f"{len(wanted)} as locked")]


def check_providers() -> list[Check]:
    """What the nets run on: the CPU always, a GPU where one answers."""
    from likeness_engine.inference.devices import device_report

    return [Check(**vars(finding)) for finding in device_report()]


def check_models() -> list[Check]:
    """Every model that the set-up fetches: there, and with the bytes that its card names."""
    from likeness_engine.models.cards import read_cards
    from likeness_engine.models.store import PRESENT, onnx_path, state

    checks = []
    for card in read_cards():
        found = state(card.id)
        path = f" at {onnx_path(card.id)}" if found != PRESENT else ""
        cure = f"Run `likeness models fetch {card.id}`."
        ok = found == PRESENT
        checks.append(Check(f"model {card.id}", ok, found + path, cure, needed=card.default))
    return checks or [
        Check("models", ok=False, found=f"no card in {models_home()}", cure="Restore the clone.")
    ]


def check_hosts() -> list[Check]:
    """The compositing programs on this machine; none is needed for the command line."""
    return [_host(name, *places) for name, places in HOSTS.items()]


def check_folders() -> list[Check]:
    """The folders that Likeness writes to."""
    rows = (
        ("state folder", state_home(), "Set LIKENESS_HOME to a folder you may write to."),
        ("models folder", models_home(), "Have the install's owner run `likeness models fetch`."),
        (
            "temporary files",
            Path(tempfile.gettempdir()),
            "Set TMPDIR to a folder you may write to.",
        ),
    )
    return [
        # Blades that share an install only read its models.
        Check(name, writable(path), str(path), cure, needed=name != "models folder")
        for name, path, cure in rows
    ]


def check_disk() -> list[Check]:
    """Free space where the models and the state lie."""
    free = shutil.disk_usage(_nearest(state_home())).free
    found = f"{free / 1e9:.0f} GB free at {_nearest(state_home())}"
    return [Check("disk", free >= FREE_BYTES, found, f"Free at least {FREE_BYTES / 1e9:.0f} GB.")]


def check_clock() -> list[Check]:
    """The clock that frames are signed by: a year to believe, and one time with the file system."""
    now = time.time()
    year = time.gmtime(now).tm_year
    found = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    ok = YEARS[0] <= year < YEARS[1]
    folder = _nearest(state_home())
    if ok and os.access(folder, os.W_OK):
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            drift = Path(file.name).stat().st_mtime - now
        ok = abs(drift) <= CLOCK_SLACK_S
        found += "" if ok else f", but files in {folder} are dated {drift:+.0f} s from it"
    return [Check("clock", ok, found, "Set this machine, and the file server, by a time server.")]


def check_key() -> list[Check]:
    """The signing key: made on first use, and readable by its owner only."""
    keys = sorted(
        path for path in state_home().glob("keys/*") if path.suffix not in (".pub", ".json")
    )
    if not keys:
        return [
            Check("signing key", ok=True, found="none yet; made when the first frame is signed")
        ]
    loose = [p for p in keys if os.name == "posix" and p.is_file() and p.stat().st_mode & 0o077]
    if loose:
        found = f"{loose[0]} can be read by others (mode {loose[0].stat().st_mode & 0o777:o})"
        return [
            Check(
                "signing key",
                ok=False,
                found=found,
                cure=f"Run `chmod 600 {loose[0]}`, or make a new key.",
            )
        ]
    return [Check("signing key", ok=True, found=str(keys[0]))]


def check_colour() -> list[Check]:
    """The colour configuration that requests name by default."""
    import PyOpenColorIO as ocio  # noqa: N813

    spaces = len(ocio.Config.CreateFromFile(DEFAULT_CONFIG).getColorSpaceNames())
    return [Check("colour config", ok=True, found=f"{DEFAULT_CONFIG}, {spaces} colour spaces")]


EXAMINATIONS: tuple[Callable[[], list[Check]], ...] = (
    check_python,
    check_packages,
    check_providers,
    check_models,
    check_colour,
    check_folders,
    check_disk,
    check_clock,
    check_key,
    check_hosts,
)


def writable(folder: Path) -> bool:
    """Tell whether a file can be made in the folder, or the folder itself where it lacks."""
    try:
        with tempfile.NamedTemporaryFile(dir=_nearest(folder)):
            return True
    except OSError:
        return False


def _nearest(folder: Path) -> Path:
    """Return the path, or the nearest parent that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _host(name: str, commands: tuple[str, ...], *places: tuple[str, ...]) -> Check:
    found: list[Path] = []
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        for command in commands:
            found += (p for p in Path(folder or ".").glob(command) if os.access(p, os.X_OK))
    for pattern in (pattern for group in places for pattern in group):
        anchor = Path(pattern).anchor
        if anchor and Path(anchor).is_dir():
            found += Path(anchor).glob(str(Path(pattern).relative_to(anchor)))
    said = ", ".join(sorted({str(path) for path in found})) or "not on PATH nor in the usual places"
    return Check(name, bool(found), said, f"Put {name} on PATH if it is installed.", needed=False)
