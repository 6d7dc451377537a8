"""Officers and payments at the same time, with real commits."""

import threading

from django.db import connection, transaction

from fraud.errors import RuleNotReady
from fraud.models import Ruleset
from fraud.rulebook import breaker, selectors, services
from fraud.tests.factories import customer
from fraud.tests.test_rulebook import in_force, officer, pay, proposed, state


def test_of_two_officers_who_approve_at_once_one_does(bank):
    author = officer("author@example.com", "write_rule")
    people = [officer(f"{name}@example.com", "decide_rule") for name in ("second", "third")]
    version = proposed(author)
    answers, start = [], threading.Barrier(2)

    def approve(person):
        start.wait()
        try:
            answers.append(services.approve(version=version, by=person).number)
        except RuleNotReady:
            answers.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=str) == [2, None]
    assert Ruleset.objects.count() == 2


def test_a_hit_is_counted_after_its_commit_and_put_back_the_budget_begins_anew(bank):
    author = officer("author@example.com", "write_rule")
    second = officer("second@example.com", "decide_rule")
    version = in_force(author, second, hundred_max=1)
    ada, rule = customer(), selectors.compiled(version)

    def payment():
        with transaction.atomic():
            pay(ada, rule)
            return state(version)

    assert [payment(), state(version)] == [selectors.LIVE, selectors.LIVE]
    assert [payment(), state(version)] == [selectors.LIVE, selectors.STOPPED]
    services.restore(version=version, by=second, reason="a real attack")
    assert (breaker.sweep(), state(version)) == (0, selectors.LIVE)
    assert [payment(), state(version)] == [selectors.LIVE, selectors.LIVE]
    assert [payment(), state(version)] == [selectors.LIVE, selectors.STOPPED]
