import pytest

from audit import services
from audit.models import Record
from fintrust.testing import servers


@pytest.fixture
def tamper(bank):
    """Run a statement with the fences down: what only the server's administrator could do."""

    def run(table, statement, *parameters):
        with servers.current().connect(bank) as administrator:
            administrator.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            changed = administrator.execute(statement, parameters or None)
            assert changed.rowcount > 0, "the statement met no row, so nothing was tampered with"

    return run


@pytest.fixture
def records(bank):
    """Make this many records."""

    def make(count, label="x"):
        if count < 20:
            return [services.record("core.test.done", subject=f"{label}{i}") for i in range(count)]
        return Record.objects.bulk_create(
            Record(action="core.test.done", actor_kind="system", subject=f"{label}{i}")
            for i in range(count)
        )

    return make
