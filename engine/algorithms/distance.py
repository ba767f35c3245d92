"""Nearest first: sources by their distance from the destination."""

from engine.algorithms.protocol import Candidates
from engine.types import FloatArray


class Distance:
    """Distance ascending; ties by priority, then source_code (MSI: ``DistanceBasedAlgorithm``).

    Sources without a known distance come last, in priority order.
    """

    code = "distance"
    title = "Distance Priority"
    description = (
        "Algorithm which provides Source Selections based on shipping address distance from the "
        "source"
    )

    def scores(self, candidates: Candidates) -> FloatArray:
        """Return the distance of each candidate in km, (num_candidates,); NaN where unknown."""
        return candidates.distance_km
