"""
The pytest plugin of the house (`-p fintrust.testing`): real servers, real roles, no mocks.

The controller starts throw-away PostgreSQL and Redis, migrates one template database as the
owner, and every process of the run clones it. With DATABASE_URL (an administrator's) and
REDIS_URL set, those servers are used instead. Tests connect as the application's own role.

- `db`: one transaction, rolled back (pytest-django's).
- `bank`: a clone of its own, where commits are commits; for threads, tasks, sealing.
- `owner_sql`, `app_sql`, `reader_sql`, `sequencer_sql`: a statement as that role, committed.
- `stack`: the whole bank, running: web, worker and beat (see `fintrust.testing.stack`).
"""

from __future__ import annotations

import os
import shutil

import pytest

from fintrust.testing import servers

_COLLECT = {"--collect-only", "--co"}
_HELP = {"-h", "--help", "--version", "-V", "--markers", "--fixtures"}


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Before the settings are imported: they read the addresses from the environment."""
    os.environ.setdefault("FINTRUST_ENV", "test")
    # Playwright keeps an event loop running between tests, which is not Django's concern here.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    if not _HELP.intersection(args):
        try:
            servers.begin()
            if not _COLLECT.intersection(args):
                servers.build_template()  # meanwhile pytest imports and collects
        except servers.Unusable as error:
            raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Registered late, so that these fixtures win over those of the same name in other plugins."""
    from fintrust.testing import fixtures, groups, stack

    config.pluginmanager.register(groups, "fintrust.testing.groups")
    config.pluginmanager.register(fixtures, "fintrust.testing.fixtures")
    config.pluginmanager.register(stack, "fintrust.testing.stack")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if not session.config.option.collectonly:
        try:
            servers.finish_template()
            if session.config.getoption("numprocesses", None):
                servers.hand_out_seeds()
        except servers.Unusable as error:
            raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """On one external server the processes would hide commits from each other's followers."""
    return 1 if servers.current().external else None


def pytest_unconfigure(config: pytest.Config) -> None:
    servers.end()


# --- What a test may ask for ---------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "stack" in names:  # one running bank for all of them, in one process of the run
            item.add_marker(pytest.mark.stack)
            item.add_marker(pytest.mark.xdist_group("stack"))
        if "page" in names or "browser" in names:
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("browser") and not browser_program() and not _ci():
            item.add_marker(pytest.mark.skip(reason=_NO_BROWSER))
    # The longest group goes first, so that the other processes are busy as long as it is; but on
    # a server shared with the other tests it goes last, since it never stops writing.
    shared = servers.current().external
    items.sort(key=lambda item: bool(item.get_closest_marker("stack")) == shared)


_NO_BROWSER = "no browser: install Debian's chromium (`make test` does, as root)"


def browser_program() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def _ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    marker = item.get_closest_marker("django_db")
    if (marker and marker.kwargs.get("transaction")) or _flushing(item):
        pytest.fail(
            "A flushing test (transaction=True, transactional_db, live_server) cannot work here: "
            "the application's role must not truncate. Use `bank` for real commits and `stack` "
            "for a running server.",
            pytrace=False,
        )
    if item.get_closest_marker("browser") and not browser_program():
        pytest.fail(f"CI demands the browser tests, but there is {_NO_BROWSER}", pytrace=False)


def _flushing(item: pytest.Item) -> bool:
    names = set(getattr(item, "fixturenames", ()))
    return bool(names & {"transactional_db", "live_server", "django_db_reset_sequences"})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [
        report.nodeid
        for report in terminalreporter.stats.get("skipped", [])
        if _NO_BROWSER in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.section("BROWSER TESTS WERE NOT RUN", sep="!", red=True)
        terminalreporter.write_line(_NO_BROWSER)
        for name in skipped:
            terminalreporter.write_line(f"  not run: {name}")
