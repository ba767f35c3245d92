"""Where the data that comes with the package lies: in the wheel, or beside it in a checkout."""

from pathlib import Path

_INSTALLED = Path(__file__).parent / "_data"
_CHECKOUT = Path(__file__).parent.parent / "data"


def packaged(name: str) -> Path:
    """Return the path of a packaged data set or file.

    Parameters
    ----------
    name
        Path below the data folder, such as ``geonames/geonames.parquet``.

    Raises
    ------
    FileNotFoundError
        If the package was installed without it.
    """
    for root in (_INSTALLED, _CHECKOUT):
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(f"the packaged data set {name} is missing; install ssa-engine again")
