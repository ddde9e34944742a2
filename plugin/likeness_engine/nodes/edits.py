"""Edits of a track that a person made, carried over to a new run of Detect."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from likeness.documents.track import Face, Track
from likeness_engine.faces.finder import mesh_overlap
from likeness_engine.faces.follow import Person
from likeness_engine.faces.patch import Array

_SAME_FACE = 0.5  # overlap of an edited mesh with the face it is an edit of


@dataclass(frozen=True)
class Edit:
    """A face that a person set."""

    face: Face
    points: Array  # (478, 3) in square pixels


@dataclass
class Edits:
    """All edits of a track, by who they belong to in the new run."""

    of_person: dict[str, dict[int, Edit]] = field(default_factory=dict)  # by frame count
    names: dict[str, str] = field(default_factory=dict)  # the new run's ids -> the edited ids
    alone: list[tuple[int, Face]] = field(default_factory=list)  # frame number, face


def take_edits(
    track: Track | None, people: list[Person], numbers: list[int], aspects: list[float]
) -> Edits:
    """Return the edited faces of a track, matched with the faces of a new run.

    An edit belongs to the person it overlaps in its frame; else to whom the other edits with its id
    belong; else it stands alone. A person takes the id that most of its edits have.
    """
    edits = Edits()
    if track is None:
        return edits
    counts = {number: count for count, number in enumerate(numbers)}
    marked = [
        (number, face)
        for number, faces in sorted(track.frames.items())
        for face in faces
        if face.edited
    ]
    votes: dict[str, Counter[str]] = {}
    placed: list[tuple[int, Face, Array]] = []
    for number, face in marked:
        if number not in counts:
            edits.alone.append((number, face))
            continue
        count = counts[number]
        points = np.array(face.mesh_px, np.float64) * [aspects[count], 1.0, 1.0]
        placed.append((count, face, points))
        if person := _under(points, people, count):
            votes.setdefault(face.id, Counter())[person.id] += 1
    owners = _owners(votes)
    for count, face, points in placed:
        owner = owners.get(face.id)
        if owner is None:
            edits.alone.append((numbers[count], face))
        else:
            edits.of_person.setdefault(owner, {})[count] = Edit(face, points)
    edits.names = _names(owners, people)
    return edits


def _under(points: Array, people: list[Person], count: int) -> Person | None:
    """Return who is found where an edited mesh lies."""
    overlaps = [
        (mesh_overlap(points, person.seen[count].mesh.points), person)
        for person in people
        if count in person.seen
    ]
    best = max(overlaps, key=lambda pair: pair[0], default=(0.0, None))
    return best[1] if best[0] >= _SAME_FACE else None


def _owners(votes: dict[str, Counter[str]]) -> dict[str, str]:
    """Return edited id -> the new run's id, one to one, by the most votes."""
    ballots = sorted(
        ((-n, name, person) for name, c in votes.items() for person, n in c.items()),
    )
    owners: dict[str, str] = {}
    for _, name, person in ballots:
        if name not in owners and person not in owners.values():
            owners[name] = person
    return owners


def _names(owners: dict[str, str], people: list[Person]) -> dict[str, str]:
    """Return the ids of the new run's people: edited ids first, no id twice."""
    names = {person: name for name, person in owners.items()}
    used = set(names.values())
    for person in people:
        if person.id in names:
            continue
        name, k = person.id, len(people)
        while name in used:
            k += 1
            name = f"face_{k}"
        names[person.id] = name
        used.add(name)
    return names
