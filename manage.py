#!/usr/bin/env python
"""
Django's commands. Without DATABASE_URL they run on the embedded servers, whether or not the bank
is up: `python manage.py verify_ledger` just works.
"""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fintrust.settings")
    if "DATABASE_URL" not in os.environ:
        here = os.path.dirname(os.path.abspath(__file__))
        os.environ["PYTHONPATH"] = os.pathsep.join(
            filter(None, [here, os.environ.get("PYTHONPATH")])
        )
        command = [sys.executable, os.path.abspath(__file__), *sys.argv[1:]]
        os.execv(sys.executable, [sys.executable, "-m", "fintrust.stack", "exec", *command])
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
