"""Every template of ours compiles: a misspelt tag is found before somebody opens the page."""

import os
import sys
from pathlib import Path

import django
from django.template import TemplateSyntaxError, engines

PROJECT = Path(__file__).resolve().parent.parent


def main() -> int:
    sys.path.insert(0, str(PROJECT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fintrust.settings")
    django.setup()
    engine, faults, found = engines["django"], 0, 0
    for directory in map(Path, engine.template_dirs):
        if not directory.is_relative_to(PROJECT) or ".venv" in directory.parts:
            continue
        for path in sorted(directory.rglob("*.*")):
            if path.is_dir() or path.suffix == ".md":
                continue
            found += 1
            try:
                engine.get_template(str(path.relative_to(directory)))
            except (TemplateSyntaxError, UnicodeDecodeError) as error:
                faults += 1
                print(f"{path.relative_to(PROJECT)}: {error}", file=sys.stderr)
    print(f"{found} templates, {faults} faults")
    return 1 if faults or not found else 0


if __name__ == "__main__":
    sys.exit(main())
