"""How algorithms are found, and what is said of one that cannot be used."""

from shutil import copytree

import pytest

from engine.algorithms.registry import describe, fault, find_algorithm, list_algorithms
from engine.errors import AlgorithmError

GOOD = """
class Broken:
    code, title, description = "broken", "A title", "A description"
    def scores(self, candidates):
        return candidates.priority
"""


class Own:
    code, title, description = "own", "Own", "Given as an object."

    def scores(self, candidates):
        return candidates.priority


def own(**attributes):
    return type("Own", (Own,), attributes)()


def test_list_algorithms_of_the_package():
    rows = {row.code: row for row in list_algorithms() if row.origin == "ssa-engine"}
    assert list(rows) == ["distance", "priority"]
    for code, row in rows.items():
        assert row.algorithm.code == code
        assert row.error == ""


def test_list_algorithms_is_sorted_and_tells_faults(install, monkeypatch):
    monkeypatch.syspath_prepend(install("a-good-one", GOOD.replace('"broken"', '"e"'), code="e"))
    install("without-class", "", code="aaa")
    install("twice-a", GOOD, code="twice")
    install("twice-b", GOOD, code="twice")
    rows = list_algorithms()
    assert [row.code for row in rows] == ["aaa", "distance", "e", "priority", "twice"]
    assert [row.algorithm is None for row in rows] == [True, False, False, False, True]
    assert [row.origin for row in rows] == [
        *("without-class", "ssa-engine", "a-good-one", "ssa-engine", "twice-a, twice-b")
    ]
    assert [row.error != "" for row in rows] == [row.algorithm is None for row in rows]


def test_find_algorithm_loads_a_plugin(install, monkeypatch):
    monkeypatch.syspath_prepend(install("plugin-found", GOOD))
    algorithm = find_algorithm("broken")
    assert type(algorithm).__module__ == "plugin_found"
    assert describe(algorithm) == "algorithm 'broken' (plugin_found:Broken of plugin-found)"


@pytest.mark.parametrize(
    ("distribution", "body", "words"),
    [
        ("syntax-fault", "class Broken(:", "SyntaxError"),
        ("no-class", "Other = 1", "AttributeError"),
        ("no-such-import", "import no_such_module", "ModuleNotFoundError"),
        ("raises-at-start", "raise OSError('two\\n  lines')", "OSError: two lines"),
        ("wants-more", "class Broken:\n    def __init__(self, size): pass", "TypeError"),
        ("no-class-at-all", "Broken = 'text'", "TypeError"),
    ],
)
def test_find_algorithm_names_a_plugin_that_cannot_be_loaded(
    install, monkeypatch, distribution, body, words
):
    monkeypatch.syspath_prepend(install(distribution, body))
    value = f"{distribution.replace('-', '_')}:Broken of {distribution}"
    with pytest.raises(AlgorithmError) as caught:
        find_algorithm("broken")
    line = str(caught.value)
    assert line.startswith(f"algorithm 'broken' ({value}) cannot be loaded: {words}")
    assert line.endswith(f"; repair or uninstall {distribution}")
    assert len(line.splitlines()) == 1


def test_find_algorithm_loads_only_what_is_asked_for(install, monkeypatch):
    monkeypatch.syspath_prepend(install("never-imported", "raise SystemExit(1)"))
    assert find_algorithm("priority").code == "priority"


def test_find_algorithm_of_one_distribution_twice_on_the_path(install, monkeypatch):
    folder = install("shadowed-plugin", GOOD)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.syspath_prepend(copytree(folder, folder.with_name("elsewhere")))
    assert find_algorithm("broken").title == "A title"


def test_find_algorithm_unknown():
    with pytest.raises(AlgorithmError, match="'fastest' is unknown; installed: distance, priority"):
        find_algorithm("fastest")


def test_find_algorithm_takes_an_object():
    algorithm = own()
    assert find_algorithm(algorithm) is algorithm
    assert find_algorithm(own(by_destination=False)).by_destination is False


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"code": None}, r"algorithm None \(Own\): code must be a string"),
        ({"code": 7}, r"algorithm 7 \(Own\): code must be a string"),
        ({"title": None}, r"algorithm 'own' \(Own\): title must be a string"),
        ({"description": b"x"}, r"algorithm 'own' \(Own\): description must be a string"),
        ({"scores": None}, r"algorithm 'own' \(Own\) has no method scores"),
        ({"by_destination": None}, "by_destination must be True or False"),
        ({"by_destination": "no"}, "by_destination must be True or False"),
    ],
)
def test_find_algorithm_refuses_an_object_that_lacks_a_part(attributes, words):
    with pytest.raises(AlgorithmError, match=words):
        find_algorithm(own(**attributes))


def test_describe_an_object_names_no_distribution():
    assert describe(own()) == f"algorithm 'own' ({__name__}:Own)"
    # Its code may be that of an installed one; it still comes from elsewhere.
    assert describe(own(code="priority")) == f"algorithm 'priority' ({__name__}:Own)"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("wrong"), "ValueError: wrong"),
        (ValueError("two\n\u2028 lines\t"), "ValueError: two lines"),
        (ValueError(), "ValueError"),
        (KeyError("cost"), "KeyError: 'cost'"),
    ],
)
def test_fault_is_one_line(error, line):
    assert fault(error) == line
