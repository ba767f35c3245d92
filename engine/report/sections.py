"""The parts of a report, in their order."""

from engine.report.distances import distances
from engine.report.flows import flows
from engine.report.over_time import backlog, on_hand, shipped
from engine.report.section import Section
from engine.report.service import service
from engine.report.shortfalls import regions, shortfalls, skus
from engine.report.sources import sources
from engine.report.view import View


def sections_of(view: View) -> list[Section]:
    """Return the sections of a report; those over time only if a simulation had a horizon."""
    found = [
        service(view),
        backlog(view),
        distances(view),
        *flows(view),
        sources(view),
        on_hand(view),
        shipped(view),
        shortfalls(view),
        regions(view),
        skus(view),
    ]
    return [one for one in found if one is not None]
