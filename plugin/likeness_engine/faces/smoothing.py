"""Zero-phase smoothing of a face's meshes: still heads stand still, fast heads do not lag.

Pose and shape are smoothed apart, and lids, lips and the rest of the shape each for themselves.
Every group looks as far back and ahead as a straight line fits its motion to within the noise
(after Goldenshluger and Nemirovski 1997): 24 frames for a still head, none for a blink. The window
is the same on both sides wherever the shot allows, so nothing is delayed.
"""

from __future__ import annotations

import numpy as np

from likeness_engine.faces.align import STEADY, Similarity, fit_pose, fit_similarity
from likeness_engine.faces.patch import Array
from likeness_engine.faces.topology import POINTS, topology

_REACHES = (1, 2, 3, 4, 6, 8, 12, 16, 24)  # half windows, frames
_TOLERANCE = 1.25  # rms misfit over noise where a window begins to count as too long
_AWAY, _AWAY_SIGMAS = 0.03, 1.88  # share of the columns that may misfit, and that in sigmas
_SPREAD = 0.3  # ... and how fast its weight falls
_MOST_NOISE = 0.006  # of the outer-eye distance; what moves more than that is motion
_LEAST_NOISE = 0.0003
_STEADY = list(STEADY)
_LID_RING = 2.0  # how far from the lids, in eye heights, points go with them


def smooth_meshes(meshes: Array, amount: float, fixed: Array | None = None) -> Array:
    """Return the meshes (t, 478, 3) of one face in consecutive frames, smoothed.

    `amount` 0..1 scales the longest look ahead (1: 24 frames) and the tolerance. Frames where
    `fixed` (t,) is true pull their neighbours, and stay as they are.
    """
    raw = np.asarray(meshes, np.float64)
    if amount <= 0 or len(raw) < 3:
        return raw.copy()
    held = np.zeros(len(raw), bool) if fixed is None else np.asarray(fixed, bool)
    rest = _rest_shape(raw)
    poses = [fit_similarity(rest[_STEADY], mesh[_STEADY]) for mesh in raw]
    size = float(np.median([pose.scale for pose in poses]))
    rotations = np.array([pose.rotation for pose in poses], np.float64)
    local = np.array([_undo(p, r, m) for p, r, m in zip(poses, rotations, raw, strict=True)])

    motion = np.c_[
        [pose.shift for pose in poses],
        np.array([pose.scale for pose in poses])[:, None],
        rotations.reshape(-1, 9) * size,
    ]
    motion = _smooth(motion / size, amount, held, judged=motion.shape[1]) * size
    for group in _groups():
        x_y_z = local[:, group].transpose(0, 2, 1)  # depth is guessed: it does not judge
        smoothed = _smooth(x_y_z.reshape(len(raw), -1), amount, held, judged=2 * len(group))
        local[:, group] = smoothed.reshape(x_y_z.shape).transpose(0, 2, 1)

    smooth = np.empty_like(raw)
    for t, row in enumerate(motion):
        rotation = _nearest_rotation(row[4:].reshape(3, 3) / size)
        smooth[t] = row[3] * local[t] @ rotation.T + row[:3]
    smooth[held] = raw[held]
    return smooth


def _smooth(values: Array, amount: float, held: Array, *, judged: int) -> Array:
    """Smooth rows over time (t, k), values in outer-eye distances, all with one window.

    The first `judged` columns decide on the window.
    """
    count = len(values)
    noise = _noise(values)
    weights = np.where(held, 25.0, 1.0)
    longest = max(round(_REACHES[-1] * min(2 * amount, 1.0)), 1)
    tolerance = _TOLERANCE * (0.8 + 0.4 * amount)
    result, taken = np.zeros_like(values), np.zeros(count)
    left = np.ones(count)
    for reach in (r for r in reversed(_REACHES) if r <= longest):
        line = _line_weights(count, reach, weights)
        fitted = _apply(line, values)
        misfit = ((values - fitted) / noise)[:, :judged]
        share = left * _fits(misfit, line, tolerance)
        result += share[:, None] * fitted
        taken += share
        left -= share
    return result + (1 - taken)[:, None] * values


