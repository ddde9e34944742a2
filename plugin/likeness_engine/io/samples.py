"""Float values into a channel's own type, and what happens at the end of its range."""

from __future__ import annotations

import numpy as np

HALF_MAX = 65504.0


def to_native(values: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, int]:
    """Return float32 values in a channel's type, and how many were held at the end of its range."""
    if dtype == np.float16:
        beyond = np.abs(values) > HALF_MAX
        beyond &= np.isfinite(values)
        held = int(np.count_nonzero(beyond))
        if held:
            values = np.where(beyond, np.copysign(np.float32(HALF_MAX), values), values)
        return values.astype(np.float16), held
    if dtype == np.uint32:
        whole = np.rint(np.nan_to_num(values.astype(np.float64)))
        held = int(np.count_nonzero((whole < 0) | (whole > 0xFFFFFFFF)))
        return np.clip(whole, 0, 0xFFFFFFFF).astype(np.uint32), held
    return values.astype(dtype, copy=False), 0
