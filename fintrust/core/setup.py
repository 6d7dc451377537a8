"""What must be there before the first request: roles with their permissions, and keys."""

from datetime import timedelta

from django.contrib.auth.models import Group, Permission

from fintrust.core import keys, roles

TOKENS = "tokens"

# What each staff role may do in the console, as "app.permission"; `view_*` is all views of an app.
PERMISSIONS: dict[str, tuple[str, ...]] = {
    roles.CUSTOMER: (),
    roles.PARTNER: (),
    roles.SUPPORT: (
        "fraud.view_alert",
        "fraud.acknowledge_alert",
        "fraud.view_case",
        "fraud.note_case",
    ),
    roles.AUDITOR: ("view_*",),
    roles.COMPLIANCE: (
        "view_*",
        "fraud.acknowledge_alert",
        "fraud.replay_deadletter",
        "fraud.write_rule",
        "fraud.decide_rule",
        "fraud.write_listentry",
        "fraud.decide_listentry",
        "fraud.train_model",
        "fraud.propose_model",
        "fraud.decide_model",
        "fraud.roll_back_model",
        "fraud.acknowledge_driftcheck",
        "fraud.work_case",
        "fraud.note_case",
        "fraud.draft_suspicionreport",
        "fraud.sign_suspicionreport",
        "banking.release_transfer",
        "banking.refuse_transfer",
        "banking.reverse_transfer",
        "banking.freeze_account",
        "banking.set_overdraft",
        "banking.add_accountlimit",
        "banking.add_checkrequest",
        "banking.propose_adjustment",
        "banking.decide_adjustment",
        "banking.propose_closing",
        "banking.decide_closing",
    ),
    roles.ADMINISTRATOR: (
        "view_*",
        "core.change_user",
        "core.add_user",
        "banking.add_fxrate",
        "banking.add_accountlimit",
        "banking.add_checkrequest",
        "banking.add_interestterms",
        "consent.add_partner",
        "consent.change_partner",
    ),
}
# A senior officer is an officer who also goes on with what others hand upwards.
PERMISSIONS[roles.SENIOR] = (*PERMISSIONS[roles.COMPLIANCE], "fraud.lead_case")
_APPS = ("auth", "core", "audit", "biometrics", "fraud", "banking", "consent")


def give_permissions() -> None:
    """Each role exactly the permissions listed here; safe to run again."""
    known = {
        f"{p.content_type.app_label}.{p.codename}": p
        for p in Permission.objects.filter(content_type__app_label__in=_APPS).select_related(
            "content_type"
        )
    }
    for role in roles.ALL:
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(
            permission for name, permission in known.items() if _allowed(name, PERMISSIONS[role])
        )


def _allowed(name: str, rights: tuple[str, ...]) -> bool:
    return name in rights or ("view_*" in rights and name.split(".")[1].startswith("view_"))


def first_keys() -> None:
    keys.rotate_signing_key(TOKENS, every=timedelta(days=3650), overlap=timedelta(days=15))
