"""A frame appears whole or not at all, whatever happens to the process or the disk."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from likeness_engine.io.atomic import replacing, sweep_temporaries
from likeness_engine.io.files import read_frame, write_frame

# A child that stops where the frame lies on disk under its temporary name.
STUCK = """
import os, sys
from pathlib import Path
from likeness_engine.io import atomic
from likeness_engine.io.files import read_frame, write_frame

def wait(handle):
    print("written", flush=True)
    sys.stdin.read()

atomic.os.fsync = wait
write_frame(read_frame(sys.argv[1]), sys.argv[2])
"""

FULL_DISK = """
import resource, sys
from likeness.errors import FrameError
from likeness_engine.io.files import read_frame, write_frame

frame = read_frame(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    write_frame(frame, sys.argv[2])
except FrameError as error:
    print(error)
"""


@pytest.fixture
def plate(half_plate, tmp_path):
    write_frame(half_plate, tmp_path / "plate.exr", compression="none")
    return tmp_path / "plate.exr"


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("had_one", [True, False])
def test_a_killed_writer_leaves_no_partial_frame(had_one, plate, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    target = out / "a.1001.exr"
    if had_one:
        target.write_bytes(plate.read_bytes())
    child = subprocess.Popen(
        [sys.executable, "-c", STUCK, str(plate), str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == b"written"
    left = [path for path in out.iterdir() if path != target]
    assert len(left) == 1
    assert left[0].stat().st_size > 10_000
    assert sweep_temporaries(out) == [], "its writer is alive"
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert target.exists() == had_one
    assert sweep_temporaries(out) == left
    assert list(out.iterdir()) == ([target] if had_one else [])
    if had_one:
        assert target.read_bytes() == plate.read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="uses the file size limit of Linux")
@pytest.mark.parametrize("limit", [0, 100, 5000, 20_000])
def test_a_full_disk_is_a_frame_error_and_leaves_nothing(limit, plate, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    code = [sys.executable, "-c", FULL_DISK, str(plate), str(out / "a.exr"), str(limit)]
    child = subprocess.run(code, capture_output=True, text=True, check=True)
    assert "a.exr (frame 0) was not written:" in child.stdout
    assert list(out.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="uses the device of Linux that is always full")
def test_a_disk_that_fills_up_on_the_last_byte_is_noticed(half_plate, plate, monkeypatch):
    from likeness.errors import FrameError
    from likeness_engine.io import exr_write

    whole = plate.read_bytes()

    class Cut:
        """The library, on a disk that loses the last bytes without a word."""

        def __init__(self, parts):
            pass

        def write(self, path):
            Path(path).write_bytes(whole[:-1])

    monkeypatch.setattr(exr_write.OpenEXR, "File", Cut)
    with pytest.raises(FrameError, match="last chunk is cut off"):
        write_frame(half_plate, plate.with_name("b.exr"))
    assert not plate.with_name("b.exr").exists()


def test_an_interrupt_removes_the_temporary(tmp_path):
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_the_temporary_lies_beside_the_target_and_hides(tmp_path):
    with replacing(tmp_path / "new" / "a.txt") as temporary:
        assert temporary.parent == tmp_path / "new"
        assert temporary.name.startswith(".a.txt.")
        temporary.write_text("whole")
    assert (tmp_path / "new" / "a.txt").read_text() == "whole"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.txt"]


def test_a_very_long_name_still_has_room_for_its_temporary(half_plate, tmp_path):
    name = "n" * 240 + ".exr"
    write_frame(half_plate, tmp_path / name)
    assert read_frame(tmp_path / name).number == 0


def test_other_hidden_files_and_other_machines_fresh_files_are_left_alone(tmp_path):
    for name in (".a.exr", ".a.exr.likeness-tmp", ".a.exr.elsewhere-1-0.likeness-tmp"):
        (tmp_path / name).touch()
    assert sweep_temporaries(tmp_path) == []
    assert len(list(tmp_path.iterdir())) == 3


def test_another_machines_temporary_goes_after_a_day(tmp_path):
    old = tmp_path / ".a.exr.elsewhere-1-0.likeness-tmp"
    old.touch()
    day_and_a_bit = old.stat().st_mtime - 25 * 3600
    os.utime(old, (day_and_a_bit, day_and_a_bit))
    assert sweep_temporaries(tmp_path) == [old]
