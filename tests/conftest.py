"""What every test may ask for."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def recorded_data() -> Path:
    """Recorded market data, which is no part of the repository: MMSIM_DATA, or shared/data beside the checkout."""
    folder = Path(os.environ.get("MMSIM_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no recorded data at {folder}: set MMSIM_DATA to its folder")
    return folder
