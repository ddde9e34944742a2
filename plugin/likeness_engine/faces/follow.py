"""Following faces through a shot: by their mesh from frame to frame, by their look across gaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from likeness_engine.faces.appearance import Look, difference, look_at_face
from likeness_engine.faces.cuts import CutFinder
from likeness_engine.faces.detector import search_box
from likeness_engine.faces.finder import (
    Found,
    box_area,
    confirm,
    find_faces,
    mesh_box,
    mesh_overlap,
)
from likeness_engine.faces.mesher import Mesh, crop_of_mesh, mesh_face
from likeness_engine.faces.nets import Nets
from likeness_engine.faces.patch import Array, Plate

_SAME_PLACE = 0.3  # overlap of two meshes that are one face
_SAME_LOOK = 1.0  # difference of appearances within which a face is one that was seen before
_JUMP = 0.5  # of the face: how far a mesh may land from where it was expected
_LOOK_EVERY = 6  # frames between two glances at a face that is being followed


@dataclass
class Person:
    """One face through the shot: what it looked like, and where it was, by frame."""

    id: str
    look: Look
    seen: dict[int, Found] = field(default_factory=dict)


@dataclass
class Follower:
    """Finds and follows the faces of a shot, frame by frame in order.

    Frames are counted from 0 in the order they come; `plate_at`, where given, opens one again, so
    that a face found by a search can be followed back to the frame it entered in.
    """

    nets: Nets
    smallest_px: float
    score: float
    scan_every: int
    most: int
    plate_at: Callable[[int], Plate] | None = None
    people: list[Person] = field(default_factory=list)
    breaks: set[int] = field(default_factory=set)  # frames that do not go on from the one before
    _active: list[Person] = field(default_factory=list)
    _finder: CutFinder = field(default_factory=CutFinder)
    _scanned: int = 0

    def step(self, count: int, plate: Plate, *, gap: bool = False) -> None:
        """Take frame `count`; `gap` says that frames are missing before it."""
        cut = self._finder.step(plate)
        if cut or gap or count == 0:
            self.breaks.add(count)
        before = [] if count in self.breaks else self._active
        followed = [p for p in before if self._follow(p, count, plate)]
        followed = self._drop_doubles(followed, count, plate)
        arrived: list[Person] = []
        lost = len(followed) < len(before)
        if lost or count in self.breaks or count - self._scanned >= self.scan_every:
            first = self._scanned + 1
            arrived = self._scan(count, plate, followed)
            self._scanned = count
            self._look_back(count, arrived, first)
        self._active = sorted(followed + arrived, key=self.people.index)

    def _look_back(self, count: int, people: list[Person], first: int) -> None:
        """Follow people found at `count` back to the frame they entered in, at most to `first`."""
        at = count
        while people and self.plate_at and at > first and at not in self.breaks:
            at -= 1
            plate = self.plate_at(at)
            people = [
                person
                for person in people
                if at not in person.seen and self._follow(person, at, plate, step=-1)
            ]

    def _follow(self, person: Person, number: int, plate: Plate, step: int = 1) -> bool:
        """Mesh a person from the frame before (after, with step -1); say whether that worked."""
        expected = self._expected(person, number, step)
        if not _inside(expected, plate):
            return False
        mesh = self._mesh_at(expected, plate)
        last = person.seen[number - step]
        sure = last.score / max(last.mesh.presence, 1e-6)
        found = Found(mesh, sure * mesh.presence) if mesh else None
        found = found or self._search_near(person, expected, plate)
        if found is None or (step < 0 and self._taken(found, number)):
            return False
        person.seen[number] = found
        if number % _LOOK_EVERY == 0:
            look = look_at_face(plate, found.mesh.points)
            if difference(person.look, look) < _SAME_LOOK:
                person.look = person.look.add(look)
        return True

    def _taken(self, found: Found, number: int) -> bool:
        """Say whether somebody else is known to be where a face was found."""
        return any(
            mesh_overlap(found.mesh.points, person.seen[number].mesh.points) > _SAME_PLACE
            for person in self.people
            if number in person.seen
        )

    def _expected(self, person: Person, number: int, step: int) -> Array:
        """Return the mesh where it should be if it moves on as it did."""
        last = person.seen[number - step].mesh.points
        earlier = person.seen.get(number - 2 * step)
        between = number - step if step > 0 else number + 2
        if earlier is None or between in self.breaks:
            return last
        move = np.median((last - earlier.mesh.points)[:, :2], axis=0)
        return np.asarray(last + [*move, 0.0])

    def _mesh_at(self, expected: Array, plate: Plate) -> Mesh | None:
        mesh = mesh_face(plate, crop_of_mesh(expected), self.nets.mesh, self.nets.iris)
        return mesh if self._fits(mesh, expected) else None

    def _fits(self, mesh: Mesh, expected: Array) -> bool:
        """Say whether a mesh is of a face, and where it may be."""
        if mesh.presence < self.score:
            return False
        one, other = mesh_box(mesh.points), mesh_box(expected)
        ratio = box_area(one) / max(box_area(other), 1e-9)
        apart = np.linalg.norm(np.array(one) - other) / 2  # of all four sides: move and growth
        near = apart < _JUMP * np.sqrt(box_area(other))
        return bool(near and 0.5 < ratio < 2.0)

    def _search_near(self, person: Person, expected: Array, plate: Plate) -> Found | None:
        """Search the surroundings of a face that was lost, and take the one that looks like it."""
        x0, y0, x1, y1 = mesh_box(expected)
        margin = 0.8 * max(x1 - x0, y1 - y0)
        box = (x0 - margin, y0 - margin, x1 + margin, y1 + margin)
        near = search_box(
            plate, self.nets.detector, box, face_px=max(y1 - y0, 1.0), score=self.score * 0.7
        )
        taken = [
            p.seen[max(p.seen)].mesh.points for p in self._active if p is not person and p.seen
        ]
        for found in confirm(plate, self.nets, near[:4], score=self.score):
            if any(mesh_overlap(found.mesh.points, other) > _SAME_PLACE for other in taken):
                continue
            look = look_at_face(plate, found.mesh.points)
            if difference(person.look, look) < _SAME_LOOK:
                return found
        return None

    def _scan(self, number: int, plate: Plate, followed: list[Person]) -> list[Person]:
        """Search the whole frame; return those who were not being followed."""
        new = find_faces(
            plate,
            self.nets,
            smallest_px=self.smallest_px,
            score=self.score,
            known=[p.seen[number].mesh for p in followed],
        )
        new = new[: max(self.most - len(followed), 0)]
        looks = [look_at_face(plate, face.mesh.points) for face in new]
        absent = [p for p in self.people if p not in followed]
        known = _match(absent, looks, new, number)
        arrived = []
        for k, (face, look) in enumerate(zip(new, looks, strict=True)):
            person = known.get(k)
            if person is None:
                person = Person(f"face_{len(self.people) + 1}", look)
                self.people.append(person)
            else:
                person.look = person.look.add(look)
            person.seen[number] = face
            arrived.append(person)
        return arrived

    def _drop_doubles(self, followed: list[Person], number: int, plate: Plate) -> list[Person]:
        """Where two people landed on one face (one passed behind the other), keep whose it is."""
        kept: list[Person] = []
        for person in followed:
            points = person.seen[number].mesh.points
            rivals = [
                other
                for other in kept
                if mesh_overlap(points, other.seen[number].mesh.points) > _SAME_PLACE
            ]
            if rivals:
                look = look_at_face(plate, points)
                best = min([*rivals, person], key=lambda p: difference(p.look, look))
                for other in (*rivals, person):
                    if other is not best:
                        del other.seen[number]
                kept = [p for p in kept if p not in rivals] + [best]
            else:
                kept.append(person)
        return sorted(kept, key=self.people.index)


def _match(
    absent: list[Person], looks: list[Look], faces: list[Found], number: int
) -> dict[int, Person]:
    """Return which new faces are people seen before: the most alike first."""
    pairs = []
    for k, look in enumerate(looks):
        for person in absent:
            unlike = difference(person.look, look)
            last = person.seen.get(max((n for n in person.seen if n < number), default=-1))
            if last is not None and number - max(person.seen) <= 24:
                where = mesh_overlap(last.mesh.points, faces[k].mesh.points)
                unlike -= 0.3 * where  # still about where it was lost
            if unlike < _SAME_LOOK:
                pairs.append((unlike, k, person))
    matched: dict[int, Person] = {}
    for _, k, person in sorted(pairs, key=lambda pair: (pair[0], pair[1], pair[2].id)):
        if k not in matched and person not in matched.values():
            matched[k] = person
    return matched


def _inside(points: Array, plate: Plate) -> bool:
    """Say whether enough of a mesh lies inside the plate to be meshed again."""
    return visible_part(points, plate) > 0.35


def visible_part(points: Array, plate: Plate) -> float:
    """Return the part of the mesh's points inside the plate, 0..1."""
    x0, y0, x1, y1 = plate.box
    x, y = points[:468, 0], points[:468, 1]
    return float(((x >= x0) & (x < x1) & (y >= y0) & (y < y1)).mean())
