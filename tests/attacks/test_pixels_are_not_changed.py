"""Ways of changing a picture and keeping its record: the verifier sees each bit."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from likeness.documents.statement import ENVELOPE
from likeness_engine.io.files import read_frame, write_frame
from likeness_engine.io.frame import Frame, Part, Window
from likeness_engine.io.header import read_attributes, set_attributes
from likeness_engine.provenance.verify import verify


@pytest.mark.parametrize("channel", ["R", "A"])
@pytest.mark.parametrize("bit", [0, 15])
def test_a_pixel_changed_by_one_bit_is_derived(world, channel, bit):
    path = world.deliver()
    frame = read_frame(path)
    frame.parts[0].channels[channel].view(np.uint16)[3, 5] ^= np.uint16(1 << bit)
    write_frame(frame, path)
    assert verify(path).state == "derived"


def test_a_zero_that_loses_its_sign_is_derived(world):
    frame = world.frame()
    frame.parts[0].channels["G"][0, 0] = np.float16(-0.0)
    path = world.deliver(frame=frame)
    again = read_frame(path)
    again.parts[0].channels["G"][0, 0] = np.float16(0.0)
    write_frame(again, path)
    assert verify(path).state == "derived"


def test_a_frame_moved_in_its_window_is_derived(world):
    path = world.deliver()
    frame = read_frame(path)
    box = frame.data_window
    moved = Window(box.x0 + 1, box.y0, box.x1 + 1, box.y1)
    write_frame(replace(frame, parts=[replace(frame.parts[0], data_window=moved)]), path)
    assert verify(path).state == "derived"


def test_a_channel_renamed_is_derived(world):
    path = world.deliver()
    frame = read_frame(path)
    planes = frame.parts[0].channels
    planes["R"], planes["B"] = planes["B"], planes["R"]
    write_frame(frame, path)
    assert verify(path).state == "derived"


def test_a_channel_added_is_derived(world):
    path = world.deliver()
    frame = read_frame(path)
    frame.add_layer("more", {"R": np.zeros((24, 24), np.float32)})
    write_frame(frame, path)
    assert verify(path).state == "derived"


def test_a_frame_recompressed_without_loss_stays_valid(world):
    path = world.deliver()
    for compression in ("piz", "none", "rle", "zips"):
        write_frame(read_frame(path), path, compression=compression)
        assert verify(path).state == "valid"


def test_a_part_exchanged_in_a_multi_part_file_is_derived_and_named(world):
    path = world.deliver(frame=_two_parts(world))
    assert verify(path).state == "valid"
    frame = read_frame(path)
    frame.parts[1].channels["Z"][0, 0] += 1
    write_frame(frame, path)
    found = verify(path)
    assert (found.state, "changed parts: depth" in found.detail) == ("derived", True)


def test_parts_that_change_places_are_derived(world):
    frame = _two_parts(world)
    path = world.deliver(frame=frame)
    held = read_frame(path)
    held.parts[0].channels, held.parts[1].channels = (
        held.parts[1].channels,
        held.parts[0].channels,
    )
    write_frame(held, path)
    assert verify(path).state == "derived"


def test_a_valid_part_does_not_cover_for_a_part_with_a_foreign_record(world):
    other = world.deliver("other.1001.exr", seed=8)
    path = world.deliver(frame=_two_parts(world))
    set_attributes(path, {ENVELOPE: read_attributes(other)[ENVELOPE]}, part=1)
    assert verify(path).state == "derived"


@pytest.mark.parametrize("damage", ["cut", "empty", "text"])
def test_a_damaged_file_is_unreadable(world, damage):
    path = world.deliver()
    raw = path.read_bytes()
    path.write_bytes({"cut": raw[: len(raw) // 2], "empty": b"", "text": b"no EXR at all"}[damage])
    assert verify(path).state == "unreadable"


def test_a_file_that_is_not_there_is_unreadable(world):
    assert verify(world.folder / "none.exr").state == "unreadable"


def test_a_renamed_file_stays_valid_and_says_its_first_name(world):
    path = world.deliver()
    moved = shutil.move(path, path.with_name("renamed.exr"))
    assert verify(moved).statement["subject"][0]["name"] == "sh010.1001.exr"


def _two_parts(world):
    box = Window(0, 0, 24, 24)
    depth = np.random.default_rng(3).random((24, 24), np.float32)
    beauty = world.frame().parts[0]
    beauty.name = "beauty"
    return Frame("plate.exr", 1001, [beauty, Part("depth", {"Z": depth}, {}, box, box)])
