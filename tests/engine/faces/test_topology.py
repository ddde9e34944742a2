"""The mesh topology and the surface made of it."""

import numpy as np

from likeness_engine.faces.topology import POINTS, close_holes, surface, topology


def test_the_triangles_form_one_sheet_with_an_oval_and_three_holes():
    edges = {}
    for a, b, c in topology().triangles.tolist():
        for edge in ((a, b), (b, c), (c, a)):
            assert edge not in edges, "two triangles run along an edge in the same direction"
            edges[edge] = True
    border = [edge for edge in edges if edge[::-1] not in edges]
    assert len(border) == 36 + 16 + 16 + 20
    assert {a for a, _ in border} == set(np.concatenate(list(topology().loops.values())).tolist())


def test_mirroring_twice_is_standing_still_and_keeps_the_triangles():
    mirror = topology().mirror
    assert (mirror[mirror] == np.arange(POINTS)).all()
    sheets = {tuple(sorted(t)) for t in topology().triangles.tolist()}
    mirrored = {tuple(sorted(t)) for t in mirror[topology().triangles].tolist()}
    # The net cuts 12 of its 852 quads the other way on one side; that is how it ships.
    assert len(sheets & mirrored) == len(sheets) - 12


def test_no_triangle_of_the_uv_layout_folds_over_also_after_subdivision():
    corners = surface().uv[surface().triangles]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    assert (area > 0).all()
    assert surface().uv.min() >= 0
    assert surface().uv.max() <= 1


def test_the_surface_is_an_affine_map_of_its_points():
    assert np.allclose(surface().weights.sum(1), 1, atol=1e-5)
    points = np.random.default_rng(1).normal(size=(POINTS, 3)).astype(np.float32)
    moved = surface().refine(points + np.float32([3, -2, 5]))
    assert np.allclose(moved, surface().refine(points) + [3, -2, 5], atol=1e-4)


def test_the_holes_are_closed_at_the_middle_of_their_rings():
    closed = close_holes(topology().mean)
    assert closed.shape == (POINTS + 3, 3)
    assert np.allclose(closed[POINTS + 2], topology().mean[topology().loops["mouth"]].mean(0))
