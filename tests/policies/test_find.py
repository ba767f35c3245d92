"""From a file, a name, a mapping or an object to a policy; what is wrong is named with its line."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import PolicyError
from engine.policies.find import PRESETS, as_mapping, find_policy
from engine.policies.model import (
    Band,
    Capacity,
    Channel,
    Costs,
    Exclusion,
    Lane,
    MaxDistance,
    MinUnits,
    Optimal,
    PluginConstraint,
    Policy,
    SafetyStock,
)

WRONG = [
    ('order_rule = "complete"', 1, "did you mean complete_first? Allowed: balanced_split,"),
    ("\nrankin = ['distance']", 2, "'rankin' is unknown here; did you mean ranking? Allowed: con"),
    ("ranking = 'distance'", 1, "ranking: expected a list, got text"),
    ("ranking = []", 1, "ranking is empty"),
    ("ranking = ['cost', 'cost']", 1, "names 'cost' twice"),
    ("fallback = 'complete_first'\norder_rule = 'complete_first'", 1, "is no fallback"),
    ("ship_policy = 'whole'", 1, "Allowed: backorder, line, order, partial"),
    ("max_sources = -1", 1, "give 0 (no limit) to 2,147,483,647"),
    ("max_sources = 1.5", 1, "expected a whole number, got a number"),
    ("distance_bucket_km = -1", 1, "give a number from 0 to 1,000,000"),
    ("# costs\n[costs]\nper_unt = 1", 3, "did you mean per_unit?"),
    ("[costs]\nper_unit = 'a'", 2, "costs.per_unit: not a number"),
    ("[costs]\nper_unit = nan", 2, "per_unit NaN is out of range"),
    ("[costs]\nper_unit = 1e400", 2, "out of range"),
    ("[costs]\nper_unit = 0.00000000001", 2, "more than 9 decimals"),
    ("[costs]\nper_unit_km = 1001", 2, "from 0 to 1,000"),
    ("[optimal]\nfirst = 'speed'", 2, "first 'speed' is unknown; Allowed: cost, service"),
    ("[optimal]\nfirst = 'cost'", 2, "to serve nothing costs least"),
    ("[optimal]\nseed = -1", 2, "seed -1 is out of range; give 0 to 2,147,483,647"),
    ("[optimal]\n\ntime_limit = 86401", 3, "time_limit 86401 is out of range"),
    ("[optimal]\ntimelimit = 60", 2, "did you mean time_limit? Allowed: exact, first, keep"),
    ("[[costs.bands]]\nup_to_km = 2\n[[costs.bands]]\nup_to_km = 2", 4, "rising up_to_km"),
    ("[[costs.bands]]\nup_to_km = 2\nper_km = 3", 3, "Allowed: per_shipment, per_unit, up_to_km"),
    ("constraints = ['lane']", 1, "must be tables: [[constraints]]"),
    ("[costs]\nper_unit = 1e999999999999999999999", None, "a number is too large"),
    ("a = " + "[" * 9999, None, "nested too deep"),
    ("[[constraints]]\nkind = 'mine'\nsince = 2024-01-01", 3, "is no plain data"),
    ("constraints = 3", 1, "must be tables: [[constraints]]"),
    ("[[constraints]]\nsoft = true", 1, "needs a kind; allowed: exclusion, channel, lane"),
    ("[[constraints]]\nkind = 'lane'\nkm = 3", 3, "'km' is unknown here; Allowed: kind, soft"),
    ("[[constraints]]\nkind = 'lane'\nsoft = 1", 3, "expected true or false"),
    ("[[constraints]]\nkind = 'min_units'", 1, "units is missing; add it"),
    ("[[constraints]]\nkind = 'max_distance'\n\nkm = -3", 4, "km -3 is out of range"),
    ("[[constraints]]\nkind = 'lane'\n[[constraints]]\nkind = 'lane'", 3, "a second lane"),
    ("[[constraints]]\nkind = 'mine'\nsoft = 'yes'", 3, "soft must be true or false"),
    ("[[constraints]]\nkind = 'channel'\ntype = 'w'\ncode = 3\nsources = []", 4, "expected text"),
]


@pytest.mark.parametrize(("text", "line", "words"), WRONG)
def test_what_is_wrong_is_named_with_file_and_line(tmp_path, text, line, words):
    file = tmp_path / "night.toml"
    file.write_text(text)
    with pytest.raises(PolicyError) as error:
        find_policy(file)
    assert str(error.value).startswith(f"{file}, line {line}: " if line else f"{file}: ")
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            "nearest_whole",
            "'nearest_whole' is unknown; did you mean nearest_complete? Presets: msi_pri",
        ),
        ("gone.toml", "gone.toml: no such policy file"),
        ("gone\0.toml", "no such policy file"),
        (f"{__file__}/x.toml", "no such policy file"),
        (5, "5 is no policy; give a name"),
        (Policy(constraints=None), "constraints must be tables"),
        (Policy(constraints=("lane",)), "constraints must be tables"),
        (Policy(costs=None), "expected a table"),
        (Policy(optimal=3), "expected a table"),
        (Path("gone.toml"), "no such policy file"),
        ({"order_rule": "all"}, "policy: order_rule 'all' is unknown"),
        (Policy(order_rule="all"), "policy: order_rule 'all' is unknown"),
        (Policy(costs=Costs(per_unit=Decimal(-1))), "per_unit -1 is out of range"),
        (Policy(constraints=(MaxDistance(km="far"),)), "not a number"),
    ],
)
def test_what_is_wrong_elsewhere_is_named_too(given, words):
    with pytest.raises(PolicyError) as error:
        find_policy(given)
    assert words in str(error.value)


def test_files_that_are_no_toml_are_named(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text("x = \n")
    with pytest.raises(PolicyError, match=r"a\.toml: not TOML: Invalid value .*line 1"):
        find_policy(file)
    file.write_bytes(b"# \xff\n")
    with pytest.raises(PolicyError, match=r"a\.toml: not UTF-8 \(byte 2\)"):
        find_policy(file)
    file.write_bytes(b"\xef\xbb\xbfmax_sources = 2\r\n")
    assert find_policy(str(file)).max_sources == 2


def test_an_empty_policy_is_the_default(tmp_path):
    file = tmp_path / "empty.toml"
    file.write_text("")
    assert find_policy(file) == find_policy({}) == Policy() == find_policy("msi_priority")


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_policies(name):
    assert find_policy(as_mapping(find_policy(name))) == find_policy(name)


amounts = st.decimals(0, 1000, places=6)
parts = st.one_of(
    st.builds(MaxDistance, km=st.none() | amounts, soft=st.booleans()),
    st.builds(MinUnits, units=st.decimals(0, 99, places=4)),
    st.builds(Channel, type=st.just("website"), code=st.text(max_size=3), sources=st.just(("a",))),
    st.builds(PluginConstraint, kind=st.just("mine"), options=st.just({"depth": 3})),
)
once = st.lists(st.sampled_from([Lane, Capacity, Exclusion, SafetyStock]), unique=True)


@given(st.lists(parts, max_size=3), once, amounts, st.lists(amounts, unique=True, max_size=2))
def test_policies_survive_as_plain_data(constraints, kinds, amount, limits):
    policy = Policy(
        ranking=("distance", "balance"),
        costs=Costs(
            per_unit=amount,
            bands=tuple(Band(up_to_km=km, per_unit=amount) for km in sorted(limits)),
        ),
        optimal=Optimal(first="service", time_limit=amount.quantize(Decimal("0.001"))),
        constraints=(*constraints, *(kind(soft=True) for kind in kinds)),
    )
    assert find_policy(policy) == policy
    assert find_policy(as_mapping(policy)) == policy
