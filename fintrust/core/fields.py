"""Model fields that PostgreSQL has and Django lacks."""

from typing import Any

from django.db import models


class TxField(models.Field):
    """The transaction that wrote the row (`xid8`), filled by the database.

    Followers order by it and stop below the xmin horizon: no gap, no lost row.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("db_default", models.Func(function="pg_current_xact_id"))
        options.setdefault("editable", False)
        super().__init__(**options)

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return str(value) if isinstance(value, int) else value
