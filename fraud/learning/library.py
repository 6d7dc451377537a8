"""LightGBM's own C library, loaded without its Python package, which would bring pandas and more.

The library wants OpenMP's `libgomp.so.1`. A machine without a compiler often has none, and the one
inside scikit-learn's wheel goes by another name, so a copy of it in memory gets the name that the
loader looks for. Nobody has to be root, and nothing is written to a disk.
"""

import ctypes
import importlib.util
import os
from functools import lru_cache
from pathlib import Path

OPENMP = "libgomp.so.1"


class LibraryMissing(Exception):
    """LightGBM cannot be loaded here; decisions go on without a model."""


@lru_cache
def library() -> ctypes.PyDLL:
    """Once for each process.

    Calls keep the interpreter's lock: they take microseconds, and waiting for the lock again
    under load would take milliseconds.
    """
    try:
        try:
            loaded = ctypes.PyDLL(str(_path()))
        except OSError:
            name_openmp()
            loaded = ctypes.PyDLL(str(_path()))
    except OSError as problem:
        raise LibraryMissing(str(problem)) from problem
    loaded.LGBM_GetLastError.restype = ctypes.c_char_p
    return loaded


def _path() -> Path:
    return _packages() / "lightgbm" / "lib" / "lib_lightgbm.so"


def _packages() -> Path:
    """Where the package lies; finding it does not import it."""
    found = importlib.util.find_spec("lightgbm")
    if found is None or found.origin is None:
        raise LibraryMissing("the package lightgbm is not installed")
    return Path(found.origin).parent.parent


def name_openmp() -> None:
    """Load the OpenMP of scikit-learn's wheel under the name that LightGBM asks for."""
    bundled = sorted((_packages() / "scikit_learn.libs").glob("libgomp-*.so*"))
    if not bundled:
        raise LibraryMissing(f"there is no {OPENMP}, and none in scikit-learn's wheel")
    given = bundled[0].name.encode() + b"\0"
    wanted = OPENMP.encode().ljust(len(given), b"\0")  # as long, so that nothing moves
    memory = os.memfd_create(OPENMP)
    with os.fdopen(memory, "wb") as file:
        file.write(bundled[0].read_bytes().replace(given, wanted))
        file.flush()
        ctypes.CDLL(f"/proc/self/fd/{memory}", mode=ctypes.RTLD_GLOBAL)
