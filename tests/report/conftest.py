"""Reports that several tests look at, written once."""

from typing import NamedTuple

import pytest

from engine.report import write_report
from tests.report.made import NAMES, made
from tests.report.parsed import Node, parsed


class Report(NamedTuple):
    files: list
    page: str
    root: Node


def report(tables, folder):
    files = write_report(tables, folder)
    page = files[0].read_text("utf-8")
    return Report(files, page, parsed(page))


LONG = "stores may ship " + "a" * 150
SIX = (*NAMES[:4], LONG, NAMES[5])


@pytest.fixture(scope="session")
def full(tmp_path_factory):
    """A hundred scenarios over 30 days, with replications; the fifth one has a long name."""
    more = [f"scenario number {at}, of a hundred, with a name" for at in range(7, 101)]
    tables = made((*SIX, *more), days=30, runs=20, skus=12)
    return report(tables, tmp_path_factory.mktemp("full"))
