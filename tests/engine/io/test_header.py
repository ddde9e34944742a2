"""Header attributes are set without touching a pixel, on every kind of EXR."""

import os

import numpy as np
import OpenEXR
import pytest

from likeness.errors import FrameError, ParameterError
from likeness_engine.io import container as box
from likeness_engine.io.attributes import make, text
from likeness_engine.io.container import COMPRESSIONS
from likeness_engine.io.files import read_frame, write_frame
from likeness_engine.io.frame import Frame
from likeness_engine.io.header import read_attributes, read_part_attributes, set_attributes

LONG = {"likeness:dsse": "é" * 30_000, "n" * 200: "long name", "note": ""}


def _chunks(path):
    """Return the bytes of every chunk: what lies between one offset and the next."""
    with open(path, "rb") as file:
        found = box.read_container(file, path)
        tables = box.read_tables(file, found)
        raw = path.read_bytes()
    places = sorted(int(offset) for table in tables for offset in table)
    ends = [*places[1:], len(raw)]
    return [raw[a:b] for a, b in zip(places, ends, strict=True)]


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("tiled", [False, True])
def test_attributes_are_set_and_every_compressed_byte_stays(
    compression, tiled, half_plate, tmp_path
):
    part = half_plate.parts[0]
    part.header["tiles"] = make("tiledesc", 16, 32, 0)
    part.storage = "tiledimage" if tiled else "scanlineimage"
    path = tmp_path / "a.exr"
    write_frame(half_plate, path, compression=compression, attributes={"note": "old"})
    chunks, pixels = _chunks(path), read_frame(path).parts[0].channels
    set_attributes(path, LONG)
    assert _chunks(path) == chunks
    again = read_frame(path).parts[0].channels
    assert all(again[n].tobytes() == plane.tobytes() for n, plane in pixels.items())
    assert LONG.items() <= read_attributes(path).items()
    assert OpenEXR.File(str(path), header_only=True).header()["n" * 200] == "long name"
    assert [p.name for p in tmp_path.iterdir()] == ["a.exr"]


def test_a_chosen_part_of_a_multi_part_file_is_changed(bits, make_part, tmp_path):
    parts = [make_part({"R": bits("f2")}, name=name, compression="zips") for name in "ab"]
    write_frame(Frame("", 0, parts), tmp_path / "a.exr")
    set_attributes(tmp_path / "a.exr", {"who": "second"}, part=1)
    set_attributes(tmp_path / "a.exr", {"who": "first", "only": "x"})
    first, second = read_part_attributes(tmp_path / "a.exr")
    assert (first["who"], second["who"]) == ("first", "second")
    assert read_attributes(tmp_path / "a.exr")["who"] == "first"
    with pytest.raises(FrameError, match="has 2 parts, not 3"):
        set_attributes(tmp_path / "a.exr", {"who": "third"}, part=2)


@pytest.mark.parametrize("kind", ["deepscanline", "deeptile"])
def test_a_deep_file_keeps_its_samples(kind, tmp_path):
    samples = np.empty((8, 8), dtype=object)
    for y, x in np.ndindex(8, 8):
        samples[y, x] = np.arange(1 + (x + y) % 3, dtype=np.float32)
    header = {"compression": OpenEXR.ZIPS_COMPRESSION, "type": getattr(OpenEXR, kind)}
    if kind == "deeptile":
        header["tiles"] = OpenEXR.TileDescription()
        header["tiles"].xSize = header["tiles"].ySize = 4
    path = tmp_path / "deep.exr"
    OpenEXR.File(header, {"Z": samples}).write(str(path))
    set_attributes(path, LONG)
    read = OpenEXR.File(str(path)).channels()["Z"].pixels
    assert all(np.array_equal(read[at], samples[at]) for at in np.ndindex(8, 8))
    assert LONG.items() <= read_attributes(path).items()


