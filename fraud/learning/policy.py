"""The numbers of learning, each with its reason. Values in, values out: no Django here."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class LearningPolicy:
    """How a model is trained, measured, let in and watched."""

    # --- what is learned from --------------------------------------------------------------
    window: timedelta = timedelta(days=70)  # ten weeks: measured best, and habits drift in months
    mature: timedelta = timedelta(days=30)  # nobody complained for a month: taken as genuine
    # How far that silence is believed: some notice later. As far as a customer's own "this was not
    # me" (LabelPolicy), so that neither side outweighs the other and a score stays a chance.
    silence_weight: float = 0.9
    payments_min: int = 2_000  # or every feature is an accident
    # Frauds count as far as they are believed: a hundred ignored holds are no hundred frauds.
    frauds_min: int = 100  # a few for each leaf; below this the rules know more than a model would
    later_frauds_min: int = 30  # a scale of chances needs this many in the later part
    payments_max: int = 1_000_000  # newest; bounds memory to about half a gigabyte
    later_share: float = 0.2  # of the window's payments, the newest: for weights and calibration

    # --- when it is learned anew ------------------------------------------------------------
    again_after: timedelta = timedelta(days=7)  # habits of thieves drift in weeks
    again_labels_min: int = 50  # known since: with fewer the new model would be the old one

    # --- trees -----------------------------------------------------------------------------
    rounds: int = 150
    leaves: int = 15  # interactions of a few features, as a person could still tell them
    # Questions on the way to a leaf. Deeper trees found no more of the handbook's frauds, and
    # saying why takes time that grows with the square of it.
    depth: int = 5
    rate: float = 0.05
    leaf_payments_min: int = 100  # a leaf about fewer people would be gossip
    # Values of a feature that are told apart. They are equal shares of the payments, and of 255 the
    # outermost would hold four in a thousand, among which the frauds are.
    steps_max: int = 4095
    features_share: float = 0.8
    payments_share: float = 0.8
    ridge: float = 1.0
    seed: int = 20  # fixed: the same payments make the same bytes
    threads: int = (
        1  # the worker shares its machine with the bank, where threads wait for each other
    )

    # --- forest ----------------------------------------------------------------------------
    forest_trees: int = 100
    forest_payments: int = 256  # each tree sees these many: what is rare is rare in few already
    forest_sample_max: int = 50_000

    # --- profile and rules in the sum -------------------------------------------------------
    deviations_max: float = 12.0  # as in the rules: from there on it is extreme, whatever it is
    rules_score_max: float = 0.99  # log-odds of one would be infinite
    weight_ridge: float = 1e-3  # keeps weights finite when frauds and others part cleanly

    # --- calibration -----------------------------------------------------------------------
    step_frauds_min: int = 25  # each point of the scale rests on these many of both kinds
    odds_max: float = 12.0  # log-odds: nobody is surer than six in a million of being wrong

    # --- letting in ------------------------------------------------------------------------
    resamples: int = 400
    confidence: float = 0.95
    loss_max: float = 0.01  # average precision: a candidate must surely lose less than this
    shift_max: float = 0.2  # PSI: the usual border of "this is another population"
    later_labels_min: int = 500  # payments with a known outcome that neither has learned from
    later_payments_max: int = 20_000  # newest; a minute of scoring
    promotion_life: timedelta = timedelta(days=14)  # decided while its figures are still true

    # --- drift -----------------------------------------------------------------------------
    bins: int = 10
    # Looked at together, each time so many new ones have moved: after a shift, the second look sees
    # nothing but shifted payments, so it is found within 2,000.
    drift_payments: int = 1_000
    drift_payments_min: int = 500  # a day with fewer says nothing about shares of a tenth
    reference_payments_max: int = 100_000

    # --- thresholds ------------------------------------------------------------------------
    retune_share_max: float = 0.1  # a threshold moves at most a tenth at a time
    # Whatever costs and budgets say: below one in ten, nine of ten are asked for nothing, and above
    # one in two what is rather fraud than not would go through unasked.
    threshold_min: float = 0.1
    threshold_max: float = 0.5
    alerts_a_day: float = 50.0  # what two officers can look at: a cap, and nothing to be used up
    threshold_gap: float = 0.01  # what is flagged stays apart from what is blocked
    cost_cents_max: int = 1_000_000_00  # of a mistake: more is a slip of the pen
    tuning_days_min: int = 7  # a week, so that a weekend is in it
    tuning_payments_min: int = 500

    tuning_time: timedelta = timedelta(days=28)  # four of each weekday, and a payday

    # --- the worker's hours ----------------------------------------------------------------
    training_time_max: timedelta = timedelta(hours=1)  # a run older than this has died
    history_batch_max: int = 500  # one transaction: a second's work
    history_batches_max: int = 20

    # --- sizes -----------------------------------------------------------------------------
    model_bytes_max: int = 8_000_000
    features_max: int = 64


LEARNING = LearningPolicy()
