"""What the demo bank's officer tries out: a rule that looks at every payment and touches none."""

from fintrust.core.models import User
from fraud.backtest.services import ask
from fraud.rulebook.services import try_out, write_rule


def try_a_rule(*, by: User) -> None:
    version = write_rule(
        by=by,
        name="Far above one's own, to a stranger",
        purpose="Takeovers empty an account to a payee who was never paid before.",
        condition="amount_vs_median > 3 and new_payee",
        action="hold",
    )
    try_out(version=version, by=by)
    ask(version=version, by=by)