def _fits(misfit: Array, line: Array, tolerance: float) -> Array:
    """Return how far (0..1) each frame's line explains the frames near it to within the noise.

    `misfit` (t, k) is in units of the noise, `line` has the weights that made the line.
    """
    reach = line.shape[1] // 2
    own = line[:, reach]
    expected = np.maximum(1 - 2 * own + (line**2).sum(1), 0.05)
    squared = misfit**2 / expected[:, None]
    span = max(reach // 3, 1)
    samples = 2 * span + 1
    sums = np.cumsum(np.pad(squared, ((span + 1, span), (0, 0)), mode="edge"), axis=0)
    means = (sums[samples:] - sums[:-samples]) / samples
    # Nearly the worst column: one lip may move while the rest of the mouth stands still.
    part = 2 / (9 * samples)
    usual = (1 - part + _AWAY_SIGMAS * np.sqrt(part)) ** 3  # Wilson and Hilferty 1931
    worst = np.quantile(means, 1 - _AWAY, axis=1) / usual
    loose = 1 + (tolerance - 1) * (1 + 3 / np.sqrt(samples * min(misfit.shape[1], 20)))
    return np.asarray(np.clip(1 - (np.sqrt(worst) - loose) / _SPREAD, 0, 1))


def _line_weights(count: int, reach: int, weights: Array) -> Array:
    """Return the weights (count, 2 * reach + 1) of local straight lines under a tricube taper."""
    steps = np.arange(-reach, reach + 1.0)
    taper = np.clip(1 - (np.abs(steps) / (reach + 1)) ** 3, 0, 1) ** 3
    padded = np.pad(weights, reach)  # no weight before the first and after the last frame
    taper = taper * np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    s0, s1, s2 = taper.sum(1), (taper * steps).sum(1), (taper * steps**2).sum(1)
    spread = s0 * s2 - s1**2
    line = taper * (s2[:, None] - s1[:, None] * steps) / np.maximum(spread, 1e-12)[:, None]
    return np.asarray(np.where(spread[:, None] > 1e-9, line, taper / s0[:, None]))


def _apply(line: Array, values: Array) -> Array:
    """Return the weighted sums (t, k) of rows around each row."""
    reach = line.shape[1] // 2
    padded = np.pad(values, ((reach, reach), (0, 0)))
    total = np.zeros_like(values)
    for k in range(line.shape[1]):
        total += line[:, k : k + 1] * padded[k : k + len(values)]
    return total


def _noise(values: Array) -> Array:
    """Return each column's frame-to-frame noise (k,), from its third differences."""
    if len(values) < 5:
        return np.full(values.shape[1], 0.002)
    third = np.diff(values, n=3, axis=0)
    spread = np.median(np.abs(third), axis=0) / (0.6745 * np.sqrt(20.0))
    # Points that move all the time seem noisy; their neighbours tell what the noise is.
    return np.asarray(np.clip(np.minimum(spread, 2 * np.median(spread)), _LEAST_NOISE, _MOST_NOISE))


def _rest_shape(meshes: Array) -> Array:
    """Return the face's own shape (478, 3), the median over its frames at rest."""
    chosen = meshes[:: max(len(meshes) // 40, 1)]
    return np.asarray(np.median([fit_pose(mesh).undo(mesh) for mesh in chosen], axis=0))


def _undo(pose: Similarity, rotation: Array, mesh: Array) -> Array:
    return np.asarray((mesh - pose.shift) @ rotation / pose.scale)


def _nearest_rotation(matrix: Array) -> Array:
    u, _, vt = np.linalg.svd(matrix)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    return np.asarray((u * sign) @ vt)


def _groups() -> list[Array]:
    """Return the points that move together: the lids of each eye, the mouth, the rest, irises."""
    facts = topology()
    mean = facts.mean[:, :2]
    left = np.ones(POINTS, bool)
    groups = []
    for name in ("eye_right", "eye_left"):
        loop = mean[facts.loops[name]]
        high = np.ptp(loop[:, 1])
        apart = np.linalg.norm(mean[:, None] - loop[None], axis=-1).min(1)
        near = np.flatnonzero((apart < _LID_RING * high / 2) & left)
        left[near] = False
        groups.append(near)
    lips = mean[facts.regions["lips"]]
    nose_y = mean[2, 1]  # under the nose
    apart = np.linalg.norm(mean[:, None] - lips[None], axis=-1).min(1)
    mouth = np.flatnonzero((apart < 0.35) & (mean[:, 1] > nose_y) & left)
    left[mouth] = False
    return [
        *groups,
        mouth,
        np.flatnonzero(left),
        np.arange(POINTS, POINTS + 5),
        np.arange(POINTS + 5, POINTS + 10),
    ]
