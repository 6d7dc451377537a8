"""`python -m fintrust.tests.chaos_people 80`: that many customers with money, as lines of JSON.

Runs beside a stack; made by the bank's own verbs, so the ledger knows where their money is from.
"""

import json
import sys

OPENING_MINOR = 100_00


def main(count: int) -> None:
    import django

    django.setup()
    from django.db import transaction

    from fintrust import tokens
    from fintrust.core import roles
    from fintrust.core.ids import uuid7
    from fintrust.tests import builders

    with transaction.atomic():
        # Names of their own: a second test on the same stack brings other people.
        names = [f"Chaos {uuid7().hex}" for _ in range(count)]
        # They come with tokens; a password each would cost the stack's full price of a hash.
        people = [builders.person(roles.CUSTOMER, name, password=None) for name in names]
        accounts = [builders.account(person, OPENING_MINOR) for person in people]
    for person, account in zip(people, accounts, strict=True):
        print(json.dumps({"account": account.public_id, "token": tokens.issue(person).access}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
