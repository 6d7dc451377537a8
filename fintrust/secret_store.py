"""Secrets for development and tests: made once, kept in the state directory, readable by its owner.

In production every secret comes from the environment; this module then refuses to invent one.
"""

import base64
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def secret(name: str, *, state: Path, production: bool) -> str:
    """The secret called `name`: from the environment, else (not in production) from the state."""
    given = os.environ.get(name)
    if given:
        return given
    if production:
        raise ImproperlyConfigured(f"Set {name} in the environment.")
    return _kept(state / "secrets" / name)


def _kept(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    try:
        # Linking fails when another process was first, and never shows a half-written file.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()
