from banking.models.ledger import Account, Currency, Entry, Hold, HoldEnd, Movement
from banking.models.transfers import Transfer

__all__ = ["Account", "Currency", "Entry", "Hold", "HoldEnd", "Movement", "Transfer"]
