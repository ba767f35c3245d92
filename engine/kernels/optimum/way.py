"""The best way to serve one order at prices: which sources, and what each gives of each line.

An order draws on few sources, since each shipment costs. Sets of sources grow one by one, those
first that save most alone; a set is given up once no larger one can be better, be every further
unit as cheap as the cheapest source ahead and its shipment as cheap as the cheapest ahead. So
what is found is the best of all sets, unless ``Weights.most_sets`` ends the search.
"""

from engine.kernels.borrow import borrowed
from engine.kernels.jit import boolean, inlined, int64, jit
from engine.kernels.optimum.bundles import CUT_SHORT, MARK, UNREACHED, Program, Weights, Work
from engine.kernels.orders.bundles import WHOLE_LINES, WHOLE_ORDERS, Rates
from engine.kernels.orders.money import cost_of_shipment
from engine.types import QTY_SCALE, IntArray

SOURCE, LEAST, PRICE, ROOM, UNITS, IS_OPEN, AHEAD, GAIN, PLACE = range(9)
"""Columns of `Work.slots`: the source; the least that a shipment costs; the price of an order's
place in its capacity; the units that it may give, and gives; whether it is in the set; the least
shipment from this slot on; what it saves alone; where it stands once they are sorted by that."""

SLOT, UNIT, HAS, ENTRY = range(4)
"""Columns of `Work.entries`: the slot; what a unit costs with its price; what there is of it; which
of the order's entries it is."""

_MANY_SETS = 32
"""Sets after which a tighter bound is looked at, which looks at each entry."""

COUNT, LACKS, NEED = range(3)
"""Columns of `Work.found`: how many entries a line has, what it costs to leave it out, its need."""


@inlined
def worth(price: int, quantity: int) -> int:
    """Return what a quantity of 1e-4 units is worth, rounded down."""
    whole, part = quantity // QTY_SCALE, quantity % QTY_SCALE
    return price * whole + price // QTY_SCALE * part + price % QTY_SCALE * part // QTY_SCALE


