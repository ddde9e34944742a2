"""A frame that is patched into its plate's file is the frame that would have been written whole."""

import numpy as np
import OpenEXR
import pytest

from likeness_engine.io.attributes import make
from likeness_engine.io.files import read_frame, write_frame
from likeness_engine.io.frame import Window
from likeness_engine.io.patch import CannotPatch, patch_exr

LOSSLESS = ("NO", "RLE", "ZIPS", "ZIP", "PIZ")


@pytest.fixture()
def plate(tmp_path):
    def make(codec="ZIP", window=((-8, -5), (91, 133)), kind=OpenEXR.scanlineimage):
        (x0, y0), (x1, y1) = window
        rng = np.random.default_rng(4)
        planes = {n: rng.normal(0.3, 1, (y1 - y0 + 1, x1 - x0 + 1)).astype("f2") for n in "RGBA"}
        planes["depth.Z"] = rng.normal(0, 1, planes["R"].shape).astype("f4")
        header = {
            "compression": getattr(OpenEXR, f"{codec}_COMPRESSION"),
            "type": kind,
            "dataWindow": window,
            "displayWindow": ((0, 0), (79, 119)),
            "note": "kept",
        }
        if kind == OpenEXR.tiledimage:
            header["tiles"] = OpenEXR.TileDescription()
        path = tmp_path / f"plate_{codec}.exr"
        OpenEXR.File(header, planes).write(str(path))
        return path

    return make


def paint(path, top=30, bottom=61):
    frame = read_frame(path, 7)
    window = Window(5, top, 40, bottom)
    rgb = np.full((window.height, window.width, 3), 0.5, np.float32)
    frame.write_rgb(window, rgb, np.ones(rgb.shape[:2], bool))
    return frame


def same(first, second):
    a, b = read_frame(first).parts[0], read_frame(second).parts[0]
    assert a.channels.keys() == b.channels.keys()
    for name, plane in a.channels.items():
        assert plane.tobytes() == b.channels[name].tobytes(), name
    assert a.header.keys() == b.header.keys()
    assert a.data_window == b.data_window


@pytest.mark.parametrize("codec", LOSSLESS)
@pytest.mark.parametrize("rows", [(30, 61), (-5, 1), (120, 134), (-5, 134)])
def test_a_patched_frame_equals_the_frame_written_whole(plate, tmp_path, codec, rows):
    path = plate(codec)
    frame = paint(path, *rows)
    patched, whole = tmp_path / "patched.exr", tmp_path / "whole.exr"
    patch_exr(frame, frame.parts[0], patched, rows)
    write_frame(frame, whole, attributes={"likeness:id": "x"})
    write_frame(frame, tmp_path / "again.exr", attributes={"likeness:id": "x"}, changed_rows=rows)
    same(tmp_path / "again.exr", whole)
    for name, plane in read_frame(patched).parts[0].channels.items():
        assert plane.tobytes() == frame.parts[0].channels[name].tobytes()


def test_a_frame_in_which_nothing_changed_is_copied_chunk_by_chunk(plate, tmp_path, monkeypatch):
    path = plate()
    frame = read_frame(path)

    def refuse(*_):
        raise AssertionError("nothing had to be compressed")

    monkeypatch.setattr("likeness_engine.io.patch.write_exr", refuse)
    patch_exr(frame, frame.parts[0], tmp_path / "copy.exr", (0, 0))
    same(tmp_path / "copy.exr", path)


def test_the_new_header_takes_the_old_ones_place(plate, tmp_path):
    frame = paint(plate())
    out = tmp_path / "out.exr"
    write_frame(frame, out, attributes={"likeness:dsse": "z" * 5000}, changed_rows=(30, 61))
    header = OpenEXR.File(str(out), header_only=True).header()
    assert header["likeness:dsse"] == "z" * 5000
    assert header["note"] == "kept"


def test_a_plate_that_changed_on_disk_is_not_copied_from(plate, tmp_path):
    path = plate()
    frame = paint(path)
    plate("ZIP", window=((-8, -5), (91, 133)))
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(CannotPatch, match="changed on disk"):
        patch_exr(frame, frame.parts[0], tmp_path / "x.exr", (30, 61))
    write_frame(frame, tmp_path / "whole.exr", changed_rows=(30, 61))
    found = read_frame(tmp_path / "whole.exr").parts[0].channels
    assert all(found[n].tobytes() == p.tobytes() for n, p in frame.parts[0].channels.items())


@pytest.mark.parametrize("what", ["tiled", "other compression", "other channels"])
def test_what_cannot_be_patched_is_written_whole(plate, tmp_path, what):
    path = plate(kind=OpenEXR.tiledimage if what == "tiled" else OpenEXR.scanlineimage)
    frame = paint(path)
    if what == "other channels":
        frame.add_layer("swap", {"A": np.ones((4, 4), np.float32)}, window=Window(0, 0, 4, 4))
    compression = "piz" if what == "other compression" else ""
    out = tmp_path / "out.exr"
    write_frame(frame, out, compression=compression, changed_rows=(30, 61))
    found = read_frame(out).parts[0].channels
    assert found.keys() == frame.parts[0].channels.keys()
    assert all(found[n].tobytes() == p.tobytes() for n, p in frame.parts[0].channels.items())


def test_patching_leaves_no_temporary(plate, tmp_path):
    frame = paint(plate())
    folder = tmp_path / "out"
    write_frame(frame, folder / "out.exr", changed_rows=(30, 61))
    assert [p.name for p in folder.iterdir()] == ["out.exr"]


@pytest.mark.parametrize("what", ["plate gone", "moved window", "lines upwards"])
def test_a_plate_that_no_longer_fits_is_written_whole(plate, tmp_path, what):
    path = plate()
    if what == "lines upwards":
        upwards = read_frame(path)
        upwards.parts[0].header["lineOrder"] = make("lineOrder", 1)
        write_frame(upwards, path)
    frame = paint(path)
    if what == "plate gone":
        path.unlink()
    if what == "moved window":
        part = frame.parts[0]
        data = part.data_window
        part.data_window = Window(data.x0 + 3, data.y0 + 9, data.x1 + 3, data.y1 + 9)
    with pytest.raises(CannotPatch):
        patch_exr(frame, frame.parts[0], tmp_path / "x.exr", (30, 61))
    write_frame(frame, tmp_path / "out.exr", changed_rows=(30, 61))
    found = read_frame(tmp_path / "out.exr").parts[0]
    assert found.data_window == frame.parts[0].data_window
    for name, plane in frame.parts[0].channels.items():
        assert found.channels[name].tobytes() == plane.tobytes()
