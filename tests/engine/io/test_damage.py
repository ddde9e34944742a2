"""Damaged and hostile files are clear errors: never a crash, never a flood of memory."""

import random
import struct
import subprocess
import sys

import numpy as np
import OpenEXR
import pytest

from likeness.errors import FrameError, LikenessError
from likeness_engine.io import container as box
from likeness_engine.io.attributes import make
from likeness_engine.io.files import read_frame, write_frame
from likeness_engine.io.header import read_attributes, set_attributes


@pytest.fixture
def plate(half_plate, tmp_path):
    write_frame(half_plate, tmp_path / "plate.1001.exr")
    return tmp_path / "plate.1001.exr"


def _altered(plate, name, attribute):
    """Put an attribute of the same length into a file's header."""
    with open(plate, "rb") as file:
        found = box.read_container(file, plate)
    before = found.headers[0][name]
    assert len(before.raw) == len(attribute.raw)
    raw = plate.read_bytes()
    start = raw.index(name.encode() + b"\0" + before.kind.encode() + b"\0")
    at = start + len(name) + len(before.kind) + 6
    plate.write_bytes(raw[:at] + attribute.raw + raw[at + len(attribute.raw) :])


@pytest.mark.parametrize("part", [0.02, 0.1, 0.3, 0.5, 0.9, 0.999])
def test_a_file_cut_off_anywhere_names_file_and_frame(part, plate):
    raw = plate.read_bytes()
    plate.write_bytes(raw[: int(len(raw) * part)])
    with pytest.raises(FrameError, match=r"plate\.1001\.exr \(frame 1001\)"):
        read_frame(plate, 1001)


def test_a_file_cut_off_at_any_of_its_first_bytes_is_an_error(plate):
    raw = plate.read_bytes()
    for length in range(0, 900, 7):
        plate.write_bytes(raw[:length])
        with pytest.raises(FrameError, match="plate.1001.exr"):
            read_frame(plate, 1001)
        with pytest.raises(FrameError, match="plate.1001.exr"):
            set_attributes(plate, {"a": "b"})


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    for name in ("a.exr", "a.dpx", "a.tif", "a.png", "a.jpg", "a.mov"):
        (tmp_path / name).touch()
        with pytest.raises(FrameError, match=rf"{name}.*is empty \(0 bytes\)"):
            read_frame(tmp_path / name, 1)


def test_a_png_named_exr_is_said_to_have_the_wrong_extension(tmp_path):
    (tmp_path / "a.exr").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(FrameError, match=r"a\.exr \(frame 3\).*PNG.*wrong extension"):
        read_frame(tmp_path / "a.exr", 3)


def test_an_exr_named_png_is_said_to_have_the_wrong_extension(plate, tmp_path):
    plate.rename(tmp_path / "a.png")
    with pytest.raises(FrameError, match=r"a\.png \(frame 3\) is no PNG file.*wrong extension"):
        read_frame(tmp_path / "a.png", 3)


@pytest.mark.parametrize("corner", [(2**31 - 2, 99), (200_000, 200_000), (100_000, 100_000)])
def test_absurd_sizes_are_refused_before_memory_is_spent(corner, plate):
    _altered(plate, "dataWindow", make("box2i", 0, 0, *corner))
    with pytest.raises(FrameError, match="is damaged"):
        read_frame(plate, 1001)


def test_a_data_window_turned_inside_out_is_refused(plate):
    _altered(plate, "dataWindow", make("box2i", 10, 10, 0, 0))
    with pytest.raises(FrameError, match="-9 x -9 pixels"):
        read_frame(plate, 1001)


def test_absurd_tiles_are_refused(half_plate, tmp_path):
    part = half_plate.parts[0]
    part.header["tiles"], part.storage = make("tiledesc", 16, 16, 0), "tiledimage"
    write_frame(half_plate, tmp_path / "a.exr")
    _altered(tmp_path / "a.exr", "tiles", make("tiledesc", 1 << 20, 1 << 20, 0))
    with pytest.raises(FrameError, match="is damaged"):
        read_frame(tmp_path / "a.exr", 1)


def test_an_attribute_that_says_it_is_huge_is_refused(plate):
    raw = plate.read_bytes()
    at = raw.index(b"channels\0chlist\0") + 16
    for length in (2**31 - 1, -1, -(2**31)):
        plate.write_bytes(raw[:at] + struct.pack("<i", length) + raw[at + 4 :])
        with pytest.raises(FrameError, match="says it has"):
            read_attributes(plate)


def test_a_missing_chunk_is_counted(plate):
    with open(plate, "rb") as file:
        found = box.read_container(file, plate)
    raw = bytearray(plate.read_bytes())
    raw[found.end + 8 : found.end + 16] = bytes(8)
    plate.write_bytes(raw)
    with pytest.raises(FrameError, match="1 of the 3 chunks of part 0 are missing"):
        read_frame(plate, 1001)
    with pytest.raises(FrameError, match="1 of the 3 chunks of part 0 are missing"):
        set_attributes(plate, {"a": "b"})


