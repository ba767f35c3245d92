"""Files of scenarios."""

import re
from pathlib import Path

import pytest

from engine.errors import ScenarioError
from engine.whatif.file import policy_files, read_study
from engine.whatif.steps import KINDS

CLOSED = """[[scenarios]]
name = "closed"

[[scenarios.steps]]
do = "close_source"
source = "lyon"
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "what.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_read_scenarios_takes_steps_in_order(written):
    text = CLOSED + '[[scenarios.steps]]\ndo = "scale_demand"\nfactor = 1.2\n'
    (one,) = read_study(written(text)).scenarios
    assert [step.do for step in one.steps] == ["close_source", "scale_demand"]


def test_read_scenarios_of_an_empty_file(written):
    assert read_study(written("")).scenarios == []


def test_read_scenarios_expands_grids(written):
    text = '[[scenarios]]\nname = "x"\nalgorithm = ["priority", "distance"]\ndemand = [0.8, 1e1]\n'
    found = read_study(written(text)).scenarios
    assert [one.name for one in found] == [
        "x, priority, demand 0.8",
        "x, distance, demand 0.8",
        "x, priority, demand 10",
        "x, distance, demand 10",
    ]
    assert [step.do for step in found[0].steps] == ["scale_demand", "use"]


def test_read_scenarios_takes_algorithms_and_policies_one_after_the_other(written):
    ways = 'algorithm = ["priority"]\npolicy = ["cheapest", {ranking = ["distance"]}]\n'
    text = f'[[scenarios]]\nname = "x"\n{ways}'
    assert [one.name for one in read_study(written(text)).scenarios] == [
        "x, priority",
        "x, cheapest",
        "x, policy 2",
    ]


def test_read_scenarios_names_nothing_that_does_not_vary(written):
    text = '[[scenarios]]\nname = "x"\nalgorithm = "distance"\ndemand = 1.2\nseed = 4\n'
    (one,) = read_study(written(text)).scenarios
    assert one.name == "x"
    assert one.steps[0].seed == 4


def test_read_scenarios_finds_policies_beside_the_file(written, tmp_path):
    (tmp_path / "own.toml").write_text('order_rule = "cheapest"\ncosts = {per_shipment = 1}\n')
    text = '[[scenarios]]\nname = "x"\npolicy = "own.toml"\n'
    (one,) = read_study(written(text)).scenarios
    assert one.steps[0].policy.order_rule == "cheapest"


def test_policy_files_are_found_wherever_they_are_named(tmp_path):
    given = {
        "scenarios": [
            {"policy": ["cheapest", "a.toml", {"ranking": ["priority"]}]},
            {"steps": [{"do": "use", "policy": "b.toml"}, {"do": "use", "policy": "a.toml"}]},
        ]
    }
    assert policy_files(given, tmp_path) == [str(tmp_path / "a.toml"), str(tmp_path / "b.toml")]


WRONG = {
    "no table": ("scenarios = 1\n", 1, "[[scenarios]]"),
    "no tables": ("scenarios = [1]\n", 1, "[[scenarios]]"),
    "step": ('[[scenarios]]\nname = "a"\nsteps = [1]\n', 3, "[[scenarios.steps]]"),
    "blank": ('[[scenarios]]\nname = " "\n', 2, "give it some text"),
    "no demand": ('[[scenarios]]\nname = "a"\ndemand = []\n', 3, "the list is empty"),
    "seed": ('[[scenarios]]\nname = "a"\ndemand = 1\nseed = -1\n', 4, "seed: give a whole"),
    "kind": ('[[scenarios]]\nname = "a"\npolicy = 7\n', 3, "give a name, a .toml file"),
    "unknown key": (CLOSED + 'sorce = "a"\n', 7, "'sorce' is unknown here; did you mean source?"),
    "unknown do": (
        '[[scenarios]]\nname = "a"\n[[scenarios.steps]]\ndo = "close"\n',
        4,
        "close_source",
    ),
    "no do": ('[[scenarios]]\nname = "a"\n[[scenarios.steps]]\nsource = "a"\n', 3, "needs its do"),
    "no name": ("[[scenarios]]\nseed = 1\n", 1, "name is missing; add it"),
    "no source": (
        '[[scenarios]]\nname = "a"\n[[scenarios.steps]]\ndo = "open_source"\n',
        3,
        "source is missing",
    ),
    "second one": (
        CLOSED + '[[scenarios]]\nname = "b"\n[[scenarios.steps]]\ndo = 1\n',
        9,
        "needs its do",
    ),
    "type": ('[[scenarios]]\nname = "a"\ndemand = "much"\n', 3, "demand: not a number"),
    "demand": ('[[scenarios]]\nname = "a"\ndemand = [1, -1]\n', 3, "demand: give 0 to 1,000"),
    "empty": ('[[scenarios]]\nname = "a"\nalgorithm = []\n', 3, "the list is empty"),
    "policy": ('[[scenarios]]\nname = "a"\npolicy = "cheepest"\n', 1, "did you mean cheapest?"),
    "both": (
        '[[scenarios]]\nname = "a"\npolicy = "cheapest"\nalgorithm = "priority"\n',
        3,
        "either",
    ),
    "twice": (CLOSED + '[[scenarios]]\nname = "closed"\n', 8, "is the name of another one"),
    "baseline": ('[[scenarios]]\nname = "baseline"\n', 2, "of the run without steps"),
    "key": ("[[scenario]]\nname = 1\n", 1, "'scenario' is unknown here"),
    "links": (
        '[[scenarios]]\nname = "a"\n[[scenarios.steps]]\ndo = "add_source"\nlinks = {x = 1}\n',
        5,
        "a whole number",
    ),
}


STEP = '[[scenarios]]\nname = "a"\n[[scenarios.steps]]\n'
WRONG |= {
    "nan of goods": (
        STEP + 'do = "add_source"\nsource = "x"\nstock = {A = nan}\n',
        6,
        "stock: A: give 0 to 99999999.9999",
    ),
    "kind of goods": (
        STEP + 'do = "add_source"\nsource = "x"\nstock = {A = true}\n',
        6,
        "stock: expected a number, got true or false",
    ),
    "priority of a link": (
        STEP + f'do = "add_source"\nsource = "x"\nlinks = {{1 = {10**20}}}\n',
        6,
        "links: 1: give a priority of 0 to 65535; not 100000000000000000000",
    ),
    "latitude": (
        STEP + 'do = "add_source"\nsource = "x"\nlatitude = "5"\n',
        6,
        "latitude: expected a number, got text",
    ),
    "time of a day": (
        STEP + 'do = "between"\nstart = 1997-01-01T00:00:00\nend = 1997-01-01\n',
        5,
        "start: expected a date, got a date with a time",
    ),
    "no day": (
        STEP + 'do = "between"\nstart = "1997-1-1"\nend = 1997-01-01\n',
        5,
        "start: not a day such as 2024-01-31",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_read_scenarios_names_file_and_line(written, name):
    text, line, message = WRONG[name]
    path = written(text)
    with pytest.raises(ScenarioError) as raised:
        read_study(path)
    assert str(raised.value).startswith(f"{path}, line {line}: ")
    assert message in str(raised.value)


def test_read_scenarios_refuses_what_is_no_toml(written, tmp_path):
    with pytest.raises(ScenarioError, match="a number is too large"):
        read_study(written(f"demand = {'9' * 5000}"))
    with pytest.raises(ScenarioError, match="not TOML"):
        read_study(written("[["))
    with pytest.raises(ScenarioError, match="no such file"):
        read_study(tmp_path / "none.toml")


ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.toml")), ids=str)
def test_examples_can_be_read(path):
    assert read_study(path)


def test_examples_of_the_document_can_be_read(written):
    text = (ROOT / "docs" / "scenarios.md").read_text("utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```", text, re.M | re.S)
    scenarios, through_time = (read_study(written(block)) for block in blocks)
    names = [one.name for one in scenarios.scenarios]
    assert names[1:3] == ["growth, priority, demand 1.0", "growth, distance, demand 1.0"]
    assert names[1] in text
    assert (through_time.horizon.every, through_time.horizon.patience) == ("night", 14)
    assert [rule.source for rule in through_time.horizon.replenish] == ["london"]


def test_the_document_names_every_step():
    text = (ROOT / "docs" / "scenarios.md").read_text("utf-8")
    table = text.partition("## Steps")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")]
    for do, kind in KINDS.items():
        (row,) = (line for line in rows if f"`{do}`" in line[1:].partition("|")[0])
        for name in kind.__struct_encode_fields__:
            assert f"`{name}`" in row, (do, name)
