"""Passwords of the logins on an external server: made once, kept in the state directory."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from fintrust.stack.urls import VARIABLES


def passwords(state: Path) -> dict[str, str]:
    path = state / "secrets.json"
    if not path.exists():
        _write(path, {role: secrets.token_urlsafe(24) for role in VARIABLES.values()})
    return dict(json.loads(path.read_text()))


def _write(path: Path, content: dict[str, str]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2))
    try:
        os.link(draft, path)  # fails when another process was first; never shows half a file
    except FileExistsError:
        pass
    finally:
        draft.unlink()
