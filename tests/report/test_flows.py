"""Flows between the tables and the map, by hand and by sums."""

from decimal import Decimal

import numpy as np
import pyarrow as pa

from engine.report.flows import _ranked, _streams, flows
from engine.report.view import view_of
from tests.report.made import NAMES, SCHEMAS, made


def with_flows(tables, rows):
    """Return tables with other flows: scenario, source, country, region, units."""
    names = ("scenario", "source_code", "country_id", "region", "units")
    given = [dict(zip(names, row, strict=True)) | {"shipments": 1} for row in rows]
    return tables | {"flows": pa.Table.from_pylist(given, SCHEMAS["flows"])}


def test_streams_add_up_to_the_table():
    tables = made(NAMES[:3])
    view = view_of(tables)
    streams = _streams(view)
    expected = dict.fromkeys(view.names, 0.0)
    for row in tables["flows"].to_pylist():
        expected[row["scenario"]] += float(row["units"])
    assert streams.units.sum(axis=1).tolist() == list(expected.values())
    assert streams.located.all()
    ranked = _ranked(streams.units[0])
    assert (np.diff(streams.units[0][ranked]) <= 0).all()


def test_rows_of_one_stream_count_together():
    tables = with_flows(
        made(NAMES[:1]),
        [
            ("baseline", "london", "GB", None, Decimal("1.5")),
            ("baseline", "london", "GB", "", Decimal("2")),
            ("baseline", "hamburg", None, None, Decimal("3")),
            (NAMES[0], "london", "GB", None, Decimal("4")),
            (NAMES[0], "nowhere", "US", "CA", Decimal("0.25")),
        ],
    )
    view = view_of(tables)
    streams = _streams(view)
    names = [streams.name(at) for at in range(3)]
    assert names == ["hamburg to unknown", "london to GB", "nowhere to US/CA"]
    assert streams.units.tolist() == [[3, 3.5, 0], [0, 4, 0.25]]
    assert streams.located.tolist() == [False, True, False]
    base, changes = flows(view)
    assert base.tables[0].rows == [["london", "GB", "3.5"], ["hamburg", "unknown", "3"]]
    assert changes.tables[0].rows == [
        *(["hamburg to unknown", "−3"], ["london to GB", "+0.5"], ["nowhere to US/CA", "+0.25"])
    ]
    assert (
        changes.finding == f"The greatest change: hamburg to unknown with {NAMES[0]!r}, −3 units."
    )
    assert "1 stream without known positions" in base.note


def test_a_scenario_that_changes_no_stream_has_no_map_of_changes():
    tables = with_flows(
        made(NAMES[:1]),
        [(name, "london", "GB", None, Decimal(7)) for name in ("baseline", NAMES[0])],
    )
    assert [it.key for it in flows(view_of(tables))] == ["flows"]


def test_the_map_leaves_out_what_goes_far_where_little_does():
    for far, told in ((Decimal(3), True), (Decimal(60), False)):
        rows = [("baseline", "london", "GB", None, 97), ("baseline", "london", "US", "CA", far)]
        (section,) = flows(view_of(with_flows(made([]), rows)))
        assert ("1 stream to places farther away" in section.note) == told
        assert [row[:2] for row in section.tables[0].rows] == [
            ["london", "GB"],
            ["london", "US/CA"],
        ]
