"""MSI's default: sources in the order that the stock's links give."""

from engine.algorithms.protocol import Candidates
from engine.types import IntArray


class Priority:
    """Link priority ascending; ties by source_code (MSI: ``PriorityBasedAlgorithm``)."""

    code = "priority"
    title = "Source Priority"
    description = (
        "Algorithm which provides Source Selections based on predefined priority of Source"
    )
    by_destination = False

    def scores(self, candidates: Candidates) -> IntArray:
        """Return the link's priority of each candidate, (num_candidates,)."""
        return candidates.priority
