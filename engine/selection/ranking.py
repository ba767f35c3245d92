"""From scores to ranks: the only sort of sources in the engine."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from engine.algorithms.protocol import Candidates, SourceSelectionAlgorithm
from engine.algorithms.registry import describe, fault
from engine.catalog import Catalog
from engine.clock import Clock
from engine.earth import MM_PER_KM
from engine.errors import AlgorithmError
from engine.orders import OrderSet
from engine.places.destinations import Destinations
from engine.places.distance import Points, distance_matrix
from engine.types import DISABLED, NOT_LINKED, FloatArray, IndexArray, IntArray, frozen

_RANK_CELLS = 1 << 25
"""Rankings x sources held at once: 128 MB."""

_BLOCK_CELLS = 1 << 18
"""Rankings x sources scored at once: 2 MB per temporary, so that they stay in the cache."""

_NOWHERE = Destinations(
    np.empty((0, 3)), np.empty(0, np.int32), np.empty(0, bool), np.empty(0, np.int32)
)
"""What an algorithm is shown that does not look at the destination."""


class Rankings(NamedTuple):
    """The distinct (stock, destination) pairs of an order set.

    ``stock``, ``destination`` and ``area`` are (num_rankings,), the latter two -1 where nothing
    asks for them. ``of_order`` is (num_orders,).
    """

    stock: IndexArray
    destination: IndexArray
    area: IndexArray
    of_order: IndexArray


def distinct_rankings(orders: OrderSet, *, by_destination: bool, by_area: bool = False) -> Rankings:
    """Find the distinct rankings that a run needs.

    Parameters
    ----------
    orders
        The order set.
    by_destination, by_area
        Whether they differ by where the order goes, and by its address or sales channel. One
        ranking per stock is enough for neither.

    Returns
    -------
    The rankings, and the one that each order follows.
    """
    axes: list[int] = []
    keys: np.ndarray = orders.stock.astype(np.int64)
    for asked, of_order, count in (
        (by_destination, orders.destinations.of_order, len(orders.destinations.places)),
        (by_area, orders.areas.of_order, orders.areas.table.num_rows),
    ):
        width = count + 1 if asked else 1
        keys = keys * width + (of_order + 1 if asked else 0)
        axes.append(width)
    distinct, ranking = np.unique(keys, return_inverse=True)
    rest, area = distinct // axes[1], distinct % axes[1]
    return Rankings(
        (rest // axes[0]).astype(np.int32),
        (rest % axes[0] - 1).astype(np.int32),
        (area - 1).astype(np.int32),
        ranking.astype(np.int32),
    )


def rank_sources(
    catalog: Catalog,
    destinations: Destinations,
    algorithm: SourceSelectionAlgorithm,
    stock: IndexArray,
    destination: IndexArray,
) -> IndexArray:
    """Rank every source for every (stock, destination) pair.

    Parameters
    ----------
    catalog
        Sources and links.
    destinations
        The distinct destinations.
    algorithm
        Scores the candidates.
    stock, destination
        (num_rankings,) the pairs; destination -1 for none.

    Returns
    -------
    (num_rankings, num_sources) int32, read-only: 0 for the source tried first, 1 for the
    next; -1 where the stock has no link to the source, -2 where the source is disabled.

    Raises
    ------
    AlgorithmError
        If the algorithm fails or answers with anything but one number per candidate.

    Notes
    -----
    Order: score ascending, NaN last; ties by priority, then source_code in byte order.
    MSI's distance comparator promises no order for equal distances; this one does.
    """
    linked = _linked(catalog)
    ranks = np.empty((len(stock), catalog.sources.num_rows), np.int32)
    step = max(1, _BLOCK_CELLS // max(1, catalog.sources.num_rows))
    for start in range(0, len(stock), step):
        block = slice(start, start + step)
        ranks[block] = linked[stock[block]]
        row, source, priority = _pairs(catalog, stock[block])
        candidates = Candidates(
            sources=catalog.sources,
            source=frozen(source),
            stock_id=frozen(catalog.stock_ids[stock[block]][row]),
            priority=frozen(priority),
            distance_km=frozen(
                _distance_km(catalog, destinations, destination[block], row, source)
            ),
        )
        scores = scores_of(algorithm, candidates)
        # Pairs come by ranking, priority and source, and the sort is stable: ties keep that order.
        order = np.lexsort((scores, row))
        first = np.searchsorted(row, np.arange(len(stock[block])))
        ranks[start + row[order], source[order]] = np.arange(len(order)) - first[row[order]]
    return frozen(ranks)


def _linked(catalog: Catalog) -> IndexArray:
    """(num_stocks, num_sources) ranks before ranking: not linked, disabled, or to be filled in."""
    ranks = np.full((len(catalog.stock_ids), catalog.sources.num_rows), NOT_LINKED, np.int32)
    stock = np.repeat(np.arange(len(catalog.stock_ids)), np.diff(catalog.links.offsets))
    ranks[stock, catalog.links.sources] = np.where(
        catalog.enabled[catalog.links.sources], 0, DISABLED
    )
    return ranks


def _pairs(catalog: Catalog, stock: IndexArray) -> tuple[IntArray, IndexArray, IntArray]:
    """List the enabled links of each ranking's stock: ranking, source, priority."""
    offsets = catalog.links.offsets
    length = offsets[stock + 1] - offsets[stock]
    row = np.repeat(np.arange(len(stock)), length)
    inside = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    link = offsets[stock][row] + inside
    source = catalog.links.sources[link]
    enabled = catalog.enabled[source].astype(bool)
    return row[enabled], source[enabled], catalog.links.priority[link][enabled]


