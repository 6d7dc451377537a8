"""What the model reads: names of the catalogue, and why each is sound in a bank.

No name here says who a customer is, where they were born or live; see docs/models/champion.md.
Values only.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Input:
    """One feature. `rises`: more of it never makes a payment safer, and the trees must obey."""

    name: str
    why: str
    rises: bool = False


INPUTS = (
    # --- the amount, against the customer's own -------------------------------------------------
    Input("amount_scaled", "What is stolen is worth stealing; in units of the currency's size."),
    Input("amount_vs_mean", "Thieves do not know what is usual for their victim."),
    Input("amount_vs_median", "The same against the middle, which one large purchase cannot move."),
    Input("amount_vs_high", "The same against one's own large payments: rent is no surprise."),
    Input("amount_vs_largest", "And against the largest that was ever paid."),
    Input("own_median_scaled", "Ten times a small payment is less than ten times a large one."),
    Input("deviations", "Who always pays alike is surprised by less than who never does."),
    Input("amount_vs_peer_high", "For newcomers: what others' payments stay below."),
    # --- the customer's own last days -----------------------------------------------------------
    Input("own_count_24h", "Stolen means of payment are used up quickly."),
    Input("own_count_7d", "How busy this customer is anyway."),
    Input("own_sum_24h_vs_mean", "Spending as never before, even in payments that look usual."),
    Input("own_sum_7d_vs_mean", "The same over a week."),
    Input("own_unusual_3d", "A series of unusual payments is rarely a coincidence."),
    Input("own_unusual_7d", "The same over a week, for a patient thief."),
    Input("own_unusual_30d", "The same over a month; who is often unusual is unusual by habit."),
    Input("own_frauds_28d", "Known frauds on this customer: the means may still be stolen."),
    Input("hours_since_last", "A long sleep before a payment, or none."),
    Input("hour_share", "Thieves keep other hours than their victims."),
    Input("own_payees_24h", "Emptying an account goes to several payees."),
    # --- this payee, by this customer -----------------------------------------------------------
    Input("pair_count", "Who was paid before without complaint is rarely a thief."),
    # --- this payee, by everybody ---------------------------------------------------------------
    Input("payee_count_7d", "A mule's account is busy for a few days."),
    Input("payee_last3_share", "What the newest outcomes of this payee were.", rises=True),
    Input("payee_last5_share", "The same, less easily moved by one.", rises=True),
    Input("payee_frauds_1d", "Frauds on this payee that became known today: it happens now."),
    Input("payee_frauds_7d", "The same over a week."),
    Input("payee_frauds_28d", "And over four weeks."),
    Input("payee_labels_28d", "How much is known about this payee at all."),
    Input("payee_fraud_share_28d", "Their share: a large shop has some frauds, a mule only those."),
    Input("payee_days_since_first_fraud", "A compromised payee is found and repaired in time."),
    Input("payee_days_since_last_fraud", "The same from the newest fraud on."),
    Input(
        "payee_days_in_series",
        "Frauds that look usual, one after the other, point to the payee; it is found in time.",
    ),
    Input("payee_good_since_fraud", "Genuine payments since then: it has been repaired."),
    # --- mules ----------------------------------------------------------------------------------
    Input("out_in_ratio_24h", "Money that leaves as it came passes through."),
    Input("minutes_since_received", "And it leaves within minutes."),
    Input("back_count_30d", "Money that comes back goes in a circle."),
    # --- the device -----------------------------------------------------------------------------
    Input("device_new", "Never seen with this customer."),
    Input("device_customers_30d", "One device, many customers: a farm."),
)

# The forest sees no label and nothing made of labels: it speaks about what nobody has seen yet.
FOREST = (
    "amount_scaled",
    "amount_vs_median",
    "amount_vs_high",
    "hour_share",
    "own_count_1h",
    "own_count_24h",
    "hours_since_last",
    "own_payees_24h",
    "pair_count",
    "payee_count_7d",
)
