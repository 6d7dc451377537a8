"""`{% rhythm_capture %}` inside a form: how it is typed is measured, and the person is told."""

from typing import Any

from django import template

from biometrics import rhythms
from fintrust.core import context as request_context

register = template.Library()


@register.inclusion_tag("biometrics/_capture.html", takes_context=True)
def rhythm_capture(context: dict[str, Any], form: str = "send") -> dict[str, Any]:
    """A token for one capture of this form. Nothing for somebody who is not signed in."""
    request = context["request"]
    session = request_context.session_hash(request.session.session_key)
    if session is None or not request.user.is_authenticated:
        return {"token": None}
    token = rhythms.form_token(user=request.user, session_hash=session, form=form)
    return {"token": token}
