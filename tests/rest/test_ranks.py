"""What is remembered must not change an answer."""

import engine
from engine.algorithms.registry import find_algorithm
from engine.packaged import packaged
from engine.places.address_book import Address, AddressBook
from engine.rest import ranks as module
from engine.rest.changes import ItemRows, laid_out, with_items
from engine.rest.ranks import Ranks, Skus

ALGORITHMS = {code: find_algorithm(code) for code in ("priority", "distance")}
TOWNS = [Address("US", code) for code in ("10577", "78758", "21201", "89501", "94704")]


def _catalog():
    return laid_out(engine.read_catalog(packaged("msi_example/catalog")))


def test_ranks_are_the_same_however_few_are_remembered(monkeypatch):
    catalog, book = _catalog(), AddressBook(None)

    def all_ranks(found):
        places = [found.destination(town) for town in TOWNS * 2]
        return [
            found.ranks(stock, code, place)
            for stock in (0, 1)
            for code in ALGORITHMS
            for place in places
        ]

    usual = all_ranks(Ranks(catalog, book, ALGORITHMS))
    monkeypatch.setattr(module, "_REMEMBERED_CELLS", 12)
    monkeypatch.setattr(module, "_REMEMBERED_ADDRESSES", 2)
    assert all_ranks(Ranks(catalog, book, ALGORITHMS)) == usual
    assert len({tuple(one) for one in usual}) > 4


def test_where_it_goes_does_not_count_for_priority():
    found = Ranks(_catalog(), AddressBook(None), ALGORITHMS)
    places = [found.destination(town) for town in TOWNS]
    assert len({id(found.ranks(0, "priority", place)) for place in places}) == 1
    assert found.looks_at_destination("distance")
    assert not found.looks_at_destination("priority")


def test_skus_are_the_same_however_few_are_remembered(monkeypatch):
    catalog = _catalog()
    monkeypatch.setattr(module, "_REMEMBERED_SKUS", 2)
    skus = Skus(catalog.sku_index)
    names = [name.lower() for name in catalog.sku_names.to_pylist()]
    for _ in range(2):
        assert skus.find([*names, "ghost"]) == [*range(len(names)), -1]
        assert skus.find(["ghost", names[0]]) == [-1, 0]


def test_skus_that_are_added_are_found_and_the_others_are_remembered():
    catalog = _catalog()
    skus = Skus(catalog.sku_index, catalog.sku_names)
    assert skus.find(["new", "24-wb01"])[0] == -1
    more = with_items(catalog, ItemRows(["hq"], ["NEW"], [10_000], [1]))
    grown = skus.grown(more.sku_index)
    assert grown.find(["new", "24-wb01"]) == [len(catalog.sku_names), skus.find(["24-wb01"])[0]]
    assert skus.find(["new"]) == [-1]


def test_a_catalogue_without_sources_has_no_ranks():
    found = Ranks(_catalog(), AddressBook(None), ALGORITHMS)
    unlocated = found.destination(Address("XX"))
    assert unlocated.position.latitude != unlocated.position.latitude
    # Without a position the priority decides.
    assert found.ranks(0, "distance", unlocated) == found.ranks(0, "priority", None)


def test_what_is_long_is_not_remembered():
    catalog, book = _catalog(), AddressBook(None)
    skus, ranks = Skus(catalog.sku_index), Ranks(catalog, book, ALGORITHMS)
    long = "x" * (module._LONGEST + 1)
    assert skus.find([long, "24-wb01", "y"]) == [-1, skus.find(["24-wb01"])[0], -1]
    ranks.destination(Address("US", None, long))
    assert set(skus._numbers) == {"24-wb01", "y"}
    assert not ranks._destinations
