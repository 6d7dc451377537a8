"""The bank for programs: accounts, money that moves, and what was decided about it.

A transfer that fraud refused did happen: it is stored, judged and can be read. So asking for it
answers 201 with `status: refused`, while a transfer that could not happen at all (no funds, a
frozen account) is a problem and leaves nothing behind. See docs/api.md.
"""