@jit
def best_way(
    order: int,
    lowest: bool,
    program: Program,
    weights: Weights,
    rates: Rates,
    left: IntArray,
    price: IntArray,
    work: Work,
) -> tuple[int, int]:
    """Find the cheapest way to serve an order, and leave it in ``work.gives``.

    Parameters
    ----------
    order, program, weights, rates
        Which one of which batch.
    lowest
        Count shipments at the least that any costs, and drop what a source may give to the order
        as a whole: capacity in units, least shipments.
    left, price
        (num_resources,) what there is to take, and what it is worth.
    work
        Output ``gives``, (num_entries of the order,).

    Returns
    -------
    What the way costs, and if ``lowest`` what none can undercut, both with prices, in 1e-6, rounded
    down pick by pick. If not, rates, least shipments, capacity in units and several lines of a SKU
    can let another way be cheaper: each line is served from the cheapest source that has some.
    """
    program, rates, work = borrowed(program), borrowed(rates), borrowed(work)
    left, price = borrowed(left), borrowed(price)
    slots, entries, found, ahead = work.slots, work.entries, work.found, work.ahead
    reached, stack, gives = work.open, work.stack, work.gives
    first, stop = program.orders[order], program.orders[order + 1]
    num_lines = stop - first
    none, repeats, qty = int64(0), False, int64(0)
    for line in range(num_lines):
        need = program.need[first + line]
        repeats |= program.same[first + line] > 0
        qty += need
        found[line, NEED] = need
        found[line, LACKS] = worth(weights.unit, need) + weights.line if need > 0 else 0
        none += found[line, LACKS]
    if qty > 0:
        none += weights.order
    none = min(none, program.wait[order])
    gives[: program.lines[stop] - program.lines[first]] = 0
    num_slots = _gather(order, lowest, program, weights, rates, left, price, work)
    if num_slots == 0:
        return none, none
    _sort_slots(num_lines, num_slots, work)
    whole_order = program.ship_policy[order] == WHOLE_ORDERS
    width = num_slots + 1
    at = int64(0)
    may_leave = False
    for line in range(num_lines):
        for slot in range(width):
            ahead[line * width + slot] = UNREACHED
        for entry in range(at, at + found[line, COUNT]):
            slot = entries[entry, SLOT]
            ahead[line * width + slot] = min(ahead[line * width + slot], entries[entry, UNIT])
            may_leave |= entries[entry, UNIT] > weights.unit
        for slot in range(num_slots - 1, -1, -1):
            ahead[line * width + slot] = min(
                ahead[line * width + slot], ahead[line * width + slot + 1]
            )
        reached[line] = UNREACHED if found[line, NEED] > 0 else 0
        at += found[line, COUNT]
    may_leave &= not whole_order
    repeats &= not lowest
    least_units = min(weights.least, qty)
    best, sets, depth, fixed = none, int64(0), int64(0), int64(0)
    unseen = int64(UNREACHED)
    stack[0] = 0
    while depth >= 0:
        slot = stack[depth]
        goes_on = slot < num_slots and (weights.max_sources == 0 or depth < weights.max_sources)
        if goes_on:
            least = fixed + slots[slot, AHEAD]
            least += _least_of_lines(depth, slot, num_lines, width, whole_order, work)
            goes_on = least < best
            if goes_on and sets >= _MANY_SETS:
                by_stock = _least_by_stock(slot, num_lines, whole_order, weights, work)
                least = max(least, fixed + slots[slot, AHEAD] + by_stock)
                goes_on = least < best
            if goes_on and sets == weights.most_sets:
                unseen = min(unseen, least)
                goes_on = False
        if not goes_on:
            depth -= 1
            if depth >= 0:
                slot = stack[depth]
                slots[slot, IS_OPEN] = 0
                fixed -= slots[slot, LEAST]
                stack[depth] = slot + 1
            continue
        sets += 1
        slots[slot, IS_OPEN] = 1
        fixed += slots[slot, LEAST]
        depth += 1
        stack[depth] = slot + 1
        at = int64(0)
        for line in range(num_lines):
            unit = reached[(depth - 1) * num_lines + line]
            for entry in range(at, at + found[line, COUNT]):
                if entries[entry, SLOT] == slot:
                    unit = min(unit, entries[entry, UNIT])
            reached[depth * num_lines + line] = unit
            at += found[line, COUNT]
        is_served = False
        for complete in (True, False):
            if not complete and (whole_order or (is_served and not may_leave)):
                continue
            cost = _fill(
                order,
                complete,
                boolean(False),
                lowest,
                repeats,
                least_units,
                num_lines,
                num_slots,
                program,
                weights,
                rates,
                left,
                work,
            )
            is_served |= cost < UNREACHED
            if cost < best:
                best = cost
                _fill(
                    order,
                    complete,
                    boolean(True),
                    lowest,
                    repeats,
                    least_units,
                    num_lines,
                    num_slots,
                    program,
                    weights,
                    rates,
                    left,
                    work,
                )
    if unseen < UNREACHED:
        work.counts[CUT_SHORT] += 1
    return best, min(best, unseen)


@inlined
def _least_of_lines(
    depth: int, slot: int, num_lines: int, width: int, whole_order: bool, work: Work
) -> int:
    """Return what the lines cost at least with the open set and all slots from one on."""
    found, ahead, reached = work.found, work.ahead, work.open
    least = int64(0)
    for line in range(num_lines):
        unit = min(reached[depth * num_lines + line], ahead[line * width + slot])
        if unit < UNREACHED:
            cost = worth(unit, found[line, NEED])
            least += cost if whole_order else min(cost, found[line, LACKS])
        elif whole_order:
            return int64(UNREACHED)
        else:
            least += found[line, LACKS]
    return least


