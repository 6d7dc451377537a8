"""Boosted trees as LightGBM writes them, one row at a time. Values only: no Django here."""

import ctypes
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from fraud.learning.library import library

_RAW, _CONTRIBUTIONS = 1, 3  # LightGBM's names: C_API_PREDICT_RAW_SCORE, C_API_PREDICT_CONTRIB
_DOUBLE, _ROW_MAJOR = 1, 1
_QUIET = b"num_threads=1 verbosity=-1"


class BoosterBroken(Exception):
    """LightGBM refuses this text, or a call about it."""


class Booster:
    """Trees read from LightGBM's text. Safe for threads: each call has its own buffers."""

    def __init__(self, text: str, width: int) -> None:
        self.width = width
        self._handle = ctypes.c_void_p()
        rounds = ctypes.c_int()
        _call(
            "BoosterLoadModelFromString",
            ctypes.c_char_p(text.encode()),
            ctypes.byref(rounds),
            ctypes.byref(self._handle),
        )
        found = ctypes.c_int()
        _call("BoosterGetNumFeature", self._handle, ctypes.byref(found))
        if found.value != width:
            raise BoosterBroken(f"the trees want {found.value} features, not {width}")
        self._row = ctypes.c_double * width
        self._reasons = ctypes.c_double * (width + 1)
        self._margin_call = self._prepare(_RAW)
        self._reasons_call = self._prepare(_CONTRIBUTIONS)
        self._predict = library().LGBM_BoosterPredictForMatSingleRowFast

    def _prepare(self, kind: int) -> ctypes.c_void_p:
        """What does not change from row to row is settled once."""
        prepared = ctypes.c_void_p()
        _call(
            "BoosterPredictForMatSingleRowFastInit",
            self._handle,
            ctypes.c_int(kind),
            ctypes.c_int(0),
            ctypes.c_int(-1),
            ctypes.c_int(_DOUBLE),
            ctypes.c_int32(self.width),
            ctypes.c_char_p(_QUIET),
            ctypes.byref(prepared),
        )
        return prepared

    def margin(self, row: Sequence[float]) -> float:
        """The sum of the leaves: log-odds, when it was trained for them."""
        out = ctypes.c_double()
        self._ask(self._margin_call, row, out)
        return out.value

    def contributions(self, row: Sequence[float]) -> list[float]:
        """What each feature adds, by TreeSHAP, and last what all rows have in common."""
        out = self._reasons()
        self._ask(self._reasons_call, row, out)
        return list(out)

    def _ask(self, prepared: ctypes.c_void_p, row: Sequence[float], out: Any) -> None:
        length = ctypes.c_int64()
        values = self._row(*row)
        if self._predict(prepared, values, ctypes.byref(length), ctypes.byref(out)):
            raise BoosterBroken(_why())

    def margins(self, rows: Any) -> Any:
        """Many rows at once, the same sums."""
        rows = np.ascontiguousarray(rows, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.width:
            raise BoosterBroken(f"rows have {self.width} features, not {rows.shape}")
        out = np.empty(len(rows))
        if len(rows):
            _call(
                "BoosterPredictForMat",
                self._handle,
                rows.ctypes.data_as(ctypes.c_void_p),
                ctypes.c_int(_DOUBLE),
                ctypes.c_int32(len(rows)),
                ctypes.c_int32(self.width),
                ctypes.c_int(_ROW_MAJOR),
                ctypes.c_int(_RAW),
                ctypes.c_int(0),
                ctypes.c_int(-1),
                ctypes.c_char_p(_QUIET),
                ctypes.byref(ctypes.c_int64()),
                out.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
            )
        return out

    def __del__(self) -> None:
        for prepared in ("_margin_call", "_reasons_call"):
            if made := self.__dict__.get(prepared):
                library().LGBM_FastConfigFree(made)
        if handle := self.__dict__.get("_handle"):
            library().LGBM_BoosterFree(handle)


def _call(name: str, *arguments: Any) -> None:
    if getattr(library(), f"LGBM_{name}")(*arguments):
        raise BoosterBroken(_why())


def _why() -> str:
    return str(library().LGBM_GetLastError().decode(errors="replace"))


def as_number(value: object) -> float:
    """A feature as the trees read it; what is missing is NaN."""
    if value is None:
        return math.nan
    return float(value)  # type: ignore[arg-type]
