"""What an algorithm is given, and that it can change none of it."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

import engine
from engine.algorithms.distance import Distance
from engine.algorithms.priority import Priority
from engine.algorithms.protocol import Candidates
from engine.types import frozen
from tests.oracle.places import distance_mm

PLACES = {"lyon": (45.76, 4.84), "paris": (48.86, 2.35)}
TABLES = {
    "sources": pa.table(
        {
            "source_code": ["lyon", "paris", "off"],
            "enabled": [True, True, False],
            "latitude": [45.76, 48.86, 0.0],
            "longitude": [4.84, 2.35, 0.0],
            "handling_cost": [1.5, None, 0.0],
            "carrier": pa.array([None, "post", "post"]),
            "lanes": [3, 4, 5],
        }
    ),
    "stock_source_links": pa.table(
        {
            "stock_id": [1, 1, 1, 2],
            "source_code": ["paris", "lyon", "off", "lyon"],
            "priority": [1, 2, 3, 9],
        }
    ),
    "source_items": pa.table(
        {"source_code": ["paris", "lyon", "off"], "sku": ["A"] * 3, "quantity": [3, 5, 9]}
    ),
}
ORDERS = pa.table(
    {
        "order_id": [1, 2, 3],
        "stock_id": [1, 2, 1],
        "latitude": [45.0, 45.0, None],
        "longitude": [4.0, 4.0, None],
    }
)
LINES = pa.table({"order_id": [1, 2, 3], "sku": ["A"] * 3, "qty": [2, 2, 1]})


def spy(look, **attributes):
    """An algorithm that shows its candidates to a function and answers with its result."""

    class Spy:
        code, title, description = "spy", "Spy", "Looks at its candidates."

        def scores(self, candidates):
            return look(candidates)

    return type("Spy", (Spy,), attributes)()


def candidates_of(**attributes):
    """The candidates that one run shows to an algorithm."""
    seen = []
    algorithm = spy(lambda candidates: seen.append(candidates) or candidates.priority, **attributes)
    engine.allocate(engine.Catalog.from_tables(TABLES), ORDERS, LINES, algorithm=algorithm)
    (one,) = seen
    return one


def test_candidates_are_the_enabled_links_of_each_stock_and_destination():
    seen = candidates_of()
    codes = seen.column("source_code").tolist()
    rows = [*zip(seen.stock_id.tolist(), codes, seen.priority.tolist(), strict=True)]
    assert sorted(rows) == [
        *((1, "lyon", 2), (1, "lyon", 2), (1, "paris", 1), (1, "paris", 1), (2, "lyon", 9))
    ]
    assert len(seen) == 5
    km = {code: distance_mm(place, (45.0, 4.0)) / 1e6 for code, place in PLACES.items()}
    found = [*zip(codes, seen.distance_km.tolist(), strict=True)]
    assert sorted(pair for pair in found if pair[1] == pair[1]) == [
        *(("lyon", km["lyon"]), ("lyon", km["lyon"]), ("paris", km["paris"]))
    ]
    assert sorted(code for code, distance in found if distance != distance) == ["lyon", "paris"]


def test_candidates_without_destination_know_no_distance():
    seen = candidates_of(by_destination=False)
    assert len(seen) == 3
    assert np.isnan(seen.distance_km).all()


def test_candidates_have_fixed_types():
    seen = candidates_of()
    types = {"source": "int32", "stock_id": "int64", "priority": "int64", "distance_km": "float64"}
    assert {name: getattr(seen, name).dtype.name for name in types} == types
    for name in types:
        assert getattr(seen, name).shape == (5,)


def test_column_gives_each_candidate_the_value_of_its_source():
    seen = candidates_of()
    by_code = {row["source_code"]: row for row in TABLES["sources"].to_pylist()}
    codes = seen.column("source_code").tolist()
    assert seen.column("lanes").tolist() == [by_code[code]["lanes"] for code in codes]
    assert seen.column("carrier").tolist() == [by_code[code]["carrier"] for code in codes]
    cost = dict(zip(codes, seen.column("handling_cost").tolist(), strict=True))
    assert cost["lyon"] == 1.5
    assert np.isnan(cost["paris"])
    with pytest.raises(KeyError, match="no_such_column"):
        seen.column("no_such_column")


def test_scores_of_the_own_algorithms():
    numbers = frozen(np.array([2, 1]))
    seen = Candidates(
        sources=pa.table({}),
        source=numbers,
        stock_id=numbers,
        priority=numbers,
        distance_km=frozen(np.array([0.5, np.nan])),
    )
    assert Priority().scores(seen) is seen.priority
    assert Distance().scores(seen) is seen.distance_km
    assert Priority.by_destination is False


def everything(catalog):
    """Every number of a catalogue, as bytes."""
    bundles = (catalog.links, catalog.items, catalog.source_points, catalog.stock_items)
    arrays = [array for bundle in bundles for array in bundle]
    arrays += [catalog.enabled, catalog.stock_ids, catalog.item_rows]
    assert not any(array.flags.writeable for array in arrays)
    return [array.tobytes() for array in arrays], catalog.sources.to_pylist()


@pytest.mark.parametrize("field", ["source", "stock_id", "priority", "distance_km"])
def test_algorithm_cannot_write_to_an_array(field):
    def write(candidates):
        getattr(candidates, field)[:] = 0

    catalog = engine.Catalog.from_tables(TABLES)
    before = everything(catalog)
    with pytest.raises(engine.EngineError, match=r"failed to score: ValueError.*read-only"):
        engine.allocate(catalog, ORDERS, LINES, algorithm=spy(write))
    assert everything(catalog) == before


def test_algorithm_cannot_replace_an_array():
    def replace(candidates):
        candidates.priority = np.zeros(len(candidates))

    with pytest.raises(engine.EngineError, match="failed to score: FrozenInstanceError"):
        engine.allocate(engine.Catalog.from_tables(TABLES), ORDERS, LINES, algorithm=spy(replace))
    assert dataclasses.is_dataclass(Candidates)


def test_algorithm_that_scribbles_on_columns_changes_nothing():
    def scribble(candidates):
        for name in candidates.sources.column_names:
            candidates.column(name)[:] = None if name in ("carrier", "source_code") else 0
            copy = np.asarray(candidates.sources[name])
            if copy.flags.writeable:
                copy[:] = copy[::-1]
        return candidates.priority

    catalog = engine.Catalog.from_tables(TABLES)
    before = everything(catalog)
    plain = engine.allocate(catalog, ORDERS, LINES)
    result = engine.allocate(catalog, ORDERS, LINES, algorithm=spy(scribble))
    assert everything(catalog) == before
    for name, table in plain.tables.items():
        assert result.tables[name].equals(table), name


def test_scores_are_not_changed_and_may_be_shared():
    scores = np.array([3, 3, 3, 3, 3])
    algorithm = spy(lambda candidates: scores)
    engine.allocate(engine.Catalog.from_tables(TABLES), ORDERS, LINES, algorithm=algorithm)
    assert scores.tolist() == [3, 3, 3, 3, 3]
