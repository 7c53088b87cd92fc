"""The campaign of kills of `make fuzz`: 200 of whole runs, and one at every site of every writing."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.kills import runs

WARM, COLD = 190, 10

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(runs.campaign(Path(folder), WARM, COLD), flush=True)
        saved = Path(folder) / "saved"
        runs.finished(saved)
        (Path(folder) / "sites").mkdir()
        words = [sys.executable, "-m", "tests.kills.sites", str(Path(folder) / "sites"), str(saved)]
        sys.exit(subprocess.run(words, cwd=runs.ROOT, check=False).returncode)
