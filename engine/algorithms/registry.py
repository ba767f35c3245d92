"""The algorithms that are installed: the package's own and those of plug-ins, found alike."""

from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple

from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.errors import AlgorithmError

GROUP = "ssa_engine.algorithms"


class Found(NamedTuple):
    """One installed algorithm, or what keeps it from being used."""

    code: str
    algorithm: SourceSelectionAlgorithm | None
    origin: str
    error: str


def list_algorithms() -> list[Found]:
    """Return every installed algorithm, by code.

    Returns
    -------
    One row per code; ``error`` says what is wrong where ``algorithm`` is None.

    Examples
    --------
    >>> [found.code for found in list_algorithms() if found.origin == "ssa-engine"]
    ['distance', 'priority']
    """
    rows = []
    for code in sorted({point.name for point in entry_points(group=GROUP)}):
        try:
            algorithm, error = find_algorithm(code), ""
        except AlgorithmError as reason:
            algorithm, error = None, str(reason)
        origins = sorted({_origin(point) for point in entry_points(group=GROUP, name=code)})
        rows.append(Found(code, algorithm, ", ".join(origins), error))
    return rows


def find_algorithm(algorithm: str | SourceSelectionAlgorithm) -> SourceSelectionAlgorithm:
    """Return an algorithm by its code, or check one that is given as an object.

    Raises
    ------
    AlgorithmError
        If the code is unknown or taken twice, or the class cannot be loaded or lacks a part.

    Examples
    --------
    >>> find_algorithm("priority").title
    'Source Priority'
    """
    if not isinstance(algorithm, str):
        return _checked(algorithm, getattr(algorithm, "code", None), type(algorithm).__name__)
    points = list(
        {
            (point.value, _origin(point)): point
            for point in entry_points(group=GROUP, name=algorithm)
        }.values()
    )
    if not points:
        codes = sorted({point.name for point in entry_points(group=GROUP)})
        raise AlgorithmError(f"algorithm {algorithm!r} is unknown; installed: {', '.join(codes)}")
    if len(points) > 1:
        origins = ", ".join(sorted(f"{_origin(point)} ({point.value})" for point in points))
        raise AlgorithmError(
            f"algorithm {algorithm!r} is there twice, from {origins}; uninstall one of them"
        )
    return _checked(_load(points[0]), algorithm, f"{points[0].value} of {_origin(points[0])}")


def describe(algorithm: SourceSelectionAlgorithm) -> str:
    """Name an algorithm in a message: its code, its class and who installed it.

    Examples
    --------
    >>> describe(find_algorithm("distance"))
    "algorithm 'distance' (engine.algorithms.distance:Distance of ssa-engine)"
    """
    kind = type(algorithm)
    package = kind.__module__.partition(".")[0]
    origins = {
        f" of {_origin(point)}"
        for point in entry_points(group=GROUP, name=algorithm.code)
        if point.value.partition(":")[0].partition(".")[0].strip() == package
    }
    where = f"{kind.__module__}:{kind.__qualname__}{''.join(origins)}"
    return f"algorithm {algorithm.code!r} ({where})"


def fault(error: BaseException) -> str:
    """Put what a plug-in raised on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split()).rstrip(":")


def _origin(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "unknown distribution"


def _load(point: EntryPoint) -> SourceSelectionAlgorithm:
    try:
        return point.load()()
    except Exception as error:  # a plug-in may raise anything, and is named for it
        raise AlgorithmError(
            f"algorithm {point.name!r} ({point.value} of {_origin(point)}) cannot be loaded: "
            f"{fault(error)}; repair or uninstall {_origin(point)}"
        ) from error


def _checked(
    algorithm: SourceSelectionAlgorithm, code: str | None, where: str
) -> SourceSelectionAlgorithm:
    for name in ("code", "title", "description"):
        if not isinstance(getattr(algorithm, name, None), str):
            raise AlgorithmError(f"algorithm {code!r} ({where}): {name} must be a string")
    if algorithm.code != code:
        raise AlgorithmError(
            f"algorithm {code!r} ({where}) calls itself {algorithm.code!r}; "
            "its entry point and its code must agree"
        )
    if not callable(getattr(algorithm, "scores", None)):
        raise AlgorithmError(f"algorithm {code!r} ({where}) has no method scores(candidates)")
    if not isinstance(getattr(algorithm, "by_destination", True), bool):
        raise AlgorithmError(f"algorithm {code!r} ({where}): by_destination must be True or False")
    return algorithm
