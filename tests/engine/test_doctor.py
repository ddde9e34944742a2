"""The doctor tells what is there and what is missing, each with its cure, and never falls over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from likeness_engine import doctor
from likeness_engine.doctor import Check

ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(os.name != "posix", reason="file modes are a POSIX matter")


@pytest.fixture(autouse=True)
def home(likeness_home: Path) -> Path:
    """A state folder of the test's own, made."""
    likeness_home.mkdir()
    return likeness_home


def test_every_check_has_a_name_and_every_fault_a_cure() -> None:
    checks = doctor.report()
    assert {"Python", "packages", "clock", "disk", "signing key", "Nuke", "Blender"} <= {
        check.name for check in checks
    }
    assert all(check.found for check in checks)
    assert all(check.cure for check in checks if not check.ok)


def test_a_check_that_breaks_is_a_line_of_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def check_flux() -> list[Check]:
        raise OSError("no flux")

    monkeypatch.setattr(doctor, "EXAMINATIONS", (check_flux,))
    [check] = doctor.report()
    assert (check.name, check.ok, check.found) == ("flux", False, "OSError: no flux")
    assert check.cure


def test_the_report_has_the_cure_below_a_fault_and_counts_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checks = [
        Check("Python", ok=True, found="3.11", cure="unused"),
        Check("disk", ok=False, found="1 GB free", cure="Free at least 5 GB."),
        Check("Nuke", ok=False, found="nowhere", cure="Put it on PATH.", needed=False),
    ]
    monkeypatch.setattr(doctor, "EXAMINATIONS", (lambda: checks,))
    assert doctor.main([]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "ok      Python  3.11",
        "MISSING disk    1 GB free",
        "                -> Free at least 5 GB.",
        "-       Nuke    nowhere",
        "                -> Put it on PATH.",
        "To mend: 1.",
    ]


def test_what_is_only_good_to_have_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = Check("Nuke", ok=False, found="nowhere", cure="Install it.", needed=False)
    monkeypatch.setattr(doctor, "EXAMINATIONS", (lambda: [lacking],))
    assert doctor.main([]) == 0


def test_json_has_one_object_a_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "EXAMINATIONS", (lambda: [Check("a", ok=True, found="b")],))
    doctor.main(["--json"])
    assert json.loads(capsys.readouterr().out) == {
        "name": "a",
        "ok": True,
        "found": "b",
        "cure": "",
        "needed": True,
    }


def test_a_bare_python_without_any_package_gets_a_report_and_not_a_traceback() -> None:
    # -S: no site-packages, as on a machine where nothing is set up yet.
    done = subprocess.run(
        [sys.executable, "-S", "-E", ROOT / "install" / "doctor.py"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "LIKENESS_HOME": os.environ["LIKENESS_HOME"]},
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stdout.splitlines()
    packages = next(n for n, line in enumerate(lines) if line.startswith("MISSING packages"))
    assert "python3 install demo" in lines[packages + 1]


@POSIX
def test_a_key_that_others_can_read_is_a_fault_with_the_command_that_mends_it(home: Path) -> None:
    key = home / "keys" / "signing.pem"
    key.parent.mkdir()
    key.write_text("secret")
    key.chmod(0o644)
    [check] = doctor.check_key()
    assert not check.ok
    assert f"chmod 600 {key}" in check.cure
    key.chmod(0o600)
    assert doctor.check_key()[0].ok


def test_no_key_yet_is_fine() -> None:
    [check] = doctor.check_key()
    assert check.ok


@pytest.mark.parametrize("year", [1970, 2019, 2150])
def test_a_clock_that_nobody_believes_is_a_fault(
    year: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = (year - 1970) * 365.2425 * 86400 + 5e6
    monkeypatch.setattr(doctor.time, "time", lambda: moment)
    [check] = doctor.check_clock()
    assert not check.ok
    assert check.found.startswith(str(year))


def test_a_clock_that_disagrees_with_the_file_system_is_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ahead = doctor.time.time() + 90
    monkeypatch.setattr(doctor.time, "time", lambda: ahead)
    [check] = doctor.check_clock()
    assert not check.ok
    assert "-90 s" in check.found


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_that_cannot_be_written_is_a_fault(home: Path) -> None:
    home.chmod(0o500)
    assert not doctor.writable(home)


def test_a_folder_that_does_not_exist_yet_counts_by_its_parent(tmp_path: Path) -> None:
    assert doctor.writable(tmp_path / "not" / "yet")


def test_a_file_in_the_way_of_a_folder_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not doctor.writable(tmp_path / "file" / "below")


@POSIX
def test_a_host_on_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Nuke15.1", "blender", "nuke-notes.txt"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o644 if name.endswith("txt") else 0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    nuke, blender = doctor.check_hosts()
    assert str(tmp_path / "Nuke15.1") in nuke.found
    assert "notes" not in nuke.found
    assert blender.found == str(tmp_path / "blender")


def test_packages_that_differ_from_the_lock_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "install" / "requirements.lock"
    lock.parent.mkdir()
    pin = " \\\n    --hash=sha256:" + "0" * 64 + "\n"
    lock.write_text(
        f"numpy==0.1{pin}nowhere-else==1.0 ; sys_platform == 'no-such-system'{pin}"
        f"likeness-absent==2.0{pin}"
    )
    monkeypatch.setattr(doctor, "install_root", lambda: tmp_path)
    [check] = doctor.check_packages()
    assert not check.ok
    assert "(locked: 0.1)" in check.found
    assert "likeness-absent none (locked: 2.0)" in check.found
    assert "nowhere-else" not in check.found


def test_the_default_colour_config_loads() -> None:
    [check] = doctor.check_colour()
    assert check.ok