def _distance_km(
    catalog: Catalog,
    destinations: Destinations,
    destination: IndexArray,
    row: IntArray,
    source: IndexArray,
) -> FloatArray:
    if not (destination >= 0).any():
        return np.full(len(row), np.nan)
    distinct, of_ranking = np.unique(destination, return_inverse=True)
    there = Points(*(axis[distinct] for axis in destinations.points))
    mm = distance_matrix(there, destinations.places[distinct], catalog.source_points, catalog.known)
    mm = mm[of_ranking[row], source]
    return np.where(mm < 0, np.nan, mm / MM_PER_KM)


def scores_of(algorithm: SourceSelectionAlgorithm, candidates: Candidates) -> np.ndarray:
    """Ask the algorithm, and take nothing but one number per candidate for an answer."""
    try:
        scores = np.ma.filled(np.asanyarray(algorithm.scores(candidates)), np.nan)
    except Exception as error:  # a plug-in may raise anything, and is named for it
        raise AlgorithmError(f"{describe(algorithm)} failed to score: {fault(error)}") from error
    if scores.shape != (len(candidates),) or scores.dtype.kind not in "iuf":
        raise AlgorithmError(
            f"{describe(algorithm)} gave scores of shape {scores.shape} and type "
            f"{scores.dtype}; one number per candidate is due, shape ({len(candidates)},)"
        )
    unknown_allowed = np.isnan(candidates.distance_km) & getattr(algorithm, "by_destination", True)
    wrong = np.flatnonzero(np.isnan(scores) & ~unknown_allowed)
    if len(wrong):
        source = candidates.sources["source_code"][int(candidates.source[wrong[0]])]
        raise AlgorithmError(
            f"{describe(algorithm)} gave NaN for {len(wrong):,} candidates, first source "
            f"{source.as_py()!r} of stock {candidates.stock_id[wrong[0]]}; NaN stands for an "
            "unknown distance only, use inf to put a source last"
        )
    return scores


class RankedBlock(NamedTuple):
    """A run of orders ``start:stop`` with what they rank sources by.

    ``ranks`` is what the caller makes of rankings, such as `rank_sources`; ``of_order``
    (stop - start,) names the ranking.
    """

    start: int
    stop: int
    ranks: Any
    of_order: IndexArray


def ranked_blocks(
    rankings: Rankings,
    make: Callable[[IntArray], Any],
    width: int,
    weights: IntArray,
    limit: int,
    clock: Clock,
) -> Iterator[RankedBlock]:
    """Cut the orders into blocks that fit in memory, each with its ranks.

    Parameters
    ----------
    rankings
        Those of the orders.
    make
        Makes the ranks of some (num_rankings,) rows of the rankings.
    width
        How many cells a ranking takes.
    weights
        (num_orders,) what each order adds to its block.
    limit
        The most that a block may weigh, if it holds more than one order.
    clock
        Told of the phase ``rank``.

    Yields
    ------
    The blocks in sequence. Where all ranks fit at once, they are computed once and shared;
    otherwise each block ranks what its own orders need.
    """
    fits = len(rankings.stock) * width <= _RANK_CELLS
    if not fits:
        # Each order may bring a ranking of its own.
        weights = np.maximum(weights, -(-limit * width // _RANK_CELLS))
    rows: np.ndarray = np.arange(len(rankings.stock))
    of_order: np.ndarray = rankings.of_order
    ranks = None
    for start, stop in block_bounds(weights, limit):
        with clock("rank"):
            if not fits:
                rows, of_order = np.unique(rankings.of_order[start:stop], return_inverse=True)
            if ranks is None or not fits:
                ranks = make(rows)
        part = of_order[start:stop] if fits else of_order
        yield RankedBlock(start, stop, ranks, part.astype(np.int32))


def stock_ranks(catalog: Catalog, algorithm: SourceSelectionAlgorithm) -> IndexArray | None:
    """Rank the sources of every stock, once for all orders of a run.

    Parameters
    ----------
    catalog, algorithm
        The run.

    Returns
    -------
    (num_stocks, num_sources) as `rank_sources` returns it; None if the algorithm looks at the
    destination or the ranks do not fit in memory at once.

    Raises
    ------
    AlgorithmError
        As in `rank_sources`.
    """
    num_stocks = len(catalog.stock_ids)
    fits = num_stocks * max(1, catalog.sources.num_rows) <= _RANK_CELLS
    if getattr(algorithm, "by_destination", True) or not fits:
        return None
    stock = np.arange(num_stocks, dtype=np.int32)
    return rank_sources(catalog, _NOWHERE, algorithm, stock, np.full_like(stock, -1))


def stock_blocks(
    orders: OrderSet, ranks: IndexArray, weights: IntArray, limit: int
) -> Iterator[RankedBlock]:
    """Cut the orders into blocks as `ranked_blocks` does; all share what `stock_ranks` gave."""
    for start, stop in block_bounds(weights, limit):
        yield RankedBlock(start, stop, ranks, orders.stock[start:stop])


def block_bounds(weights: IntArray, limit: int) -> Iterator[tuple[int, int]]:
    """Cut rows into runs whose weights sum to at most ``limit``, at least one row each.

    Examples
    --------
    >>> list(block_bounds(np.array([2, 2, 9, 1]), 4))
    [(0, 2), (2, 3), (3, 4)]
    """
    total = np.cumsum(weights)
    start = 0
    while start < len(weights):
        done = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, done + limit, side="right")))
        yield start, stop
        start = stop
