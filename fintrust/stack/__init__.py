"""
The whole bank on one machine: `python -m fintrust.stack up | services | exec COMMAND … | clean`.

A small supervisor of the standard library that owns every process as a direct child. It imports
no Django, so it weighs a tenth of what it watches.
"""
