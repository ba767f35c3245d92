"""Reports that several tests look at, written once."""

from typing import NamedTuple

import pytest

from engine.report import write_report
from tests.report.made import made
from tests.report.parsed import Node, parsed


class Report(NamedTuple):
    files: list
    page: str
    root: Node


def report(tables, folder):
    files = write_report(tables, folder)
    page = files[0].read_text("utf-8")
    return Report(files, page, parsed(page))


@pytest.fixture(scope="session")
def full(tmp_path_factory):
    """Six scenarios over 80 days with replications and costs."""
    return report(made(days=80, runs=20), tmp_path_factory.mktemp("full"))
