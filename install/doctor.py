"""Print the doctor's report. Runs before the environment exists: standard library only."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugin"))

from likeness_engine.doctor import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
