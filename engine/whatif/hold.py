"""Orders that may wait for a later batch although they could be served."""

from decimal import Decimal

import numpy as np

from engine.optimum.waiting import Hold
from engine.policies.model import BATCH_RULE
from engine.selection.costs import micro
from engine.types import IntArray
from engine.whatif.calendar import Calendar
from engine.whatif.case import Case
from engine.whatif.supply import Supply


def heeded_hold(case: Case) -> Decimal | None:
    """Return what it counts to put an order off, None where nothing is put off by choice.

    That takes a plan that decides batches as a whole, and a later batch to wait for.
    """
    horizon, rule = case.horizon, case.plan.policy.order_rule
    if horizon is None or horizon.every == "order" or not horizon.patience or rule != BATCH_RULE:
        return None
    if case.plan.policy.optimal.keep_promises:  # what could be served must be
        return None
    return horizon.hold


def hold_of(
    case: Case, calendar: Calendar, supply: Supply, day: int, rows: IntArray
) -> Hold | None:
    """Return which orders of a batch may wait, and what for; None if none of the case does.

    An order may as long as there is a later day on which it is tried. What is due by the last of
    them is waited for, of receipts and of what was ordered.
    """
    hold = heeded_hold(case)
    if hold is None or case.horizon is None:
        return None
    last = np.minimum(calendar.day[rows] + case.horizon.patience, calendar.days - 1)
    days = last - day
    return Hold(micro(hold), days, supply.due_in(day, int(days.max())))
