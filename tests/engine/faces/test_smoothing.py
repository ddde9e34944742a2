"""Smoothing: still heads stand still, fast ones do not lag, blinks survive."""

import numpy as np
import pytest

from likeness_engine.faces.smoothing import smooth_meshes
from likeness_engine.faces.topology import topology

EYES_PX = 200.0
NOISE = 0.0015  # of the outer-eye distance: what the nets do under grain (0.04 to 0.13 %), and more


def rest_mesh():
    mean = topology().mean.astype(np.float64)
    irises = [mean[[33, 133]].mean(0)] * 5 + [mean[[362, 263]].mean(0)] * 5
    return np.concatenate([mean, irises]) * EYES_PX


def film(count, yaw=lambda t: 0.0, x=lambda t: 0.0):
    """Return true meshes (t, 478, 3) of a head that turns and moves."""
    frames = []
    for t in range(count):
        a = np.radians(yaw(t))
        turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
        frames.append(rest_mesh() @ turn.T + [500 + x(t), 400, 0])
    return np.array(frames)


def noisy(truth, seed=0):
    """Return the meshes with independent noise, and noise that moves all points together."""
    rng = np.random.default_rng(seed)
    own = rng.normal(0, NOISE * EYES_PX, truth.shape)
    together = rng.normal(0, NOISE * EYES_PX, (len(truth), 1, 3))
    return truth + own + together


def jitter(meshes):
    """Return the rms move from frame to frame in per cent of the outer-eye distance."""
    return 100 * np.sqrt((np.diff(meshes[..., :2], axis=0) ** 2).sum(-1).mean()) / EYES_PX


def off(meshes, truth):
    return np.linalg.norm((meshes - truth)[..., :2], axis=-1)


def s_curve(t, start, length, size):
    k = np.clip((t - start) / length, 0, 1)
    return size * k * k * (3 - 2 * k)


def test_a_still_head_stands_still():
    truth = film(48)
    raw = noisy(truth)
    smooth = smooth_meshes(raw, 0.5)
    assert jitter(raw) > 0.3
    assert jitter(smooth) < 0.05
    assert off(smooth, truth).mean() < 0.45 * off(raw, truth).mean()


def test_a_head_that_turns_60_degrees_in_12_frames_does_not_lag():
    truth = film(48, yaw=lambda t: s_curve(t, 18, 12, 60.0) - 30)
    smooth = smooth_meshes(noisy(truth), 0.5)
    nose = truth[:, 1, 0]
    speed = np.diff(nose).max()
    assert speed > 8  # px a frame
    # A delay of one frame would be off by `speed`; the noise alone is 0.4 px.
    assert np.abs(smooth[:, 1, 0] - nose).max() < 1.5
    assert off(smooth, truth).mean(1).max() < 1.5


def test_the_turn_is_smoothed_where_it_rests():
    truth = film(48, yaw=lambda t: s_curve(t, 18, 12, 60.0) - 30)
    smooth = smooth_meshes(noisy(truth), 0.5)
    assert jitter(smooth[:10]) < 0.12
    assert jitter(smooth[-10:]) < 0.12


def test_a_slow_pan_is_followed_to_the_noise():
    truth = film(60, x=lambda t: 3.0 * t)
    smooth = smooth_meshes(noisy(truth), 0.5)
    assert off(smooth, truth).mean() < 0.3
    assert jitter(smooth - truth) < 0.06


def test_smoothing_has_no_phase():
    raw = noisy(film(40, yaw=lambda t: s_curve(t, 14, 12, 40.0)))
    forwards, backwards = smooth_meshes(raw, 0.5), smooth_meshes(raw[::-1], 0.5)[::-1]
    assert np.abs(forwards - backwards).max() < 0.02


def test_a_blink_of_three_frames_keeps_its_depth():
    truth = film(40)
    shut = np.array([0.0] * 18 + [0.6, 1.0, 0.6] + [0.0] * 19)
    upper, lower = [161, 160, 159, 158, 157], [163, 144, 145, 153, 154]
    gap = truth[:, lower, 1] - truth[:, upper, 1]
    truth[:, upper, 1] += shut[:, None] * gap
    smooth = smooth_meshes(noisy(truth), 0.5)
    depth = (smooth[:, lower, 1] - smooth[:, upper, 1]).mean(1)
    assert depth[19] < 0.1 * depth[10]
    assert depth[16] > 0.85 * depth[10]


def test_a_word_of_the_mouth_keeps_its_height():
    truth = film(48)
    lips = topology().regions["lips"]
    low = lips[truth[0, lips, 1] > np.median(truth[0, lips, 1])]
    opening = 14 * np.maximum(np.sin(np.arange(48) / 48 * 2 * np.pi * 6), 0)  # 4 openings a second
    truth[:, low, 1] += opening[:, None]
    smooth = smooth_meshes(noisy(truth), 0.5)
    assert np.abs(smooth[:, low, 1] - truth[:, low, 1]).mean() < 0.8
    assert np.ptp(smooth[:, low, 1].mean(1)) > 0.9 * opening.max()


def test_more_smoothing_is_smoother_and_none_changes_nothing():
    raw = noisy(film(48))
    steps = [jitter(smooth_meshes(raw, amount)) for amount in (0.1, 0.5, 1.0)]
    assert steps[0] > steps[1] >= steps[2]
    assert smooth_meshes(raw, 0.0).tobytes() == raw.tobytes()


def test_fixed_frames_stay_and_pull_their_neighbours():
    raw = noisy(film(31))
    raw[15] += [0.4, 0, 0]
    fixed = np.zeros(31, bool)
    fixed[15] = True
    smooth = smooth_meshes(raw, 0.5, fixed)
    free = smooth_meshes(raw, 0.5)
    assert smooth[15].tobytes() == raw[15].tobytes()
    assert np.abs(smooth[14] - raw[15]).mean() < np.abs(free[14] - raw[15]).mean()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_short_segments_are_taken_as_they_are_or_smoothed_a_little(count):
    truth = film(count)
    raw = noisy(truth)
    smooth = smooth_meshes(raw, 0.5)
    assert smooth.shape == raw.shape
    assert np.isfinite(smooth).all()
    assert off(smooth, truth).mean() <= off(raw, truth).mean() * 1.01


def test_the_same_meshes_give_the_same_bits():
    raw = noisy(film(30, yaw=lambda t: t))
    assert smooth_meshes(raw, 0.5).tobytes() == smooth_meshes(raw, 0.5).tobytes()
