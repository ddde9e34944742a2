"""Write plugin/likeness_engine/faces/topology.json from a MediaPipe wheel (Apache-2.0).

Run once by a developer when the mesh net changes; the result is committed, since it is a fact about
the net (which vertices form triangles) and small. Usage: make_topology.py WHEEL MESH_NET.onnx
"""

import json
import re
import sys
import zipfile
from collections import Counter

import numpy as np
import onnxruntime
from scipy.optimize import linear_sum_assignment

Triangle = tuple[int, ...]

VERTICES = 468
CONNECTIONS = "mediapipe/python/solutions/face_mesh_connections.py"


def read_edges(source: str, name: str) -> list[tuple[int, int]]:
    block = source[source.index(name + " = frozenset") :]
    pairs = re.findall(r"\((\d+), (\d+)\)", block[: block.index("])")])
    return [(int(a), int(b)) for a, b in pairs]


def find_triangles(edges: set[tuple[int, ...]], mean: np.ndarray) -> list[Triangle]:
    near: dict[int, set[int]] = {i: set() for i in range(VERTICES)}
    for a, b in edges:
        near[a].add(b)
        near[b].add(a)
    cliques = {tuple(sorted((a, b, c))) for a in near for b in near[a] for c in near[a] & near[b]}
    uses = Counter(e for t in cliques for e in ((t[0], t[1]), (t[1], t[2]), (t[0], t[2])))
    # A 3-clique around a vertex of degree three is no face: all of its edges are used three times.
    real = [
        t
        for t in cliques
        if not all(uses[e] > 2 for e in ((t[0], t[1]), (t[1], t[2]), (t[0], t[2])))
    ]
    return sorted(orient(real, mean))


def orient(triangles: list[Triangle], mean: np.ndarray) -> list[Triangle]:
    """Turn all triangles the same way: clockwise on screen (y down) facing the camera."""
    by_edge: dict[tuple[int, ...], list[int]] = {}
    for k, t in enumerate(triangles):
        for i in range(3):
            by_edge.setdefault(tuple(sorted((t[i], t[(i + 1) % 3]))), []).append(k)
    turned = {0: triangles[0]}
    queue = [0]
    while queue:
        t = turned[queue.pop()]
        for i in range(3):
            a, b = t[i], t[(i + 1) % 3]
            for k in by_edge[tuple(sorted((a, b)))]:
                if k not in turned:
                    c = next(v for v in triangles[k] if v not in (a, b))
                    turned[k] = (b, a, c)
                    queue.append(k)
    area = sum(
        np.linalg.det([mean[b, :2] - mean[a, :2], mean[c, :2] - mean[a, :2]])
        for a, b, c in turned.values()
    )
    ordered = turned.values() if area > 0 else [(a, c, b) for a, b, c in turned.values()]
    return [t[t.index(min(t)) :] + t[: t.index(min(t))] for t in ordered]


def find_loops(triangles: list[Triangle]) -> list[list[int]]:
    directed = {(t[i], t[(i + 1) % 3]) for t in triangles for i in range(3)}
    following = {a: b for a, b in directed if (b, a) not in directed}
    loops = []
    while following:
        start = next(iter(sorted(following)))
        loop = [start]
        while (b := following.pop(loop[-1])) != start:
            loop.append(b)
        loops.append(loop)
    return loops


