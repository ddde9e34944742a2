"""The locks: in step with what the project asks for, and free of any machine's or index's name."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has no tomllib")

ROOT = Path(__file__).resolve().parents[2]
INSTALL = ROOT / "install"
LOCKS = ("requirements.lock", "requirements-client.lock")


def locked(lock: str) -> dict[str, set[str]]:
    """Every version the lock pins, by name."""
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([\w.-]+)==(\S+)", (INSTALL / lock).read_text(), re.MULTILINE
    ):
        pins.setdefault(canonicalize_name(name), set()).add(version)
    return pins


def asked() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    rows = project["dependencies"] + project["optional-dependencies"]["test"]
    return [Requirement(row) for row in rows]


@pytest.mark.parametrize("wanted", asked(), ids=lambda wanted: wanted.name)
def test_every_requirement_is_locked_at_versions_that_it_allows(wanted: Requirement) -> None:
    versions = locked("requirements.lock").get(canonicalize_name(wanted.name))
    assert versions, f"{wanted.name} is not in the lock; refresh it as CONTRIBUTING.md says"
    assert all(wanted.specifier.contains(version) for version in versions)


def test_the_clients_lock_holds_what_its_tests_ask_for() -> None:
    pins = locked("requirements-client.lock")
    for row in (INSTALL / "requirements-client.in").read_text().splitlines():
        wanted = Requirement(row)
        assert all(wanted.specifier.contains(v) for v in pins[canonicalize_name(wanted.name)])


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    blocks = re.split(r"\n(?=[\w.-]+==)", (INSTALL / lock).read_text())[1:]
    assert blocks
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)


@pytest.mark.parametrize("machine", ["x86_64", "AMD64"])
@pytest.mark.parametrize("system", ["linux", "win32"])
def test_the_gpu_wheel_is_the_one_inference_wheel_on_linux_and_windows(
    system: str, machine: str
) -> None:
    where = {"sys_platform": system, "platform_machine": machine, "python_version": "3.11"}
    chosen = {
        wanted.name
        for wanted in asked()
        if wanted.name.startswith("onnxruntime")
        and (wanted.marker is None or wanted.marker.evaluate(where))
    }
    assert chosen == {"onnxruntime-gpu"}


@pytest.mark.parametrize(
    ("system", "machine"), [("darwin", "arm64"), ("darwin", "x86_64"), ("linux", "aarch64")]
)
def test_elsewhere_the_plain_wheel_is_the_one_inference_wheel(system: str, machine: str) -> None:
    where = {"sys_platform": system, "platform_machine": machine, "python_version": "3.11"}
    chosen = {
        wanted.name
        for wanted in asked()
        if wanted.name.startswith("onnxruntime")
        and (wanted.marker is None or wanted.marker.evaluate(where))
    }
    assert chosen == {"onnxruntime"}


# Spelled in pieces, so that this file does not find itself.
PRIVATE = [
    "/wo" + r"rk/(?:main|shared)",
    "/ro" + r"ot/",
    "/opt/" + "pypi",
    "/opt/" + "wheels",
    "/tmp/" + "mp",
    r"files\.python" + "hosted",
    r"py" + r"pi\.org",
    r"--(?:extra-)?index-" + "url ",
    "--find-" + "links",
]


HOMES = re.compile("/home/" + r"[a-z]")  # in tests they are made-up people's


def test_no_tracked_file_names_an_index_host_or_a_path_of_one_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this copy of the tree is not a git clone")
    pattern = re.compile("|".join(PRIVATE))
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if not path.is_file():
            continue
        for number, line in enumerate(path.read_bytes().decode("utf-8", "ignore").splitlines(), 1):
            hit = pattern.search(line)
            if not hit and not name.startswith("tests/"):
                hit = HOMES.search(line)
            if hit:
                found.append(f"{name}:{number}: {hit[0]}")
    assert not found, "\n".join(found)