def test_damaged_pixels_say_why_and_print_nothing(half_plate, plate, capfd):
    ramp = np.linspace(0, 1, 1920).reshape(40, 48)  # noise would be stored as it is, uncompressed
    half_plate.parts[0].channels = {n: ramp.astype(np.float32) for n in "RGB"}
    write_frame(half_plate, plate)
    raw = bytearray(plate.read_bytes())
    raw[-2000:-1000] = bytes(1000)
    plate.write_bytes(raw)
    with pytest.raises(FrameError, match=r"\(frame 1001\) is damaged: .*pixel data"):
        read_frame(plate, 1001)
    assert capfd.readouterr().out == ""


def test_what_other_threads_print_while_a_frame_is_read_is_printed(capsys):
    import threading

    from likeness_engine.io.stdout import spoken

    before = sys.stdout
    with spoken() as said:
        print("kept")
        other = threading.Thread(target=print, args=("passed on",))
        other.start()
        other.join()
    assert "".join(said) == "kept\n"
    assert capsys.readouterr().out == "passed on\n"
    assert sys.stdout is before


def test_a_deep_file_is_refused_and_says_what_to_do(tmp_path):
    samples = np.empty((4, 4), dtype=object)
    for index in np.ndindex(4, 4):
        samples[index] = np.ones(2, np.float32)
    header = {"compression": OpenEXR.ZIPS_COMPRESSION, "type": OpenEXR.deepscanline}
    OpenEXR.File(header, {"Z": samples}).write(str(tmp_path / "deep.exr"))
    with pytest.raises(FrameError, match=r"deep\.exr \(frame 1\): part 0 is deep.*flatten"):
        read_frame(tmp_path / "deep.exr", 1)


def test_a_picture_cut_off_is_an_error(tmp_path):
    import OpenImageIO

    for name in ("a.dpx", "a.tif", "a.png", "a.jpg"):
        noise = OpenImageIO.ImageBuf(OpenImageIO.ImageSpec(64, 64, 3, "uint8"))
        OpenImageIO.ImageBufAlgo.noise(noise, "uniform", 0, 1)
        noise.write(str(tmp_path / name))
        raw = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(raw[: len(raw) // 2])
        with pytest.raises(FrameError, match=rf"{name} \(frame 2\) is damaged"):
            read_frame(tmp_path / name, 2)


def test_a_text_named_mov_is_an_error(tmp_path):
    (tmp_path / "a.mov").write_text("this is no movie at all, only words " * 20)
    with pytest.raises(FrameError, match="is damaged or no movie"):
        read_frame(tmp_path / "a.mov", 1)


FUZZ = """
import random, resource, sys
from pathlib import Path
from likeness.errors import LikenessError
from likeness_engine.io.files import read_frame
from likeness_engine.io.header import set_attributes

chance = random.Random(5)
sound = [Path(name).read_bytes() for name in sys.argv[2:]]
target = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for turn in range(400):
    raw = bytearray(chance.choice(sound))
    for _ in range(chance.choice([1, 2, 8])):
        at = chance.randrange(chance.choice([len(raw), min(len(raw), 700)]))
        raw[at] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])
    target.write_bytes(raw)
    for work in (lambda: read_frame(target, 1), lambda: set_attributes(target, {"a": "b"})):
        try:
            work()
        except LikenessError:
            pass
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print("survived", grown // 1024)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the resource module is not on Windows")
def test_mutated_files_never_crash_flood_or_raise_anything_else(half_plate, tmp_path):
    names = []
    for compression in ("zip", "piz", "pxr24", "b44", "dwaa", "rle", "htj2k32", "zstd"):
        for tiled in (False, True):
            part = half_plate.parts[0]
            part.storage = "tiledimage" if tiled else "scanlineimage"
            part.header["tiles"] = make("tiledesc", 16, 16, 0)
            names.append(str(tmp_path / f"{compression}{tiled}.exr"))
            write_frame(half_plate, names[-1], compression=compression)
    command = [sys.executable, "-c", FUZZ, str(tmp_path / "x.exr"), *names]
    child = subprocess.run(command, capture_output=True, text=True)
    assert child.returncode == 0, child.stderr[-2000:]
    word, grown_mib = child.stdout.split()
    assert word == "survived"
    assert int(grown_mib) < 1500


def test_random_bytes_after_a_good_start_are_an_error(plate):
    chance = random.Random(3)
    for _ in range(50):
        plate.write_bytes(struct.pack("<II", 20000630, 2) + chance.randbytes(3000))
        with pytest.raises(LikenessError):
            read_frame(plate, 1)
