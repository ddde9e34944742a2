"""The demo: the main job on a shot of nobody real. Started by `python3 install demo`.

Everything lies under demo/: the plate, the photographs, a registry of its own (the person's is not
touched), the result, and the contact sheet. What is there and still right is used again.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

import environment
from likeness.documents.consent import Consent
from likeness.documents.track import Track
from likeness_engine.contact_sheet import Shot, save_sheet, shot_sheet
from likeness_engine.io.colour import Colour
from likeness_engine.io.files import read_frame, write_frame
from likeness_engine.io.sequence import Sequence
from likeness_engine.synthetic.actor import ADA, BO
from likeness_engine.synthetic.photos import write_photos
from likeness_engine.synthetic.scene import Floats
from likeness_engine.synthetic.shot import Scene, describe_shot, render_scene, write_demo_shot
from steps import Ledger, digest_of

DEMO = Path("demo")  # below the clone; commands are printed as a person would type them there
NAME, FRAMES = "demo", 48
PLATE = DEMO / "plate" / f"{NAME}.####.exr"
TRUTH = DEMO / "truth" / f"{NAME}.####.exr"
RESULT = DEMO / "result" / f"{NAME}_likeness.####.exr"
TRACK = DEMO / "result" / f"{NAME}_likeness.track.json"
PHOTOS = DEMO / "photos"
CONSENT = DEMO / "bo-consent.json"
SHEET = DEMO / "contact_sheet.png"
SOURCES = environment.ROOT / "plugin"
IDENTITY = BO.name
SHOWN = (1003, 1016, 1031, 1045)  # frames on the sheet: both profiles, talking, smiling


class Failed(Exception):
    """A command of the demo failed; its own words are above."""


def main() -> int:
    """Make the demo, or what of it is not there yet; print where it lies."""
    os.chdir(environment.ROOT)
    os.environ["LIKENESS_HOME"] = str(environment.ROOT / DEMO / "home")
    started = time.monotonic()
    try:
        run("models", "fetch")
        made_shot = make_shot()
        swap(resume=not made_shot)
        run("verify", str(RESULT), quiet=True)
    except Failed as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    make_sheet()
    say_where(time.monotonic() - started)
    return 0


def make_shot() -> bool:
    """Make the demo shot, the photographs and the identity, where they lack; tell if any was."""
    ledger = Ledger(DEMO / "made.json")
    actors = digest_of([SOURCES / "likeness_engine" / "synthetic", SOURCES / "likeness_engine/io"])
    fresh = ledger.do("shot", actors, draw_shot, shot_files)
    fresh |= ledger.do("photos", actors, draw_photos, lambda: [PHOTOS])
    everything = digest_of([SOURCES, *PHOTOS.iterdir()], actors)
    home = Path(os.environ["LIKENESS_HOME"])
    return ledger.do("identity", everything, add_identity, lambda: [home]) or fresh


def draw_shot() -> None:
    """Render the plate; of the sheet's frames also the truth: the same with the other actor."""
    for folder in (PLATE.parent, TRUTH.parent):
        shutil.rmtree(folder, ignore_errors=True)
    with tqdm(total=FRAMES, desc="demo shot", unit="frame") as bar:
        write_demo_shot(PLATE.parent, ADA, name=NAME, frames=FRAMES, progress=mover_of(bar))
    scenes = [scene for scene in describe_shot(FRAMES) if scene.number in SHOWN]
    for scene in tqdm(scenes, desc="the truth of the sheet's frames", unit="frame"):
        plate, _ = render_scene(BO, scene)
        write_truth(plate, scene)


def write_truth(rgb: Floats, scene: Scene) -> None:
    """Write a frame of the truth: R, G, B in the plate's windows."""
    like = read_frame(Sequence.parse(str(PLATE)).path(scene.number), scene.number)
    part = like.parts[0]
    part.channels = {name: rgb[..., k].astype("float16") for k, name in enumerate("RGB")}
    path = Sequence.parse(str(TRUTH)).path(scene.number)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_frame(like, path)


def mover_of(bar: tqdm) -> Callable[[int, int], None]:
    """Return what a long work calls with how much is done, to move the bar there."""

    def move(done: int, of: int) -> None:
        bar.update(done - bar.n)

    return move


def draw_photos() -> None:
    """Render the photographs of the actor whose face is put on."""
    shutil.rmtree(PHOTOS, ignore_errors=True)
    print(f"Photographing {BO.name}, the actor whose face is put on", flush=True)
    write_photos(BO, PHOTOS)


def add_identity() -> None:
    """Register the consent of the studio that made the actor up, and build the identity."""
    shutil.rmtree(os.environ["LIKENESS_HOME"], ignore_errors=True)
    consent = Consent(
        id=f"{IDENTITY}-synthetic",
        likeness=IDENTITY,
        kind="synthetic",
        grantor="studio",
        authority="studio",
        uses=("swap",),
        intended_use="Showing and testing this product; the actor is procedural, nobody real.",
        not_before="2026-01-01",
        not_after="2099-12-31",
        productions=("demo",),
    )
    consent.save(CONSENT)
    photos = sorted(str(path) for path in PHOTOS.iterdir())
    run("identity", "add", IDENTITY, "--photos", *photos, "--consent", str(CONSENT))


def swap(*, resume: bool) -> None:
    """Run the main job; with `resume` only on frames that are missing or stale."""
    command = ["swap", str(PLATE), "--identity", IDENTITY, "-o", str(RESULT)]
    command += ["--show", "demo", "--shot", "demo", "--layers", "swap,face_matte"]
    run(*command, *["--resume"] * resume)


def make_sheet() -> None:
    """Draw the contact sheet."""
    track = Track.load(TRACK)
    shot = Shot(
        plate=str(PLATE),
        result=str(RESULT),
        truth=str(TRUTH),
        track=track,
        colour=Colour(),
        title="Likeness   demo shot, two procedural actors   1920x1080 ACEScg half",
    )
    save_sheet(shot_sheet(shot, SHOWN), SHEET)


def run(*words: str, quiet: bool = False) -> None:
    """Run `likeness` with these words, having printed them; `quiet` shows only the last line."""
    print(f"\n$ likeness {shlex.join(words)}", flush=True)
    launcher = environment.launcher_of(environment.VENV)
    done = subprocess.run(
        [launcher, *words], check=False, text=True, stdout=subprocess.PIPE if quiet else None
    )
    if quiet:
        lines = done.stdout.splitlines()
        print("\n".join(lines if done.returncode else lines[-1:]))
    if done.returncode:
        raise Failed(f"The demo stopped: `likeness {words[0]}` ended with {done.returncode}.")


def shot_files() -> list[Path]:
    """Return every frame of the plate, and those of the truth that the sheet shows."""
    numbers = [scene.number for scene in describe_shot(FRAMES)]
    plate, truth = Sequence.parse(str(PLATE)), Sequence.parse(str(TRUTH))
    return [*(plate.path(n) for n in numbers), *(truth.path(n) for n in SHOWN)]


def say_where(seconds: float) -> None:
    """Print where the results lie."""
    print(f"\nDone in {seconds:.0f} s. In {environment.ROOT}:")
    for words, path in (
        ("plate", PLATE),
        ("result", RESULT),
        ("track", TRACK),
        ("contact sheet", SHEET),
    ):
        print(f"  {words:<14} {path}")
    print(f"\nA plate of your own: {environment.launcher_of(environment.VENV)} swap --help")


if __name__ == "__main__":
    sys.exit(main())
