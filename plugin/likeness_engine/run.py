"""Run a request: frames in, signed frames out. Everything that renders goes through here."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from likeness.documents.request import Request
from likeness.errors import LikenessError
from likeness.protocol.messages import Event, Outcome
from likeness_engine.deliver import Delivered, Delivery, deliver
from likeness_engine.graph import FrameResult, run_frame
from likeness_engine.inference.devices import choose_device
from likeness_engine.io.atomic import sweep_temporaries
from likeness_engine.io.colour import linearise
from likeness_engine.io.files import read_frame
from likeness_engine.io.frame import Frame
from likeness_engine.job import Job, prepare
from likeness_engine.pipeline import Pipeline
from likeness_engine.provenance.pixels import hash_frame
from likeness_engine.provenance.sealed import document_digest
from likeness_engine.provenance.verify import VALID, verify
from likeness_engine.tracks import detect_plate

__all__ = ["detect_plate", "run_request"]

REFUSED = 3  # exit code of what consent or policy forbids: no other frame is tried


def run_request(
    request: Request,
    *,
    frames: list[int] | None = None,
    resume: bool = False,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Outcome:
    """Render a request, or the part `frames` of it; with `resume` only what is missing or stale.

    A frame that fails is reported and the others go on; a refusal by consent stops the run, and
    what is on disk stays. Raises LikenessError where nothing can be run at all.
    """
    job = prepare(request, frames=frames, on_event=on_event)
    job.target.folder.mkdir(parents=True, exist_ok=True)
    sweep_temporaries(job.target.folder)
    wanted = frames or job.numbers
    on_event(Event("plan", frames=len(wanted), path=job.target.pattern))
    skipped = [n for n in wanted if is_fresh(job, n)] if resume else []
    for number in skipped:
        on_event(Event("frame_skipped", frame=number, path=str(job.target.path(number))))
    todo = [number for number in wanted if number not in set(skipped)]
    return _render(job, todo, skipped, on_event)


def is_fresh(job: Job, number: int) -> bool:
    """Say whether a frame on disk is what this job would write.

    It must be valid, of the same request, track and identities, and not older than its plate.
    """
    path, plate = job.target.path(number), job.source.path(number)
    if not path.is_file() or path.stat().st_mtime_ns < plate.stat().st_mtime_ns:
        return False
    found = verify(path)
    if found.state != VALID or found.statement is None:
        return False
    record = found.statement["predicate"]
    faces = {identity["id"]: identity["sha256"] for identity in record.get("identities", ())}
    return bool(
        record["frame"] == number
        and faces == {name: document_digest(known) for name, known in job.identities.items()}
        and record["request_sha256"] == document_digest(job.request)
        and record.get("track_sha256", "") == job.track_sha256
    )


def _render(
    job: Job, todo: list[int], skipped: list[int], on_event: Callable[[Event], None]
) -> Outcome:
    device = {"provider": choose_device(job.request.device)}
    warnings: dict[str, list[int]] = {}
    done: list[int] = []
    failed: dict[int, str] = {}

    def read(number: int) -> Frame:
        return read_frame(job.source.path(number), number)

    def work(number: int, plate: Frame) -> tuple[FrameResult, str]:
        on_event(Event("frame_started", frame=number))
        digest = hasher.submit(hash_frame, plate)  # of the plate as read, while the faces are drawn
        if not plate.float_source:  # a picture or a movie: its result is an EXR, and so linear
            digest.result()
            linearise(plate, job.plate_colour, job.request.plate.layer, job.request.plate.view)
        result = run_frame(
            job.request,
            plate,
            job.track.frames.get(number, ()),
            job.shot,
            number,
            before_painting=digest.result,
        )
        for warning in result.warnings:
            warnings.setdefault(warning, []).append(number)
        return result, digest.result().sha256

    def write(number: int, item: tuple[FrameResult, str]) -> Delivered:
        result, plate_sha256 = item
        delivery = Delivery(
            frame=result.frame,
            number=number,
            request=job.request,
            steps=result.steps,
            plate_sha256=plate_sha256,
            identities=job.identities,
            drawn=frozenset(result.identities),
            models=job.models,
            track_sha256=job.track_sha256,
            device=device,
            changed_rows=result.changed_rows,
        )
        return deliver(delivery, job.target.path(number))

    started = time.monotonic()
    with ThreadPoolExecutor(1, "hash") as hasher:
        for number, result in Pipeline(read, work, write).run(todo):
            if isinstance(result, Delivered):
                done.append(number)
                on_event(_finished(number, result, len(done) + len(failed), len(todo), started))
            elif isinstance(result, LikenessError):
                failed[number] = str(result)
                on_event(Event("frame_failed", frame=number, message=str(result)))
                if result.exit_code == REFUSED:
                    return Outcome(done, failed, skipped, _said(warnings), REFUSED)
            else:
                raise result
    return Outcome(done, failed, skipped, _said(warnings))


def _finished(number: int, result: Delivered, count: int, total: int, started: float) -> Event:
    rate = count / max(time.monotonic() - started, 1e-6)
    message = f"{count} of {total}, {rate:.1f} frames/s"
    return Event(
        "frame_done", frame=number, path=str(result.path), message=message, fraction=count / total
    )


def _said(warnings: dict[str, list[int]]) -> list[str]:
    from likeness_engine.io.sequence import format_frames

    return [f"frames {format_frames(numbers)}: {words}" for words, numbers in warnings.items()]
