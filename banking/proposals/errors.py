"""What one officer cannot propose or decide."""

from fintrust.core.errors import Conflict, Forbidden, Gone


class OwnProposal(Forbidden):
    """A colleague decides about what you proposed; you can only withdraw it."""

    code = "own-proposal"


class ProposalDecided(Conflict):
    """This has been decided, withdrawn, or has run out already."""

    code = "proposal-decided"


class ProposalExpired(Gone):
    """Nobody decided in time. Propose it again."""

    code = "proposal-expired"


class ClosingProposed(Conflict):
    """A closing of this currency waits for a colleague already."""

    code, field = "closing-proposed", "currency"
