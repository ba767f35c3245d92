"""Where compiled kernels are kept between runs; asking costs no import of numba."""

import os
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

SUFFIX = ".kernel"


def place() -> Path | None:
    """Return the folder of this version's compiled kernels, which need not exist yet.

    Returns
    -------
    A folder named by the interpreter and the source of all kernels, as each kernel has others
    compiled into it. It lies in ``$NUMBA_CACHE_DIR`` if that is set, else in
    ``$XDG_CACHE_HOME``, else where the system's users keep caches. None if there is no home
    folder, or no source to name it by.
    """
    root, digest = _root(), _digest()
    if root is None or digest is None:
        return None
    return root / "ssa-engine" / f"{sys.implementation.cache_tag}-{digest}"


def is_cold(kernel: str = "") -> bool:
    """Tell whether the next run has to compile kernels, as none is kept yet, or not this one."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return False
    folder = place()
    return folder is None or not any(folder.glob(f"{kernel}*{SUFFIX}"))


def _root() -> Path | None:
    """Return the folder of all the user's caches."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(chosen)
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    if Path(chosen).is_absolute():  # others are to be ignored, says the XDG specification
        return Path(chosen)
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.expanduser raises without a home
    if not home.is_absolute():
        return None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache")


@cache
def _digest() -> str | None:
    """Return a hash of all that kernels are made from, None if it cannot be read."""
    here = Path(__file__).parent
    paths = [*sorted(here.rglob("*.py")), here.parent / "earth.py", here.parent / "types.py"]
    try:
        return sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:16]
    except OSError:  # packed in an archive
        return None
