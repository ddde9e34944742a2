"""Drawing triangles and looking textures up, against slow and plain references."""

import numpy as np
import pytest

from likeness_engine.faces.raster import (
    draw_triangles,
    interpolate,
    level_of_detail,
    look_up,
    make_pyramid,
    pack_pyramid,
)

SQUARE = np.array([[4, 4, 1], [28, 4, 1], [28, 28, 1], [4, 28, 1]], np.float32)
TWO = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def test_two_triangles_cover_their_square_once_and_nothing_else():
    seen, weights = draw_triangles(SQUARE, TWO, 32, 32)
    expected = np.zeros((32, 32), bool)
    expected[4:28, 4:28] = True
    assert ((seen >= 0) == expected).all()
    assert (weights.sum(2) <= 1 + 1e-5).all()


def test_interpolation_gives_pixel_centres_back():
    seen, weights = draw_triangles(SQUARE, TWO, 32, 32)
    places = interpolate(seen, weights, TWO, np.ascontiguousarray(SQUARE[:, :2]))
    y, x = np.nonzero(seen >= 0)
    assert np.allclose(places[y, x], np.c_[x + 0.5, y + 0.5], atol=1e-3)


def test_the_nearer_triangle_hides_the_farther_whatever_the_order():
    far, near = SQUARE.copy(), SQUARE.copy()
    far[:, 2], near[:, 2] = 9, 2
    both = np.concatenate([far, near])
    ahead = np.concatenate([TWO, TWO + 4])
    behind = np.concatenate([TWO + 4, TWO])
    seen, _ = draw_triangles(both, ahead, 32, 32)
    assert (seen[4:28, 4:28] >= 2).all()
    seen, _ = draw_triangles(both, behind, 32, 32)
    assert (seen[4:28, 4:28] < 2).all()


def test_back_sides_and_broken_vertices_are_not_drawn():
    seen, _ = draw_triangles(SQUARE, TWO[:, ::-1].copy(), 32, 32)
    assert (seen == -1).all()
    broken = SQUARE.copy()
    broken[1] = np.nan
    seen, _ = draw_triangles(broken, TWO[:1], 32, 32)
    assert (seen == -1).all()


def test_drawing_outside_the_picture_is_clipped():
    seen, _ = draw_triangles(SQUARE - np.float32([16, 16, 0]), TWO, 20, 20)
    assert (seen[:12, :12] >= 0).all()
    assert (seen[12:, :] == -1).all()


@pytest.mark.parametrize("lod", [0.0, 0.4, 2.0])
def test_a_smooth_texture_is_looked_up_where_it_lies(lod):
    size = 64
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size
    ramp = np.stack(
        [np.tile(axis, (size, 1)), np.tile(axis[:, None], (1, size)), np.full((size, size), -3.0)],
        2,
    ).astype(np.float32)
    flat, table = pack_pyramid(make_pyramid(ramp))
    rng = np.random.default_rng(3)
    uv = rng.uniform(0.15, 0.85, (40, 40, 2)).astype(np.float32)
    level = np.full((40, 40), lod, np.float32)
    found = look_up(flat, table, uv, level, np.ones((40, 40), bool))
    # A linear ramp is the one thing that every filter of the two must return exactly.
    assert np.allclose(found[..., :2], uv, atol=1e-4)
    assert np.allclose(found[..., 2], -3.0, atol=1e-4)


def test_magnified_texels_keep_their_value_and_light_beyond_one():
    texture = np.zeros((8, 8, 3), np.float32)
    texture[3, 5] = 40.0
    flat, table = pack_pyramid(make_pyramid(texture))
    uv = np.array([[[5.5 / 8, 3.5 / 8]]], np.float32)
    found = look_up(flat, table, uv, np.zeros((1, 1), np.float32), np.ones((1, 1), bool))
    assert np.allclose(found, 40.0)


def test_a_minified_checkerboard_is_grey_and_does_not_sparkle():
    board = (np.indices((256, 256)).sum(0) % 2).astype(np.float32)[..., None].repeat(3, 2)
    flat, table = pack_pyramid(make_pyramid(board))
    vertices = (SQUARE - 4) * np.float32([1.0, 1.0, 0])
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    lod = level_of_detail(vertices, uv, TWO, 256)
    seen, weights = draw_triangles(vertices, TWO, 24, 24)
    facts = interpolate(seen, weights, TWO, np.c_[uv, lod].astype(np.float32))
    found = look_up(flat, table, facts[..., :2], facts[..., 2], seen >= 0)
    assert np.abs(found - 0.5).max() < 1e-3


def test_level_of_detail_is_zero_when_a_texel_is_a_pixel_and_one_at_half_size():
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    full = (SQUARE - 4) / 24 * 64
    assert np.allclose(level_of_detail(full, uv, TWO, 64), 0, atol=1e-4)
    assert np.allclose(level_of_detail(full / 2, uv, TWO, 64), 1, atol=1e-4)
