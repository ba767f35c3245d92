"""Orders that may wait for a later batch although they could be served."""

from decimal import Decimal

import numpy as np

from engine.policies.model import BATCH_RULE
from engine.selection.costs import micro
from engine.types import IntArray
from engine.whatif.calendar import Calendar
from engine.whatif.case import Case


def heeded_hold(case: Case) -> Decimal | None:
    """Return what it counts to put an order off, None where nothing is put off by choice.

    That takes a plan that decides batches as a whole, and a later batch to wait for.
    """
    horizon, rule = case.horizon, case.plan.policy.order_rule
    if horizon is None or horizon.every == "order" or not horizon.patience or rule != BATCH_RULE:
        return None
    return horizon.hold


def hold_of(case: Case, calendar: Calendar, day: int, rows: IntArray) -> IntArray | None:
    """(num_rows,) what it counts in 1e-6 that an order waits; -1 on the last day it is tried.

    None if none of the case does.
    """
    hold = heeded_hold(case)
    if hold is None or case.horizon is None:
        return None
    last = np.minimum(calendar.day[rows] + case.horizon.patience, calendar.days - 1)
    return np.where(day < last, micro(hold), -1)