@inlined
def _least_by_stock(
    slot: int, num_lines: int, whole_order: bool, weights: Weights, work: Work
) -> int:
    """Return the same with what each source has of a line, which takes longer to tell."""
    slots, entries, found = work.slots, work.entries, work.found
    least, start = int64(0), int64(0)
    for line in range(num_lines):
        stop = start + found[line, COUNT]
        rest, cost = found[line, NEED], int64(0)
        for entry in range(start, stop):
            if rest == 0 or (not whole_order and entries[entry, UNIT] >= weights.unit):
                break
            at = entries[entry, SLOT]
            if at < slot and slots[at, IS_OPEN] == 0:
                continue
            units = min(rest, entries[entry, HAS])
            cost += worth(entries[entry, UNIT], units)
            rest -= units
        if rest > 0 and whole_order:
            return int64(UNREACHED)
        cost += worth(weights.unit, rest)
        least += cost if whole_order else min(cost, found[line, LACKS])
        start = stop
    return least


@inlined
def _gather(
    order: int,
    lowest: bool,
    program: Program,
    weights: Weights,
    rates: Rates,
    left: IntArray,
    price: IntArray,
    work: Work,
) -> int:
    """Write the entries that have something, line by line in the sequence of prices, and slots."""
    slots, entries, found, marks = work.slots, work.entries, work.found, work.marks
    first, ranking = program.orders[order], int64(program.ranking[order])
    begin = program.lines[first]
    work.counts[MARK] += 1
    mark = work.counts[MARK]
    num_slots, at = int64(0), int64(0)
    for line in range(first, program.orders[order + 1]):
        start = at
        for entry in range(program.lines[line], program.lines[line + 1]):
            item, source = int64(program.item[entry]), int64(program.source[entry])
            has, unit = program.need[line], program.unit_cost[entry]
            if item >= 0:
                has = min(has, left[item])
                unit += price[item]
            if weights.units_at >= 0:
                unit += price[weights.units_at + source]
                if left[weights.units_at + source] <= 0:
                    has = int64(0)
            if weights.orders_at >= 0 and left[weights.orders_at + source] < QTY_SCALE:
                has = int64(0)
            if has <= 0:
                continue
            if marks[source, 0] != mark:
                marks[source, 0], marks[source, 1] = mark, num_slots
                slots[num_slots, SOURCE] = source
                slots[num_slots, LEAST] = program.shipment[ranking, source]
                rate = program.rates[ranking, source]
                if rate >= 0:
                    slots[num_slots, LEAST] += _least_rate(int64(rate), rates)
                slots[num_slots, PRICE] = 0
                if weights.orders_at >= 0:
                    slots[num_slots, PRICE] = price[weights.orders_at + source]
                slots[num_slots, LEAST] += slots[num_slots, PRICE]
                slots[num_slots, ROOM] = UNREACHED
                if weights.units_at >= 0 and not lowest:
                    slots[num_slots, ROOM] = left[weights.units_at + source]
                slots[num_slots, IS_OPEN] = 0
                slots[num_slots, GAIN] = -slots[num_slots, LEAST]
                num_slots += 1
            slot = marks[source, 1]
            slots[slot, GAIN] += max(
                worth(weights.unit + weights.line, has) - worth(unit, has), int64(0)
            )
            before = at
            while before > start and entries[before - 1, UNIT] > unit:
                for column in range(4):
                    entries[before, column] = entries[before - 1, column]
                before -= 1
            entries[before, SLOT] = slot
            entries[before, UNIT] = unit
            entries[before, HAS] = has
            entries[before, ENTRY] = entry - begin
            at += 1
        found[line - first, COUNT] = at - start
    return num_slots


@inlined
def _least_rate(rate: int, rates: Rates) -> int:
    least = rates.cost[rates.offsets[rate]]
    for row in range(rates.offsets[rate], rates.offsets[rate + 1]):
        least = min(least, rates.cost[row])
    return least


@inlined
def _sort_slots(num_lines: int, num_slots: int, work: Work) -> None:
    """Put first what saves most alone, and tell entries; equals stay in the sequence of sources."""
    slots, entries = work.slots, work.entries
    for slot in range(num_slots):
        slots[slot, PLACE] = slot
    for slot in range(1, num_slots):
        at = slot
        while at > 0 and slots[at, GAIN] > slots[at - 1, GAIN]:
            for column in range(PLACE + 1):
                slots[at, column], slots[at - 1, column] = (
                    slots[at - 1, column],
                    slots[at, column],
                )
            at -= 1
    # AHEAD holds the new place of each old slot first, then what it is for.
    for slot in range(num_slots):
        slots[slots[slot, PLACE], AHEAD] = slot
    at = int64(0)
    for line in range(num_lines):
        for entry in range(at, at + work.found[line, COUNT]):
            entries[entry, SLOT] = slots[entries[entry, SLOT], AHEAD]
        at += work.found[line, COUNT]
    least = int64(UNREACHED)
    for slot in range(num_slots - 1, -1, -1):
        least = min(least, slots[slot, LEAST])
        slots[slot, AHEAD] = least