@pytest.mark.parametrize("size", [(64, 64), (100, 37), (1, 130)])
def test_a_mip_mapped_file_keeps_all_its_levels(size, tmp_path):
    import OpenImageIO

    source = OpenImageIO.ImageBuf(OpenImageIO.ImageSpec(*size, 3, "half"))
    OpenImageIO.ImageBufAlgo.noise(source, "uniform", 0, 1)
    path = tmp_path / "mip.exr"
    spec = OpenImageIO.ImageSpec()
    spec.tile_width = spec.tile_height = 16
    OpenImageIO.ImageBufAlgo.make_texture(OpenImageIO.MakeTxTexture, source, str(path), spec)
    before = _levels(path)
    assert len(before) > 4
    set_attributes(path, LONG)
    after = _levels(path)
    assert len(after) == len(before)
    assert all(np.array_equal(a, b) for a, b in zip(after, before, strict=True))


def _levels(path):
    import OpenImageIO

    source, found, level = OpenImageIO.ImageInput.open(str(path)), [], 0
    while source.seek_subimage(0, level):
        found.append(source.read_image(0, level, 0, 3, "half"))
        level += 1
    source.close()
    return found


@pytest.mark.parametrize("mode", [1, 2])
@pytest.mark.parametrize("up", [0, 1])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (100, 37), (1, 130), (33, 65), (7, 1)])
def test_tiles_are_counted_as_the_file_layout_says(mode, up, width, height):
    """Levels by the rule of the specification: halve, round, until 1; count the tiles of each."""

    def sizes(side):
        found = [side]
        while found[-1] > 1:
            found.append((found[-1] + up) // 2)
        return found

    def tiles(side):
        return -(-side // 16)

    wide, high = sizes(width), sizes(height)
    if mode == 1:
        longest = max(len(wide), len(high))
        wide += [1] * (longest - len(wide))
        high += [1] * (longest - len(high))
        expected = sum(tiles(w) * tiles(h) for w, h in zip(wide, high, strict=True))
    else:
        expected = sum(tiles(w) * tiles(h) for w in wide for h in high)
    header = {
        "tiles": make("tiledesc", 16, 16, mode | up << 4),
        "dataWindow": make("box2i", 0, 0, width - 1, height - 1),
        "compression": make("compression", 3),
    }
    found = box.Container(2 | box.TILED, [header], 0, 0)
    assert box.chunk_count(found, header) == expected


def test_a_compression_from_the_future_is_left_alone(half_plate, tmp_path):
    path = tmp_path / "a.exr"
    write_frame(half_plate, path)
    raw = path.read_bytes()
    at = raw.index(b"compression\0compression\0") + 28
    path.write_bytes(raw[:at] + b"\x40" + raw[at + 1 :])
    before = path.read_bytes()
    with pytest.raises(FrameError, match="compression 64 is unknown here"):
        set_attributes(path, {"a": "b"})
    assert path.read_bytes() == before


def test_a_chunk_count_lets_an_unknown_compression_be_handled(half_plate, tmp_path):
    path = tmp_path / "a.exr"
    half_plate.parts[0].header["x"] = text("y")
    write_frame(half_plate, path)
    with open(path, "rb") as file:
        found = box.read_container(file, path)
    header = {
        **found.headers[0],
        "chunkCount": make("int", 3),
        "compression": make("compression", 64),
    }
    assert box.chunk_count(found, header) == 3


def test_the_file_keeps_its_permissions(half_plate, tmp_path):
    path = tmp_path / "a.exr"
    write_frame(half_plate, path)
    os.chmod(path, 0o640)
    set_attributes(path, {"a": "b"})
    assert path.stat().st_mode & 0o777 == 0o640


def test_only_the_header_of_a_file_is_read(half_plate, tmp_path):
    path = tmp_path / "a.exr"
    write_frame(half_plate, path, attributes={"likeness:id": "x"})
    raw = path.read_bytes()
    with open(path, "rb") as file:
        end = box.read_container(file, path).end
    path.write_bytes(raw[:end])
    assert read_attributes(path)["likeness:id"] == "x"


def test_a_name_no_header_can_hold_is_refused(half_plate, tmp_path):
    write_frame(half_plate, tmp_path / "a.exr")
    with pytest.raises(ParameterError):
        set_attributes(tmp_path / "a.exr", {"x" * 256: "y"})


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FrameError, match="cannot be read: No such file"):
        read_attributes(tmp_path / "none.exr")
