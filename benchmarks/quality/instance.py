"""The instance of Jasin and Sinha (2015) as Amil, Makhdoumi and Wei (2025) describe it.

What they leave open is drawn from the seed: sizes and sets have whole-number weights from 1 to 999,
and an item that the coin gives to no centre is tossed for again. `docs/quality.md` says all of it.
"""

from fractions import Fraction
from math import ceil
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from benchmarks.quality.network import Network
from engine import Catalog

ITEMS = 20
SETS_PER_SIZE = 5
STOCKED = 0.75
_WEIGHTS = (1, 1_000)


class Instance(NamedTuple):
    """What is wanted, where, and what is there.

    ``sets`` are the item sets; ``stock`` is (ITEMS, num_centres) units; ``order_set`` and
    ``order_city`` are (num_orders,), in sequence, without the arrivals that want nothing.
    """

    network: Network
    sets: list[tuple[int, ...]]
    stock: np.ndarray
    order_set: np.ndarray
    order_city: np.ndarray


def draw(network: Network, n_max: int, periods: int, seed: int) -> Instance:
    """Draw an instance; its sets and centres are the same for all ``periods``."""
    rng = np.random.default_rng([seed, n_max])
    of_size = _shares(rng, n_max + 1)
    sets, share = [], []
    for size in range(1, n_max + 1):
        sets += _distinct_sets(rng, size)
        share += [of_size[size] * part for part in _shares(rng, SETS_PER_SIZE)]
    stocked = _stocked(rng, network.mm.shape[1])
    stock = _stock(network, sets, share, stocked, periods)
    rng = np.random.default_rng([seed, n_max, periods])
    # The last choice is the order of size 0, which wants nothing.
    which = rng.choice(len(sets) + 1, periods, p=[float(part) for part in (*share, of_size[0])])
    city = rng.choice(
        len(network.population), periods, p=network.population / network.population.sum()
    )
    wants = which < len(sets)
    return Instance(network, sets, stock, which[wants], city[wants])


def _shares(rng: np.random.Generator, count: int) -> list[Fraction]:
    weights = rng.integers(*_WEIGHTS, count).tolist()
    return [Fraction(weight, sum(weights)) for weight in weights]


def _distinct_sets(rng: np.random.Generator, size: int) -> list[tuple[int, ...]]:
    found: dict[tuple[int, ...], None] = {}
    while len(found) < SETS_PER_SIZE:
        found[tuple(sorted(rng.choice(ITEMS, size, replace=False).tolist()))] = None
    return list(found)


def _stocked(rng: np.random.Generator, num_centres: int) -> np.ndarray:
    """(ITEMS, num_centres) which centre keeps which item; each is kept somewhere."""
    stocked = rng.random((ITEMS, num_centres)) < STOCKED
    while not (kept := stocked.any(axis=1)).all():
        stocked[~kept] = rng.random((np.count_nonzero(~kept), num_centres)) < STOCKED
    return stocked


def _stock(
    network: Network,
    sets: list[tuple[int, ...]],
    share: list[Fraction],
    stocked: np.ndarray,
    periods: int,
) -> np.ndarray:
    """(ITEMS, num_centres) what each city's nearest keeper is expected to send, rounded up."""
    people = network.population.tolist()
    stock = np.zeros(stocked.shape, np.int64)
    for item in range(ITEMS):
        wanted = sum(part for items, part in zip(sets, share, strict=True) if item in items)
        keepers = np.flatnonzero(stocked[item])
        nearest = keepers[network.mm[:, keepers].argmin(axis=1)]
        for centre in keepers.tolist():
            near = sum(
                count for count, at in zip(people, nearest.tolist(), strict=True) if at == centre
            )
            stock[item, centre] = ceil(periods * wanted * Fraction(near, sum(people)))
    return stock


def catalog(instance: Instance) -> Catalog:
    """Return the centres and their stock; MSI's priority is the order in which they are listed."""
    codes = [f"centre-{at}" for at in range(len(instance.network.centres))]
    latitude, longitude = instance.network.centres.T
    item, centre = np.nonzero(instance.stock)
    sources = {"source_code": codes, "latitude": latitude, "longitude": longitude}
    links = {
        "stock_id": np.ones(len(codes), np.int64),
        "source_code": codes,
        "priority": np.arange(1, len(codes) + 1),
    }
    items = {
        "source_code": [codes[at] for at in centre.tolist()],
        "sku": [sku(at) for at in item.tolist()],
        "quantity": instance.stock[item, centre],
    }
    tables = {"sources": sources, "stock_source_links": links, "source_items": items}
    return Catalog.from_tables({name: pa.table(table) for name, table in tables.items()})


def orders(instance: Instance) -> tuple[pa.Table, pa.Table]:
    """Return the orders, numbered from 0, and a line of one unit for each item wanted."""
    number = np.arange(len(instance.order_set))
    latitude, longitude = instance.network.cities[instance.order_city].T
    head = {
        "order_id": number,
        "stock_id": np.ones(len(number), np.int64),
        "latitude": latitude,
        "longitude": longitude,
    }
    wanted = [instance.sets[at] for at in instance.order_set.tolist()]
    lines = {
        "order_id": np.repeat(number, [len(items) for items in wanted]),
        "sku": [sku(item) for items in wanted for item in items],
        "qty": np.ones(sum(map(len, wanted)), np.int64),
    }
    return pa.table(head), pa.table(lines)


def sku(item: int) -> str:
    """Return the SKU of an item, such as ``item-07``."""
    return f"item-{item:02d}"