@inlined
def _fill(
    order: int,
    complete: bool,
    writes: bool,
    lowest: bool,
    repeats: bool,
    least_units: int,
    num_lines: int,
    num_slots: int,
    program: Program,
    weights: Weights,
    rates: Rates,
    left: IntArray,
    work: Work,
) -> int:
    """Serve the lines from the open slots, each unit from the cheapest that has some.

    Returns the cost. If it is to be complete, nothing may be left out; if not, what costs less to
    leave out is.
    """
    slots, entries, found, gives = work.slots, work.entries, work.found, work.gives
    first, taken = program.orders[order], work.taken
    size = program.lines[program.orders[order + 1]] - program.lines[first]
    whole_lines = program.ship_policy[order] == WHOLE_LINES
    for slot in range(num_slots):
        slots[slot, UNITS] = 0
    if writes:
        gives[:size] = 0
    if repeats:
        taken[:size] = 0
    cost, start, lacks = int64(0), int64(0), False
    for line in range(num_lines):
        stop = start + found[line, COUNT]
        rest, full = found[line, NEED], int64(0)
        some, left_out = int64(0), found[line, NEED]
        back = (
            program.lines[first + line] - program.lines[first + line - program.same[first + line]]
        )
        for entry in range(start, stop):
            slot = entries[entry, SLOT]
            if slots[slot, IS_OPEN] == 0:
                continue
            units = min(rest, entries[entry, HAS], slots[slot, ROOM] - slots[slot, UNITS])
            if repeats:
                units = min(units, _still(entries[entry, ENTRY] - back, order, program, left, work))
            full += worth(entries[entry, UNIT], units)
            if entries[entry, UNIT] < weights.unit:
                some, left_out = full, rest - units
            rest -= units
            if rest == 0:
                break
        if complete and rest > 0:
            return int64(UNREACHED)
        takes = found[line, NEED] - rest
        if not complete:
            if whole_lines:
                some, left_out = int64(0), found[line, NEED]
            partly = some + worth(weights.unit, left_out)
            if left_out > 0:
                partly += weights.line
            if rest > 0 or partly < full:
                lacks |= left_out > 0
                takes, full = found[line, NEED] - left_out, partly
        cost += full
        for entry in range(start, stop):
            if takes == 0:
                break
            slot = entries[entry, SLOT]
            if slots[slot, IS_OPEN] == 0:
                continue
            units = min(takes, entries[entry, HAS], slots[slot, ROOM] - slots[slot, UNITS])
            if repeats:
                alike = entries[entry, ENTRY] - back
                units = min(units, _still(alike, order, program, left, work))
                taken[alike] += units
            slots[slot, UNITS] += units
            takes -= units
            if writes:
                gives[entries[entry, ENTRY]] = units
        start = stop
    for slot in range(num_slots):
        units = slots[slot, UNITS]
        if units == 0:
            continue
        if lowest:
            cost += slots[slot, LEAST]
            continue
        if units < least_units:
            return int64(UNREACHED)
        cost += slots[slot, PRICE] + cost_of_shipment(
            int64(program.ranking[order]),
            slots[slot, SOURCE],
            units,
            program.shipment,
            program.rates,
            rates.offsets,
            rates.up_to,
            rates.cost,
        )
    return cost + weights.order if lacks else cost


@inlined
def _still(entry: int, order: int, program: Program, left: IntArray, work: Work) -> int:
    """Return what lines before left of an item, that of an entry of the first that wants it."""
    item = int64(program.item[program.lines[program.orders[order]] + entry])
    return left[item] - work.taken[entry] if item >= 0 else int64(UNREACHED)