def embed(
    mean: np.ndarray,
    triangles: list[Triangle],
    oval: list[int],
    holes: list[list[int]],
    mirror: np.ndarray,
) -> np.ndarray:
    """Mean-value embedding (Floater 2003) in the unit square: no triangle folds, eyes stay open."""
    points = np.c_[mean[:, :2], mean[:, 2] * 1.0]
    points = np.r_[points, [points[h].mean(0) for h in holes]]
    faces = list(triangles)
    for k, hole in enumerate(holes):
        faces += [(hole[i], hole[i - 1], VERTICES + k) for i in range(len(hole))]
    n = len(points)
    weights = np.zeros((n, n))
    for t in faces:
        for i in range(3):
            a, b, c = t[i], t[(i + 1) % 3], t[(i + 2) % 3]
            ab, ac = points[b] - points[a], points[c] - points[a]
            lb, lc = np.linalg.norm(ab) + 1e-6, np.linalg.norm(ac) + 1e-6
            half = np.tan(np.arccos(np.clip(ab @ ac / lb / lc, -0.999, 0.999)) / 2)
            weights[a, b] += half / lb
            weights[a, c] += half / lc
    # A share of uniform weights keeps room for lids and lips, where the mean shape is crowded.
    adjacent = weights > 0
    weights = weights / weights.sum(1, keepdims=True) + 1.0 * adjacent / adjacent.sum(
        1, keepdims=True
    )
    ring = mean[oval, :2]
    angle = np.arctan2(*(ring - ring.mean(0)).T[::-1])
    weights /= weights.sum(1, keepdims=True)
    system = np.eye(n) - weights
    system[oval] = 0
    system[oval, oval] = 1
    target = np.zeros((n, 2))
    target[oval] = np.c_[np.cos(angle), np.sin(angle)] * 0.48
    uv = np.linalg.solve(system, target)[:VERTICES]
    flipped = uv[mirror] * [-1, 1]
    return (uv + flipped) / 2 + 0.5


def main(wheel: str, net: str) -> None:
    source = zipfile.ZipFile(wheel).read(CONNECTIONS).decode()
    all_edges = source[source.index("FACEMESH_TESSELATION") :]
    edges = {tuple(sorted((int(a), int(b)))) for a, b in re.findall(r"\((\d+), (\d+)\)", all_edges)}
    session = onnxruntime.InferenceSession(net, providers=["CPUExecutionProvider"])
    grey = np.full((1, 192, 192, 3), 0.5, np.float32)
    mean = session.run(None, {"input": grey})[0].reshape(
        VERTICES, 3
    )  # what the net says of nothing
    flipped = mean * [-1, 1, 1] + [2 * mean[[10, 152, 1, 4], 0].mean(), 0, 0]
    _, mirror = linear_sum_assignment(np.linalg.norm(mean[:, None] - flipped[None], axis=2))
    mean = (mean + flipped[mirror]) / 2
    mean = (mean - (mean[33] + mean[263]) / 2) / np.linalg.norm(mean[33] - mean[263])
    triangles = find_triangles(edges, mean)
    loops = sorted(find_loops(triangles), key=len)
    by_vertex = {
        name: next(loop for loop in loops if v in loop)
        for name, v in {"oval": 10, "eye_right": 33, "eye_left": 263, "mouth": 13}.items()
    }
    holes = [by_vertex[name] for name in ("eye_right", "eye_left", "mouth")]
    uv = embed(mean, triangles, by_vertex["oval"], holes, mirror)
    groups = {
        "lips": "FACEMESH_LIPS",
        "brow_left": "FACEMESH_LEFT_EYEBROW",
        "brow_right": "FACEMESH_RIGHT_EYEBROW",
        "nose": "FACEMESH_NOSE",
    }
    regions = {k: sorted({v for e in read_edges(source, n) for v in e}) for k, n in groups.items()}
    rows = {
        "about": "Topology of the MediaPipe face mesh (Apache-2.0); see install/make_topology.py",
        "triangles": [list(map(int, t)) for t in triangles],
        "mirror": [int(v) for v in mirror],
        "loops": by_vertex,
        "regions": regions,
        "uv": np.round(uv, 5).tolist(),
        "mean": np.round(mean, 4).tolist(),
    }
    body = ",\n".join(
        f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in rows.items()
    )
    with open("plugin/likeness_engine/faces/topology.json", "w") as out:
        out.write("{\n" + body + "\n}\n")
    u, t = uv, np.array(triangles)
    d1, d2 = u[t[:, 1]] - u[t[:, 0]], u[t[:, 2]] - u[t[:, 0]]
    area = d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0]
    print(
        len(triangles),
        "triangles; smallest uv area",
        area.min(),
        {k: len(v) for k, v in by_vertex.items()},
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
