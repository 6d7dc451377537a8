from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from audit import checks, log, tasks
from audit.models import Leaf, Record, Verification
from fintrust.core import live
from fintrust.core.models import Event

pytestmark = pytest.mark.usefixtures("bank")


def alarms():
    return [event.data for event in Event.objects.filter(topic=live.SUPPORT, subject=checks.LOG)]


def test_a_check_is_remembered(records):
    records(3)
    log.seal()
    assert checks.check().intact
    remembered = Verification.objects.get()
    assert (remembered.intact, remembered.size, remembered.findings) == (True, 3, [])
    assert alarms() == []


def test_damage_raises_one_alarm_however_often_it_is_seen(records, tamper):
    records(3)
    log.seal()
    tamper("audit_record", "UPDATE audit_record SET reason = 'x' WHERE subject = 'x1'")
    for _ in range(3):
        assert not checks.check().intact
    (alarm,) = alarms()
    assert "changed at 1" in alarm["first"]
    assert Record.objects.filter(action="audit.log.found_damaged").count() == 1
    assert Verification.objects.filter(intact=False).count() == 3
    finding = Verification.objects.latest("id").findings[0]
    assert (finding["kind"], finding["index"]) == ("changed", 1)


def test_the_schedule_checks_all_once_a_day_and_between_what_is_new(records):
    records(3)
    log.seal()
    now = timezone.now()
    assert checks.check_on_schedule().since == 0
    records(2)
    log.seal()
    assert checks.check_on_schedule().since == 3
    with time_machine.travel(now + timedelta(hours=25)):
        assert checks.check_on_schedule().since == 0


def test_after_damage_the_schedule_does_not_go_on_behind_it(records, tamper):
    records(3)
    log.seal()
    assert checks.check_on_schedule().intact
    records(3, "later")
    log.seal()
    tamper("audit_record", "UPDATE audit_record SET reason = 'x' WHERE subject = 'later1'")
    assert [checks.check_on_schedule().findings[0].index for _ in range(2)] == [4, 4]


def test_the_task_seals_all_there_is_and_first_what_was_passed_over(records, tamper, monkeypatch):
    monkeypatch.setattr(tasks, "_caught_up", False)
    monkeypatch.setattr(log, "BATCH_MAX", 3)
    (forgotten,) = records(1, "forgotten")
    tamper("audit_record", "UPDATE audit_record SET tx = '3' WHERE id = %s", forgotten.pk)
    records(8)
    tasks.seal()
    assert Leaf.objects.count() == 9
    assert checks.check().intact
    records(2)
    tasks.seal()
    assert Leaf.objects.count() == 11


def test_the_task_that_verifies_remembers(records):
    records(1)
    tasks.seal()
    tasks.verify()
    assert Verification.objects.get().intact
