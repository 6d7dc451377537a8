"""What officers rule: rules, their versions, who agreed to them, and what was in force when.

All of it is written once. What a version is now follows from its newest step and the newest
ruleset.
"""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from fintrust.core.ids import PublicModel
from fraud.models.decisions import Decision


def _person(*, null: bool = False) -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=null, related_name="+", db_index=False
    )


class Rule(PublicModel):
    """What a rule is called and what it is for; what it says is in its versions."""

    prefix: ClassVar[str] = "rul"

    name = models.CharField(max_length=80, unique=True)
    purpose = models.CharField("what it is for", max_length=500)
    created_by = _person()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name


class RuleVersion(PublicModel):
    """One wording of a rule, with what it does and how much it may stop."""

    class Action(models.TextChoices):
        WATCH = "watch", "Watch"
        HOLD = "hold", "Hold"
        BLOCK = "block", "Block"

    prefix: ClassVar[str] = "rlv"

    rule = models.ForeignKey(Rule, models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    condition = models.CharField(max_length=4000)  # as `canonical` writes it
    action = models.CharField(max_length=5, choices=Action)
    sentence = models.CharField("shown to the customer", max_length=200, blank=True)
    hour_max = models.PositiveIntegerField("stops in an hour, at most")
    day_max = models.PositiveIntegerField("stops in 24 hours, at most")
    hundred_max = models.PositiveSmallIntegerField("stops of the newest 100 payments, at most")
    author = _person()
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("write_rule", "Can write, try out and propose rules"),
            ("decide_rule", "Can put a colleague's rules in force, and take any out"),
        ]
        verbose_name = "rule"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "number"], name="fraud_ruleversion_number"),
            # So that a step can name the author and the database can check it.
            models.UniqueConstraint(fields=["id", "author"], name="fraud_ruleversion_author"),
            models.CheckConstraint(
                condition=Q(hour_max__gt=0, day_max__gt=0, hundred_max__gt=0, hundred_max__lte=100),
                name="fraud_ruleversion_budget",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule.name}, version {self.number}"


class RuleStep(models.Model):
    """Something that was said about a version. Who wrote it cannot approve it: the database too
    refuses that."""

    class Step(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"
        STOPPED = "stopped", "Stopped by its budget"
        RESTORED = "restored", "Put back"
        RETIRED = "retired", "Retired"

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(RuleVersion, models.PROTECT, related_name="steps", db_index=False)
    author = _person()  # the version's own, checked by the database
    step = models.CharField(max_length=10, choices=Step)
    by = _person(null=True)  # nobody when a budget stops it
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [models.Index(fields=["version", "-id"], name="fraud_rulestep_newest")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(step__in=["approved", "restored"])
                | (Q(by__isnull=False) & ~Q(by=F("author"))),
                name="fraud_rulestep_two_people",
            ),
            models.CheckConstraint(
                condition=Q(by__isnull=False) | Q(step="stopped"), name="fraud_rulestep_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return self.get_step_display()


class Ruleset(PublicModel):
    """What is in force from one moment on: the newest row. A roll-back is a new row, too."""

    class Deed(models.TextChoices):
        SHADOW = "shadow", "A rule on trial"
        LIVE = "live", "A rule in force"
        RETIRE = "retire", "A rule retired"
        STOP = "stop", "A rule stopped by its budget"
        RESTORE = "restore", "A rule put back"
        ROLL_BACK = "roll_back", "Rolled back"
        PUBLISH = "publish", "Models or thresholds"

    prefix: ClassVar[str] = "rst"

    number = models.PositiveIntegerField()
    live = ArrayField(models.UUIDField(), default=list)
    shadow = ArrayField(models.UUIDField(), default=list)
    champion = models.CharField("model in force", max_length=60, blank=True)
    shadow_model = models.CharField("model on trial", max_length=60, blank=True)
    flagged_from = models.FloatField()
    blocked_from = models.FloatField()
    deed = models.CharField(max_length=10, choices=Deed)
    why = models.CharField(max_length=500)
    by = _person(null=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["number"], include=["id"], name="fraud_ruleset_number"),
            models.CheckConstraint(
                condition=Q(flagged_from__gt=0, flagged_from__lt=F("blocked_from"))
                & Q(blocked_from__lte=1),
                name="fraud_ruleset_thresholds",
            ),
        ]

    def __str__(self) -> str:
        return f"Ruleset {self.number}"


class RuleHit(models.Model):
    """A rule that matched a payment, in force or on trial."""

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(RuleVersion, models.PROTECT, related_name="hits", db_index=False)
    decision = models.ForeignKey(Decision, models.PROTECT, related_name="rule_hits", db_index=False)
    live = models.BooleanField()  # or on trial
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["version", "-at"], include=["live"], name="fraud_rulehit_lately"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["decision", "version"], include=["live"], name="fraud_rulehit_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {'in force' if self.live else 'on trial'}"


class Backtest(PublicModel):
    """What a version would have done to the payments of the past. Worked on by a sweep."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    prefix: ClassVar[str] = "bkt"

    version = models.ForeignKey(RuleVersion, models.PROTECT, related_name="backtests")
    ruleset = models.ForeignKey(
        Ruleset, models.PROTECT, null=True, related_name="+", db_index=False
    )  # what it was compared with
    asked_by = _person()
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    days = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    progress = models.PositiveSmallIntegerField(default=0)  # percent
    result = models.JSONField(null=True)
    error = models.CharField(max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(db_default=0)  # how often a worker began it
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        constraints: ClassVar = [
            # Impatience must not queue up work: of a version one waits or runs at a time.
            models.UniqueConstraint(
                fields=["version"],
                condition=Q(status__in=["waiting", "running"]),
                name="fraud_backtest_one_waits",
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="fraud_backtest_progress"),
        ]

    def __str__(self) -> str:
        return f"Backtest of {self.version}"
