"""Who may do what with a case now: by what they may, and by where it stands."""

from typing import Any

from django.http import HttpRequest

from fraud.models import Case


class CaseRights:
    """Nobody has a hand in a case about themselves."""

    def _now(self, request: HttpRequest, key: Any, right: str = "work_case", **state: Any) -> bool:
        if not request.user.has_perm(f"fraud.{right}"):
            return False
        return Case.objects.filter(pk=key, **state).exclude(customer=request.user.pk).exists()

    def has_take_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._now(
            request, object_id, assigned_to__isnull=True, status__in=["open", "review"]
        )

    def has_hold_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        mine = {} if request.user.has_perm("fraud.lead_case") else {"assigned_to": request.user}
        return self._now(request, object_id, status__in=["open", "review"], **mine)

    def has_pass_on_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        taken = self._now(request, object_id, assigned_to__isnull=False)
        return taken and self.has_hold_permission(request, object_id)

    def has_escalate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        mine = {"assigned_to": request.user, "escalated_at__isnull": True}
        return self._now(request, object_id, status="open", **mine)

    def has_close_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._now(request, object_id, status="open", assigned_to=request.user)

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        waits = self._now(request, object_id, status="review")
        return waits and not self._now(request, object_id, proposed_by=request.user)

    def has_return_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._now(request, object_id, status="review")

    def has_reopen_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._now(request, object_id, status="closed")

    def has_note_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return any(self._now(request, object_id, right) for right in ("note_case", "work_case"))

    def has_report_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._now(request, object_id, "draft_suspicionreport")
