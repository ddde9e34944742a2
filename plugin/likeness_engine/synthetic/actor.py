"""Who an actor is: bones, skin, eyes, hair, age. Nobody real: numbers drawn or chosen here."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from likeness_engine.synthetic.scene import Vector
from likeness_engine.synthetic.shapes import BONES


@dataclass(frozen=True)
class Actor:
    """One procedural person. Colours are linear ACEScg reflectances."""

    name: str
    seed: int
    years: float = 30.0
    scale: Vector = (1.0, 1.0, 1.0)  # width, height, depth of the face
    bones: tuple[tuple[str, float], ...] = ()  # standard deviations, see shapes.BONES
    skin: Vector = (0.44, 0.31, 0.235)
    redness: float = 1.0
    freckles: float = 0.0
    moles: int = 5
    beard: float = 0.0  # shadow of a shaved beard, 0..1
    lips: Vector = (0.36, 0.165, 0.15)
    brows: float = 1.0  # thickness
    iris: Vector = (0.10, 0.16, 0.20)
    iris_inner: Vector = (0.20, 0.14, 0.07)
    hair: Vector = (0.045, 0.028, 0.018)
    style: str = "tied"  # tied, crop
    hairline_mm: float = 0.0  # higher is further up
    neck: float = 1.0  # width
    oil: float = 1.0  # strength of the skin's shine

    def aged(self, years: float) -> Actor:
        """Return the same person at another age."""
        return replace(self, years=years)


ADA = Actor(
    name="ada",
    seed=11,
    years=29.0,
    scale=(0.985, 1.0, 1.0),
    bones=tuple({
        "jaw_width": -1.2, "cheekbones": 0.8, "chin_width": -0.9, "chin_length": -0.5,
        "nose_width": -0.7, "nose_length": -0.7, "nose_tip_up": 0.7, "lip_upper": 0.8,
        "lip_lower": 0.8, "eye_open": 0.3, "eye_tilt": 0.6, "brow_height": 0.5,
        "brow_ridge": -1.0, "cheek_fat": 0.3,
    }.items()),
    skin=(0.315, 0.195, 0.130),
    freckles=0.5,
    lips=(0.27, 0.115, 0.10),
    brows=0.8,
    iris=(0.040, 0.024, 0.012),
    iris_inner=(0.062, 0.032, 0.012),
    hair=(0.020, 0.012, 0.009),
    style="tied",
    hairline_mm=-3.0,
    neck=0.88,
)  # fmt: skip

BO = Actor(
    name="bo",
    seed=23,
    years=44.0,
    scale=(1.025, 1.03, 1.0),
    bones=tuple({
        "jaw_width": 0.9, "jaw_square": 1.0, "chin_length": 0.5, "chin_width": 0.8,
        "chin_forward": 0.4, "nose_width": 0.6, "nose_length": 0.7, "nose_bridge": 0.8,
        "nose_hump": 0.7, "lip_upper": -0.7, "lip_lower": -0.4, "eye_open": -0.3,
        "brow_ridge": 1.1, "brow_height": -0.5, "cheek_fat": -0.5, "forehead": 0.4,
    }.items()),
    skin=(0.46, 0.325, 0.25),
    redness=0.9,
    moles=8,
    beard=0.75,
    lips=(0.38, 0.20, 0.175),
    brows=1.25,
    iris=(0.095, 0.135, 0.160),
    iris_inner=(0.16, 0.14, 0.09),
    hair=(0.075, 0.045, 0.026),
    style="crop",
    hairline_mm=3.0,
    neck=1.04,
)  # fmt: skip

ACTORS: dict[str, Actor] = {"ada": ADA, "bo": BO}

# Reflectances of skin in linear ACEScg, from fair to deep, after measured spectra of forearms.
TONES = np.array(
    [[0.56, 0.41, 0.33], [0.50, 0.345, 0.265], [0.42, 0.28, 0.20], [0.315, 0.195, 0.13],
     [0.20, 0.118, 0.075], [0.115, 0.065, 0.042]]
)  # fmt: skip
HAIRS = np.array([[0.012, 0.009, 0.008], [0.03, 0.018, 0.012], [0.075, 0.045, 0.026],
                  [0.20, 0.13, 0.07], [0.16, 0.06, 0.025], [0.30, 0.29, 0.28]])  # fmt: skip
IRISES = np.array(
    [[0.055, 0.035, 0.018], [0.12, 0.20, 0.26], [0.10, 0.15, 0.08], [0.12, 0.09, 0.04]]
)


def random_actor(seed: int) -> Actor:
    """Return the person that belongs to a seed; the same seed is the same person for ever."""
    dice = np.random.default_rng([seed, 7919])
    bones = tuple((name, float(np.clip(dice.normal(0, 0.75), -1.7, 1.7))) for name in sorted(BONES))
    tone = dice.uniform(0, len(TONES) - 1)
    skin = _between(TONES, tone) * dice.uniform(0.93, 1.07)
    deep = tone / (len(TONES) - 1)
    years = float(dice.uniform(20, 68))
    hair = HAIRS[dice.integers(0, 5 if deep < 0.5 else 2)] * dice.uniform(0.8, 1.25)
    grey = np.clip((years - 45) / 25, 0, 1) * dice.uniform(0, 1)
    hair = hair * (1 - grey) + HAIRS[5] * grey
    crop = bool(dice.random() < 0.5)
    iris = IRISES[dice.integers(0, 4 if deep < 0.55 else 1)] * dice.uniform(0.8, 1.2)
    return Actor(
        name=f"seed{seed}",
        seed=seed,
        years=years,
        scale=_vector(dice.uniform(0.95, 1.05, 3)),
        bones=bones,
        skin=_vector(skin),
        redness=float(dice.uniform(0.6, 1.4)),
        freckles=float(max(0.0, dice.normal(-0.2, 0.5))) * (deep < 0.6),
        moles=int(dice.integers(0, 12)),
        beard=float(dice.uniform(0.2, 1.0)) * crop * bool(dice.random() < 0.8),
        lips=_vector(skin * [0.82, 0.60, 0.64] * dice.uniform(0.9, 1.05)),
        brows=float(dice.uniform(0.7, 1.4)),
        iris=_vector(iris),
        iris_inner=_vector(iris * [1.8, 1.2, 0.8]),
        hair=_vector(hair),
        style="crop" if crop else "tied",
        hairline_mm=float(dice.uniform(-2, 9)) if crop else float(dice.uniform(-3, 4)),
        neck=float(dice.uniform(0.96, 1.08)) if crop else float(dice.uniform(0.86, 0.96)),
        oil=float(dice.uniform(0.7, 1.3)),
    )


def _between(table: np.ndarray, at: float) -> np.ndarray:
    low = min(int(at), len(table) - 2)
    return np.asarray(table[low] + (table[low + 1] - table[low]) * (at - low))


def _vector(values: np.ndarray) -> Vector:
    return (float(values[0]), float(values[1]), float(values[2]))
