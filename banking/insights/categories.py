"""What money was for, and why we think so. Pure, and the same for the same words.

The most particular answer wins: what the customer said of this payment, what they said of the
counterparty, what the counterparty is by nature, the words of the payment, the counterparty's
name. When none of them says anything it is "Other"; guessing would be worse.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from banking.insights.flows import Flow

OTHER = "other"
LABELS: Mapping[str, str] = {
    "housing": "Housing",
    "utilities": "Energy and water",
    "phone": "Phone and internet",
    "groceries": "Groceries",
    "eating-out": "Eating out",
    "transport": "Transport",
    "shopping": "Shopping",
    "leisure": "Books and leisure",
    "subscriptions": "Subscriptions",
    "health": "Health",
    "education": "Education",
    "travel": "Travel",
    "insurance": "Insurance",
    "taxes": "Taxes",
    "gifts": "Gifts and donations",
    "saving": "Saving and investing",
    "cash": "Cash and cards",
    "bank": "Bank",
    "salary": "Salary",
    OTHER: "Other",
}

# Whole words without accents, in order: of two that fit, the first is taken.
_WORDS: Mapping[str, str] = {
    "salary": "salary wage wages payroll stipend pension",
    "taxes": "tax taxes hmrc finanzamt",
    "insurance": "insurance assurance versicherung",
    "housing": "rent mortgage landlord lettings letting housing miete",
    "utilities": "electricity electric energy gas water heating power strom utilities",
    "phone": "mobile phone broadband internet telecom fibre sim",
    "subscriptions": "subscription membership streaming netflix spotify films music gym",
    "eating-out": "coffee cafe restaurant lunch dinner breakfast bakery pizza bar pub takeaway"
    " brunch kettle",
    "groceries": "groceries grocer grocers supermarket market greengrocer butcher food",
    "transport": "bus tram train rail metro taxi fuel petrol parking transit pass ticket tramline",
    "travel": "flight flights hotel hostel airline airways holiday travel booking",
    "health": "pharmacy dentist doctor hospital clinic optician physio health",
    "education": "school university tuition course college kindergarten",
    "gifts": "gift gifts donation charity birthday present",
    "leisure": "book books bookshop cinema theatre museum concert games game tickets edition",
    "shopping": "clothes shoes furniture electronics shop store hardware",
    "saving": "savings saving invest investment fund",
    "cash": "cash atm withdrawal",
    "bank": "fee fees interest",
}
_BY_WORD = {word: category for category, words in _WORDS.items() for word in words.split()}
_RANK = {category: rank for rank, category in enumerate(_WORDS)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A category, and the sentence that explains it."""

    category: str
    because: str

    @property
    def label(self) -> str:
        return LABELS[self.category]


@dataclass(frozen=True, slots=True)
class Categoriser:
    """`chosen` is what the customer said, by the reference of a flow or the counterparty's key."""

    chosen: Mapping[str, str] = field(default_factory=dict)

    def of(self, flow: Flow) -> Verdict:
        payment, everyone = flow.reference, flow.counterparty.key
        if payment in self.chosen:
            return Verdict(self.chosen[payment], "You chose it for this payment.")
        if everyone in self.chosen:
            return Verdict(self.chosen[everyone], f"You chose it for {flow.counterparty.name}.")
        return by_nature(flow)


def by_nature(flow: Flow) -> Verdict:
    """What we think without the customer's word."""
    counterparty = flow.counterparty
    if counterparty.category:
        return Verdict(counterparty.category, f"{counterparty.name} is that.")
    if found := _word_in(flow.text):
        return Verdict(_BY_WORD[found], f"The payment says “{found}”.")
    if found := _word_in(counterparty.name):
        return Verdict(_BY_WORD[found], f"The name says “{found}”.")
    return Verdict(OTHER, "Nothing told us what it was for.")


@lru_cache(maxsize=5000)  # the same shops and notes come again and again
def _word_in(text: str) -> str:
    """The word that decides, or nothing."""
    bare = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    known = [word for word in re.findall(r"[a-z]+", bare) if word in _BY_WORD]
    return min(known, key=lambda word: _RANK[_BY_WORD[word]], default="")
