"""Unpack the sparse constants of a TFLite file (schema.fbs, table SparsityParameters)."""

from __future__ import annotations

from typing import Any

import numpy as np
import tflite

from likeness.errors import ModelError

_VECTORS = {
    tflite.SparseIndexVector.Int32Vector: tflite.Int32Vector,
    tflite.SparseIndexVector.Uint16Vector: tflite.Uint16Vector,
    tflite.SparseIndexVector.Uint8Vector: tflite.Uint8Vector,
}


def dense_from_sparse(values: np.ndarray, sparsity: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return the dense array of `shape` that `values` and its sparsity description mean.

    The levels of the description are walked from the outermost inwards; each either counts all
    its indices (dense) or lists those that are there (compressed rows). Levels at and beyond the
    rank are blocks inside a dimension.
    """
    rank = len(shape)
    order = [int(n) for n in sparsity.TraversalOrderAsNumpy()]
    blocks = [int(n) for n in sparsity.BlockMapAsNumpy()] if sparsity.BlockMapLength() else []
    position = np.zeros(1, np.int64)  # of each entry within its level
    coordinates: dict[int, np.ndarray] = {}
    sizes: dict[int, int] = {}
    for level, dimension in enumerate(order):
        parents, index, position = _descend(sparsity.DimMetadata(level), position)
        coordinates = {d: c[parents] for d, c in coordinates.items()}
        coordinates[dimension] = index
        sizes[dimension] = sparsity.DimMetadata(level).DenseSize()
    for block, dimension in enumerate(blocks):
        inside = coordinates[rank + block]
        coordinates[dimension] = coordinates[dimension] * sizes[rank + block] + inside
    if len(position) != len(values):
        raise ModelError(
            f"A sparse tensor lists {len(position)} values and stores {len(values)}. The TFLite"
            " file is damaged; fetch it again."
        )
    dense = np.zeros(shape, values.dtype)
    dense[tuple(coordinates[d] for d in range(rank))] = values[position]
    return dense


def _descend(level: Any, position: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each entry one level down: its parent, its index there, and its position."""
    if level.Format() == tflite.DimensionType.DENSE:
        size = level.DenseSize()
        parents = np.repeat(np.arange(len(position)), size)
        index = np.tile(np.arange(size), len(position))
        return parents, index, position[parents] * size + index
    segments = _vector(level.ArraySegmentsType(), level.ArraySegments())
    indices = _vector(level.ArrayIndicesType(), level.ArrayIndices())
    counts = segments[position + 1] - segments[position]
    parents = np.repeat(np.arange(len(position)), counts)
    before = np.repeat(np.cumsum(counts) - counts, counts)
    below = np.arange(int(counts.sum())) - before + segments[position][parents]
    return parents, indices[below], below


def _vector(kind: int, table: Any) -> np.ndarray:
    vector = _VECTORS[kind]()
    vector.Init(table.Bytes, table.Pos)
    return np.asarray(vector.ValuesAsNumpy(), np.int64)
