"""The nets take the actors for people and see their points where the truth has them."""

import numpy as np
import pytest

from likeness_engine.synthetic.scene import Expression


def misses(see, portrait, actor, yaw, side=-0.5, expression=None):
    """Return the net's misses (468) in % of the outer eye distance of a frontal view."""
    score, points = see(actor, yaw, side, expression)
    truth = portrait(actor, yaw, key_side=side, expression=expression).landmarks
    front = portrait(actor).landmarks
    outer = np.linalg.norm(front[33, :2] - front[263, :2])
    return score, 100 * np.linalg.norm(points[:468, :2] - truth[:468, :2], axis=1) / outer


@pytest.mark.parametrize("yaw", [-30.0, -15.0, 0.0, 15.0, 30.0])
def test_the_mesh_net_agrees_with_the_truth(see, portrait, yaw):
    found = [
        misses(see, portrait, actor, yaw, side)
        for actor, side in (("ada", -0.5), ("bo", 0.5), (3, 0.5), (8, -0.5))
    ]
    for score, miss in found:
        assert score > 0.75
        assert miss.mean() < 4.2
    # The bench asks for 3.5 with grain; measured here: 1.9 in front, 2.6 at 30 degrees.
    assert np.mean([miss.mean() for _, miss in found]) < (2.6 if abs(yaw) < 20 else 3.4)


def test_the_net_sees_eyes_and_lips_in_their_places(see, portrait):
    from likeness_engine.faces.topology import topology

    loops = topology().loops
    for actor in ("ada", "bo"):
        _, miss = misses(see, portrait, actor, 0.0)
        for name in ("eye_right", "eye_left", "mouth"):
            assert miss[loops[name]].mean() < 3.0, (actor, name)


def test_the_iris_net_sees_the_irises(see, portrait):
    _, points = see("bo")
    truth = portrait("bo").landmarks
    outer = np.linalg.norm(truth[33, :2] - truth[263, :2])
    gap = np.linalg.norm(points[[468, 473], :2] - truth[[468, 473], :2], axis=1)
    assert (gap < 0.03 * outer).all()


def test_the_net_sees_the_mouth_open(see):
    def opening(expression):
        points = see("ada", 0.0, -0.5, expression)[1]
        outer = np.linalg.norm(points[33, :2] - points[263, :2])
        return np.linalg.norm(points[13, :2] - points[14, :2]) / outer

    assert opening(Expression(jaw=0.7)) > opening(None) + 0.12


def test_the_net_sees_a_blink(see):
    def slit(expression):
        points = see("bo", 0.0, -0.5, expression)[1]
        tall = np.linalg.norm(points[[159, 386], :2] - points[[145, 374], :2], axis=1).mean()
        return tall / np.linalg.norm(points[33, :2] - points[263, :2])

    assert slit(Expression(blink_left=1.0, blink_right=1.0)) < 0.6 * slit(None)
