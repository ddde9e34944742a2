"""One texture from several views: nothing double, nothing invented where something was seen."""

import numpy as np
import pytest

from likeness_engine.faces.light import skin_weights
from likeness_engine.faces.topology import surface, topology
from likeness_engine.faces.unwrap import View, unwrap
from likeness_engine.identity.texture import MIDDLE_GREY, merge_views, texture_size

SIZE = 256


def skin(seed=3):
    rng = np.random.default_rng(seed)
    return (0.3 * rng.uniform(0.9, 1.1, (SIZE, SIZE, 3)) * [1.2, 1.0, 0.8]).astype(np.float32)


def ramp(left, right):
    row = np.clip(np.linspace(left, right, SIZE), 0, 1).astype(np.float32)
    return np.tile(row, (SIZE, 1))


def inner():
    axis = (np.arange(SIZE) + 0.5) / SIZE - 0.5
    return np.hypot(axis[None], axis[:, None]) < 0.3


def test_one_view_comes_back_with_its_colour_at_middle_grey():
    texture = skin()
    merged = merge_views([View(texture, np.ones((SIZE, SIZE), np.float32))])
    ratio = merged[..., :3][inner()] / texture[inner()]
    assert ratio.std() < 0.01 * ratio.mean()
    weights = np.kron(skin_weights(), np.ones((2, 2)))
    level = (merged[..., :3].mean(2) * weights).sum() / weights.sum()
    assert level == pytest.approx(MIDDLE_GREY, rel=0.03)


def test_two_views_in_other_light_and_exposure_join_without_a_seam():
    texture = skin()
    left = View(texture * 2.5, ramp(1.5, -0.5))
    right = View(texture * ramp(0.8, 1.2)[..., None], ramp(-0.5, 1.5))
    merged = merge_views([left, right])
    ratio = (merged[..., :3] / texture).mean(2)
    middle = ratio[64:192, 118:138]
    assert np.abs(np.diff(middle, axis=1)).max() < 0.03 * middle.mean()


def test_detail_comes_from_the_better_view_and_is_not_averaged_away():
    sharp, blurred = skin(), np.full((SIZE, SIZE, 3), 0.3, np.float32) * [1.2, 1.0, 0.8]
    best = View(sharp, np.ones((SIZE, SIZE), np.float32))
    worse = View(blurred.astype(np.float32), np.full((SIZE, SIZE), 0.4, np.float32))
    merged = merge_views([worse, best])[..., 1][inner()]
    assert merged.std() / merged.mean() > 0.95 * sharp[..., 1][inner()].std() / 0.3


def test_an_unseen_half_is_taken_from_the_other_half():
    texture = skin()
    seen = np.zeros((SIZE, SIZE), np.float32)
    seen[:, : SIZE // 2] = 1
    merged = merge_views([View(texture, seen)])
    assert (merged[128, 150:200, 3] == 0).all(), "alpha says what was seen"
    assert np.allclose(merged[128, 190, :3], merged[128, SIZE - 1 - 190, :3], rtol=0.02)


def test_the_texture_is_large_enough_for_the_photograph_and_bounded():
    assert texture_size(300) == 512
    assert texture_size(1400) == 2048
    assert texture_size(9000) == 4096
    assert texture_size(10) == 256


def test_unwrapping_a_picture_of_its_own_places_gives_the_places_back():
    mesh = (topology().mean * 200 + [256, 256, 0]).astype(np.float32)
    y, x = np.mgrid[:512, :512].astype(np.float32) + 0.5
    view = unwrap(np.dstack([x, y, x * 0]), mesh, SIZE)
    vertices = surface().refine(mesh)
    at = np.clip((surface().uv * SIZE).astype(int), 0, SIZE - 1)
    good = view.quality[at[:, 1], at[:, 0]] > 0.6
    assert good.sum() > 400
    found = view.texture[at[:, 1], at[:, 0], :2][good]
    # A texel is up to four pixels wide here, and a vertex lies anywhere in its texel.
    assert np.abs(found - vertices[good, :2]).max() < 4


def test_what_lies_outside_the_picture_has_no_quality():
    mesh = (topology().mean * 200 + [20, 256, 0]).astype(np.float32)
    view = unwrap(np.ones((512, 512, 3), np.float32), mesh, SIZE)
    assert (view.quality[:, 30:110] == 0).all()
    assert (view.quality[100:150, 160:200] > 0).any()
