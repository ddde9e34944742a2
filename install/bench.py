"""Measure Likeness: a table of ratios, each taken in one run. Started by `python3 install bench`.

A ratio of two things done side by side says the same on a fast machine and on a slow one; a number
of seconds does not. Nothing here asserts a speed: a row misses its target, and says so.
"""

from __future__ import annotations

import inspect
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import environment
from rows.crowds import measure_crowds
from rows.errors import measure_swap_error
from rows.memory import measure_memory
from rows.mesh import measure_mesh
from rows.ranges import measure_ranges
from rows.row import Row, Skip, table
from rows.speed import measure_frame, measure_throughput

RESULTS = environment.ROOT / "bench"

ROWS: dict[str, Callable[[Path], list[Row]]] = {
    "frame": measure_frame,
    "throughput": measure_throughput,
    "memory": measure_memory,
    "swap": measure_swap_error,
    "mesh": measure_mesh,
    "crowds": measure_crowds,
    "ranges": measure_ranges,
}


def main(arguments: list[str]) -> int:
    """Run the rows asked for, print the table, keep it as JSON; return 1 for a missed target."""
    if "--list" in arguments:
        for name, measure in ROWS.items():
            print(f"{name}\n{inspect.cleandoc(measure.__doc__ or '')}\n")
        return 0
    asked = arguments[arguments.index("--rows") + 1].split(",") if "--rows" in arguments else []
    if unknown := set(asked) - set(ROWS):
        print(f"There is no row {', '.join(sorted(unknown))}; known are {', '.join(ROWS)}.")
        return 2
    launcher = environment.launcher_of(environment.VENV)
    fetched = subprocess.run([launcher, "models", "fetch"], check=False)
    if fetched.returncode:
        return fetched.returncode
    RESULTS.mkdir(exist_ok=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=RESULTS, prefix="work-") as work:
        # The person's own registry and keys are not touched.
        os.environ["LIKENESS_HOME"] = str(Path(work) / "home")
        for name in asked or ROWS:
            rows += run_row(name, ROWS[name], Path(work) / name)
    print("\n" + table(rows))
    print(f"\nKept in {keep(rows)}")
    return 1 if any(row.met is False for row in rows) else 0


def run_row(name: str, measure: Callable[[Path], list[Row]], work: Path) -> list[Row]:
    """Measure one row in its own folder; what cannot be measured here is a row that says why."""
    print(f"\n{name}: {(measure.__doc__ or '').splitlines()[0]}", file=sys.stderr, flush=True)
    work.mkdir(parents=True)
    started = time.monotonic()
    try:
        rows = measure(work)
    except Skip as reason:
        rows = [Row(name, note=f"not measured: {reason}")]
    print(f"{name} took {time.monotonic() - started:.0f} s", file=sys.stderr)
    return rows


def keep(rows: list[Row]) -> Path:
    """Write the rows with what they were measured on; return the file."""
    now = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    machine = {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "lock": environment.digest_of(environment.LOCK),
    }
    path = RESULTS / f"bench-{now}.json"
    facts = {"at": now, "machine": machine, "rows": [row.to_json() for row in rows]}
    path.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
