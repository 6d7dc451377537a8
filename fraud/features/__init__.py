"""What is known of a payment: aggregates declared once, and the features that follow from them.

`aggregates` declares, `statement` reads them for one payment, `columns` for a whole history,
`snapshot` keeps them, `catalogue` names what rules and models use. Only `statement` knows SQL, only
`columns` needs numpy, and none of them Django.
"""

from fraud.features.aggregates import AGGREGATES, HOURS
from fraud.features.catalogue import FEATURES, Feature, of
from fraud.features.clock import local
from fraud.features.snapshot import Snapshot

__all__ = ["AGGREGATES", "FEATURES", "HOURS", "Feature", "Snapshot", "local", "of"]
