"""
Tests that share something expensive run in one process: those marked `xdist_group`.

pytest-xdist's own `--dist loadgroup` hands the group on inside the test's id, which pytest 9.2 no
longer lets it change (pytest-xdist issue 1386): grouping then silently stops. Here the processes
that collect write the groups to a file, and the one that schedules reads it.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

_FILE = "FINTRUST_TEST_GROUPS"


class GroupScheduling(LoadScopeScheduling):
    """Every test by itself, wherever there is time; a group as one, in one process."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        config.option.loadscopereorder = False  # the order of collection is meant
        super().__init__(config, log)
        self._groups: dict[str, str] | None = None

    def _split_scope(self, nodeid: str) -> str:
        if self._groups is None:  # by now everybody has collected
            self._groups = json.loads(Path(os.environ[_FILE]).read_text())
        return self._groups.get(nodeid, nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    return GroupScheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.getoption("numprocesses", None):
        handle, os.environ[_FILE] = tempfile.mkstemp(prefix="fintrust-groups-")
        os.close(handle)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if _FILE in os.environ and "PYTEST_XDIST_WORKER" in os.environ:
        groups = {
            item.nodeid: str(marker.args[0])
            for item in items
            if (marker := item.get_closest_marker("xdist_group"))
        }
        target = Path(os.environ[_FILE])
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        draft.write_text(json.dumps(groups))
        draft.replace(target)


def pytest_unconfigure() -> None:
    if _FILE in os.environ and "PYTEST_XDIST_WORKER" not in os.environ:
        Path(os.environ.pop(_FILE)).unlink(missing_ok=True)
