"""The card of a model: what it is for, what it saw, how good it was, and why each feature is sound.

Written with the model and kept beside it. Values only.
"""

from typing import Any

from fraud.learning.bundle import Bundle
from fraud.learning.inputs import INPUTS
from fraud.learning.policy import LEARNING


def write(made: Bundle) -> str:
    return "\n\n".join(
        (
            "A chance of fraud for a payment that leaves a customer, before it is booked. It says "
            "nothing about a person, and is not to be used about anything else.",
            _seen(made.about),
            _figures(made.about),
            "What it reads, and why that is sound in a bank:\n" + _features(made),
            "What it does not read: name, age, sex, nationality, language, address, the text of a "
            "payment.",
            f"It is to be trained again when the stability index of a feature or of the score "
            f"reaches {LEARNING.shift_max}.",
        )
    )


def _seen(about: Any) -> str:
    return (
        f"Learned from {about['payments']:,} payments with a known outcome, "
        f"{about['frauds']:,} of them fraud."
    )


def _figures(about: Any) -> str:
    later, rules = about["later"], about["rules"]
    return (
        f"On the newest {later['payments']:,} of them, which the trees measured here had not seen: "
        f"average precision {later['average_precision']:.3f} (the rules alone "
        f"{rules['average_precision']:.3f}), area under the curve {later['auc']:.3f}, "
        f"{later['recall_at_a_thousandth']:.0%} of frauds found while disturbing 1 of 1,000 "
        "genuine payments."
    )


def _features(made: Bundle) -> str:
    why = {one.name: one.why for one in INPUTS}
    return "\n".join(f"- {name}: {why.get(name, '')}" for name in made.features)
