"""Frames on their way out: signed in one pass, whatever the file is like."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

from likeness.errors import FrameError, LikenessError, ParameterError
from likeness_engine.deliver import deliver
from likeness_engine.io import attributes as attr
from likeness_engine.io.atomic import sweep_temporaries
from likeness_engine.io.files import read_frame
from likeness_engine.io.frame import Frame, Part, Window
from likeness_engine.io.header import read_attributes
from likeness_engine.provenance.pixels import hash_frame
from likeness_engine.provenance.verify import verify


@pytest.mark.parametrize(
    "compression", ["", "none", "rle", "zips", "zip", "piz", "zstd", "pxr24", "b44", "dwaa", "dwab"]
)
@pytest.mark.parametrize("pixel_type", ["", "half", "float"])
def test_a_frame_is_valid_in_every_compression(sign, make_frame, compression, pixel_type):
    done = sign(make_frame(), compression=compression, pixel_type=pixel_type)
    assert verify(done.path).state == "valid"
    assert hash_frame(read_frame(done.path)) == done.pixels
    assert [p.name for p in done.path.parent.iterdir()] == [done.path.name]


def test_the_pixels_leave_as_they_came(sign, make_frame):
    done = sign(make_frame())
    assert done.pixels == hash_frame(make_frame())


def test_delivering_does_not_touch_the_frame_in_memory(sign, make_frame):
    frame = make_frame()
    frame.parts[0].header["likeness:dsse"] = attr.text("upstream")
    sign(frame)
    assert frame.parts[0].header == {"likeness:dsse": attr.text("upstream")}
    assert hash_frame(frame) == hash_frame(make_frame())


def test_attributes_of_the_plate_are_kept_beside_the_record(sign, make_frame):
    frame = make_frame()
    frame.parts[0].header["timeCode"] = attr.make_timecode("01:02:03:04")
    frame.set_text("camera", "A")
    path = sign(frame).path
    header = read_frame(path).parts[0].header
    assert attr.read_timecode(header["timeCode"]) == "01:02:03:04"
    assert header["camera"].value == "A"
    assert set(read_attributes(path)) >= {
        "likeness:dsse",
        "likeness:id",
        "likeness:status",
        "likeness:ai",
    }


def test_a_multi_part_frame_tells_each_part(sign):
    box = Window(0, 0, 8, 8)
    parts = [
        Part(name, {"R": np.full((8, 8), value, np.float16)}, {}, box, box)
        for name, value in (("left", 1), ("right", 2))
    ]
    done = sign(Frame("p", 1001, parts))
    assert verify(done.path).state == "valid"
    assert [(p.name, p.sha256) for p in done.record.parts] == list(done.pixels.parts)


def test_a_tiled_frame_is_valid(sign, make_frame):
    frame = make_frame(storage="tiledimage")
    assert verify(sign(frame).path).state == "valid"


def test_a_frame_delivered_again_replaces_the_first(sign, make_frame):
    sign(make_frame())
    done = sign(make_frame(seed=8))
    assert done.pixels == hash_frame(make_frame(seed=8))
    assert verify(done.path).state == "valid"


@pytest.mark.parametrize("output", [{}, {"compression": "dwaa"}])
def test_a_place_that_cannot_be_written_leaves_nothing(sign, make_frame, tmp_path, output):
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(LikenessError, match="was not written|cannot be written"):
        sign(make_frame(), **output)


@pytest.mark.parametrize("output", [{}, {"compression": "dwaa"}])
def test_a_result_that_is_no_exr_is_refused(sign, make_frame, tmp_path, output):
    with pytest.raises(ParameterError, match="is no .exr"):
        sign(make_frame(), "a.1001.png", **output)
    assert not list(tmp_path.glob("out/*"))


def test_what_a_killed_lossy_run_left_is_written_over(sign, make_frame, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".a.1001.exr.unsigned.exr").write_text("half a frame")
    done = sign(make_frame(), compression="dwaa")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["a.1001.exr"]
    assert verify(done.path).state == "valid"


def test_a_frame_of_a_type_that_exr_has_not_is_refused(sign, make_frame, tmp_path):
    frame = make_frame()
    frame.parts[0].channels["R"] = np.zeros((20, 33))
    with pytest.raises(FrameError, match="float64"):
        sign(frame)
    assert not list(tmp_path.glob("out/*"))


KILLED = """
import os, pickle, sys
import likeness_engine.deliver as door
import likeness_engine.io.atomic as atomic

delivery, path, point = pickle.load(sys.stdin.buffer)
die = lambda *_, **__: os._exit(9)  # as kill -9 does: nothing is cleaned up
if point == "rename":
    atomic.os.replace = die
else:
    setattr(door, point, die)
door.deliver(delivery, path)
"""


@pytest.mark.parametrize(
    ("compression", "point"),
    [("zip", "rename"), ("dwaa", "rename"), ("dwaa", "set_attributes")],
)
def test_a_killed_delivery_leaves_no_frame_and_the_next_one_no_remains(
    make_delivery, tmp_path, compression, point
):
    path = tmp_path / "out" / "a.1001.exr"
    delivery = make_delivery(compression=compression)
    told = pickle.dumps((delivery, path, point))
    assert subprocess.run([sys.executable, "-c", KILLED], input=told).returncode == 9
    assert not path.exists()
    assert list(path.parent.iterdir()) != []  # it did die with work in hand
    sweep_temporaries(path.parent)
    deliver(delivery, path)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert verify(path).state == "valid"
