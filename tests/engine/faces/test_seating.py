"""Matte, light, grain and the three ways to blend."""

import numpy as np
import pytest

from likeness_engine.faces.blend import (
    blend_gradient,
    blend_multiband,
    blend_over,
    decode,
    encode,
)
from likeness_engine.faces.grain import Grain, make_grain, measure_grain
from likeness_engine.faces.light import MAP, light_ratio, skin_weights
from likeness_engine.faces.matte import face_matte
from likeness_engine.faces.unwrap import View

SIZE = 128
MIDDLE = slice(32, 96)


@pytest.fixture()
def covered():
    mask = np.zeros((SIZE, SIZE), bool)
    mask[MIDDLE, MIDDLE] = True
    return mask


@pytest.fixture()
def plate():
    rng = np.random.default_rng(5)
    smooth = np.linspace(0.05, 1.4, SIZE, dtype=np.float32)
    return (smooth[None, :, None] + rng.normal(0, 0.004, (SIZE, SIZE, 3))).astype(np.float32)


def test_encoding_is_undone_to_float_precision_for_negatives_and_highlights():
    light = np.array([-2.0, -0.01, -1e-6, 0.0, 1e-6, 0.18, 1.0, 60.0, 60000.0], np.float32)
    assert np.allclose(decode(encode(light)), light, rtol=2e-6, atol=1e-8)
    assert (np.diff(encode(light)) > 0).all()


def test_a_matte_is_zero_outside_one_inside_and_rises_over_the_feather(covered):
    matte = face_matte(covered, erode_px=4, feather_px=10)
    assert (matte[~covered] == 0).all()
    assert matte[64, 64] == 1
    row = matte[64, 32:64]
    assert (np.diff(row) >= 0).all()
    assert row[3] == 0
    assert 0 < row[9] < 1
    assert row[15] == 1


def test_a_negative_erode_grows_the_matte(covered):
    grown = face_matte(covered, erode_px=-6, feather_px=2)
    assert grown[64, 28] > 0
    assert grown[64, 20] == 0


@pytest.mark.parametrize(
    "blend",
    [
        blend_over,
        lambda p, e, m: blend_multiband(p, e, m, bands=4),
        lambda p, e, m: blend_gradient(p, e, m, np.zeros_like(m)),
    ],
)
def test_every_blend_leaves_the_plate_alone_outside_the_matte(blend, plate, covered):
    matte = face_matte(covered, erode_px=2, feather_px=8)
    encoded = encode(plate)
    joined = blend(encoded, encoded + 1.0, matte)
    assert (joined[matte == 0] == encoded[matte == 0]).all()


@pytest.mark.parametrize(
    "blend",
    [
        blend_over,
        lambda p, e, m: blend_multiband(p, e, m, bands=4),
        lambda p, e, m: blend_gradient(p, e, m, np.zeros_like(m)),
    ],
)
def test_an_element_that_is_the_plate_changes_nothing(blend, plate, covered):
    matte = face_matte(covered, erode_px=2, feather_px=8)
    encoded = encode(plate)
    assert np.allclose(blend(encoded, encoded.copy(), matte), encoded, atol=1e-5)


def test_gradient_takes_a_constant_offset_away_and_keeps_the_detail(plate, covered):
    matte = face_matte(covered, erode_px=1, feather_px=2)
    encoded = encode(plate)
    spots = np.zeros_like(encoded)
    spots[60:68, 60:68] = 0.5
    joined = blend_gradient(encoded, encoded + 0.8 + spots, matte, np.zeros_like(matte))
    inside = (slice(44, 84), slice(44, 84))
    assert np.abs((joined - encoded - spots)[inside]).max() < 0.05


def test_a_hot_edge_gets_no_halo(covered):
    plate = np.full((SIZE, SIZE, 3), 0.2, np.float32)
    plate[:, 90:] = 30.0  # a lamp right behind the cheek
    matte = face_matte(covered, erode_px=2, feather_px=8)
    joined = decode(
        blend_multiband(encode(plate), encode(np.full_like(plate, 0.2)), matte, bands=4)
    )
    assert joined[:, :70].max() < 0.24
    assert joined.min() > 0.15


def test_light_ratio_finds_a_soft_gain_and_ignores_fine_texture():
    rng = np.random.default_rng(9)
    texture = np.full((MAP, MAP, 3), 0.3, np.float32) * rng.uniform(0.8, 1.25, (MAP, MAP, 1))
    gain = np.linspace(0.5, 2.0, MAP, dtype=np.float32)[None, :, None]
    seen = np.ones((MAP, MAP), np.float32)
    found = light_ratio(
        View((texture * gain).astype(np.float32), seen),
        View(texture.astype(np.float32), seen),
        softness=0.05,
    )
    skin = skin_weights() > 0.5
    error = (found - np.log(gain))[skin]
    assert np.abs(error).mean() < 0.06


def test_grain_is_measured_to_a_tenth_and_made_to_measure():
    rng = np.random.default_rng(11)
    clean = np.tile(np.linspace(0.1, 0.9, 400, dtype=np.float32)[None, :, None], (300, 1, 3))
    sigma = 0.01 + 0.02 * clean
    noisy = (clean + rng.normal(0, 1, clean.shape) * sigma).astype(np.float32)
    grain = measure_grain(noisy, np.ones(clean.shape[:2], bool))
    expected = 0.01 + 0.02 * grain.tone
    assert np.allclose(grain.sigma.mean(1), expected, rtol=0.1)
    assert grain.blur_px < 0.35  # a kernel of 0.35 px moves a neighbour by 2 %: no blur
    made = make_grain(grain, clean.mean(2), seed=(7, 1))
    again = measure_grain(clean + made, np.ones(clean.shape[:2], bool))
    assert np.allclose(again.sigma, grain.sigma, rtol=0.12)


def test_soft_grain_is_known_by_its_softness():
    import cv2

    rng = np.random.default_rng(12)
    noise = cv2.GaussianBlur(rng.normal(0, 1, (400, 400, 3)).astype(np.float32), (0, 0), 0.8)
    noise *= 0.02 / noise.std()
    grain = measure_grain(0.4 + noise, np.ones((400, 400), bool))
    assert abs(grain.blur_px - 0.8) < 0.15
    assert np.allclose(grain.sigma.mean(), 0.02, rtol=0.15)


def test_the_same_seed_gives_the_same_grain_and_another_frame_another():
    grain = Grain(np.array([0.0, 1.0], np.float32), np.full((2, 3), 0.02, np.float32), 0.5)
    light = np.full((64, 64), 0.4, np.float32)
    first, same = make_grain(grain, light, seed=(1001, 5)), make_grain(grain, light, seed=(1001, 5))
    other = make_grain(grain, light, seed=(1002, 5))
    assert (first == same).all()
    assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.1
