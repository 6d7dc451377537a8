"""A model as it is kept: one canonical JSON text around LightGBM's own texts. No code, no pickle.

What is read is measured, hashed and checked before anything else happens to it.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fraud.errors import ModelDamaged, ModelFormatUnknown
from fraud.learning.drift import Reference
from fraud.learning.forest import Grown
from fraud.learning.policy import LEARNING
from fraud.learning.voices import NAMES
from fraud.learning.weights import Scale, as_points

FORMAT = "fintrust-model-1"


@dataclass(frozen=True)
class Voice:
    """One addend: its weight, and what it says of an ordinary payment."""

    weight: float
    usual: float


@dataclass(frozen=True)
class Bundle:
    """Everything a score is made from."""

    features: tuple[str, ...]
    trees: str
    trees_weight: float
    intercept: float
    forest: Grown
    voices: Mapping[str, Voice]
    scale: Scale
    reference: Reference
    about: Mapping[str, Any]  # what it was trained on; says nothing about how it scores

    def to_bytes(self) -> bytes:
        """The same model is the same bytes."""
        written = {
            "format": FORMAT,
            "features": list(self.features),
            "trees": self.trees,
            "trees_weight": self.trees_weight,
            "intercept": self.intercept,
            "forest": self.forest.to_json(),
            "voices": {name: [voice.weight, voice.usual] for name, voice in self.voices.items()},
            "scale": {
                "points": [list(point) for point in self.scale.points],
                "most": self.scale.most,
            },
            "reference": self.reference.to_json(),
            "about": dict(self.about),
        }
        return json.dumps(
            written, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
        ).encode()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read(content: bytes, sha256: str) -> Bundle:
    """The model of these bytes, if they are the very bytes that were stored."""
    if len(content) > LEARNING.model_bytes_max:
        raise ModelDamaged("The model is larger than any that was stored.")
    if digest(content) != sha256:
        raise ModelDamaged()
    try:
        stored = json.loads(content)
    except (ValueError, RecursionError):  # a pickle, a ZIP: whatever it is, it is not opened
        raise ModelFormatUnknown() from None
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise ModelFormatUnknown()
    try:
        return _bundle(stored)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ModelDamaged("The model's parts do not fit together.") from None


def _bundle(stored: Mapping[str, Any]) -> Bundle:
    scale = stored["scale"]
    return Bundle(
        features=_features(stored["features"]),
        trees=_text(stored["trees"]),
        trees_weight=_number(stored["trees_weight"], least=0.0),
        intercept=_number(stored["intercept"]),
        forest=Grown.from_json(stored["forest"]),
        voices={
            name: _voice(*stored["voices"][name])
            for name in NAMES  # in their own order: sums are the same bits wherever they are made
            if name in stored["voices"]
        },
        scale=Scale(as_points(scale["points"]), _number(scale["most"], least=0.0)),
        reference=Reference.from_json(stored["reference"]),
        about=stored["about"],
    )


def _features(names: Any) -> tuple[str, ...]:
    if not isinstance(names, list) or not 0 < len(names) <= LEARNING.features_max:
        raise ValueError("a model has features, and not too many")
    if len(set(names)) < len(names):
        raise ValueError("a feature is named once")
    return tuple(map(_text, names))


def _voice(weight: Any, usual: Any) -> Voice:
    return Voice(_number(weight, least=0.0), _number(usual))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _number(value: Any, least: float = -math.inf) -> float:
    number = float(value)
    if not (math.isfinite(number) and number >= least):
        raise ValueError("not a number that a model can have")
    return number
