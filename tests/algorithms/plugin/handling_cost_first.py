"""Sources by what it costs to pick and pack there; among equals, the nearest."""

import numpy as np

FARTHEST_KM = 100_000  # more than any distance on Earth, so that the cost comes first


class HandlingCostFirst:
    code = "handling-cost"
    title = "Handling Cost Priority"
    description = "Sources in the order of their handling cost, then of their distance"

    def scores(self, candidates):
        cost = candidates.column("handling_cost")
        cost = np.where(np.isnan(cost), np.inf, cost)
        return cost * FARTHEST_KM + candidates.distance_km
