"""Other people's test vectors: a few beside this file, the rest where FINTRUST_DATA points."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]
SHARED = Path(os.environ.get("FINTRUST_DATA", PROJECT.parent / "shared" / "data")) / "merkle"


def kept(name: str) -> Any:
    return json.loads((HERE / name).read_text())


def shared(name: str) -> Any:
    """A vector file from the shared data, or a skip that names what is missing."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"NOT TESTED: {path} is absent; set FINTRUST_DATA to the vectors")
    return json.loads(path.read_text())
