"""Stock dealt out at prices, and dealt anew among a few orders at a time."""

from engine.kernels.borrow import borrowed
from engine.kernels.jit import boolean, inlined, int64, jit
from engine.kernels.optimum.bundles import MARK, Holders, Market, Program, Weights, Work
from engine.kernels.optimum.chance import draw
from engine.kernels.optimum.climb import move_prices
from engine.kernels.optimum.way import best_way
from engine.kernels.orders.bundles import Rates
from engine.kernels.orders.money import cost_of_shipment, cost_of_units
from engine.types import QTY_SCALE, IntArray


@jit
def allot(
    sequence: IntArray,
    pace: IntArray,
    program: Program,
    weights: Weights,
    rates: Rates,
    market: Market,
    left: IntArray,
    given: IntArray,
    cost: IntArray,
    work: Work,
) -> None:
    """Let orders take their best ways one after the other from what is left.

    Parameters
    ----------
    sequence
        (n,) orders that have nothing yet.
    pace
        As in `engine.kernels.optimum.climb.climb`: prices go on to move, so that stock lasts.
    market, left, given, cost
        Outputs: prices, what is left of resources, what each entry gives, what orders cost.
    """
    program, rates, market = borrowed(program), borrowed(rates), borrowed(market)
    work, left, given = borrowed(work), borrowed(left), borrowed(given)
    for order in sequence:
        best_way(order, boolean(False), program, weights, rates, left, market.price, work)
        take(order, work.gives, int64(0), program, weights, left, given, work)
        cost[order] = cost_of(order, program, weights, rates, given, work)
        move_prices(order, work.gives, 0, pace, program, weights, market, work)


@jit
def book(
    known: IntArray,
    program: Program,
    weights: Weights,
    rates: Rates,
    left: IntArray,
    given: IntArray,
    cost: IntArray,
    work: Work,
) -> None:
    """Take what (num_entries,) a known allocation gives; outputs as in `allot`."""
    for order in range(len(program.ranking)):
        begin = program.lines[program.orders[order]]
        take(order, known, begin, program, weights, left, given, work)
        cost[order] = cost_of(order, program, weights, rates, given, work)


@jit
def exchange(
    seeds: IntArray,
    most: int,
    program: Program,
    weights: Weights,
    rates: Rates,
    supply: IntArray,
    price: IntArray,
    nothing: IntArray,
    holders: Holders,
    promised: IntArray,
    left: IntArray,
    given: IntArray,
    cost: IntArray,
    group: IntArray,
    saved: IntArray,
    chance: IntArray,
    work: Work,
) -> int:
    """Have groups of orders give back what they have and choose again; keep what is no worse.

    Parameters
    ----------
    seeds
        (n,) orders; each brings others into its group that could draw on what it could draw on.
    most
        Orders of a group, 2 or more.
    supply
        (num_resources,) as in `Market`.
    price, nothing
        (num_resources,) prices, by which every second group chooses, and zeros.
    promised
        (num_lines,) 1e-4 units that lines keep at least; empty if nothing is promised.
    left, given, cost
        Outputs, as in `allot`.
    group, saved
        Space: (2, most), and (most entries of so many orders,).
    chance
        (1,) state of the generator of random numbers, not 0.

    Returns
    -------
    What was gained, 1e-6.
    """
    program, rates, holders = borrowed(program), borrowed(rates), borrowed(holders)
    work, left, given = borrowed(work), borrowed(left), borrowed(given)
    gained = int64(0)
    for seed in seeds:
        best_way(seed, boolean(True), program, weights, rates, supply, price, work)
        size = _gather_group(seed, most, program, weights, holders, given, group, chance, work)
        before, at = int64(0), int64(0)
        for member in range(size):
            order = group[0, member]
            before += cost[order]
            at = _save(order, at, program, given, saved)
            _give_back(order, program, weights, left, given, work)
        at_price = price if draw(chance, int64(2)) == 0 else nothing
        after, is_kept = int64(0), True
        for member in range(size):
            order = group[0, member]
            best_way(order, boolean(False), program, weights, rates, left, at_price, work)
            take(order, work.gives, int64(0), program, weights, left, given, work)
            group[1, member] = cost_of(order, program, weights, rates, given, work)
            after += group[1, member]
            is_kept &= len(promised) == 0 or _keeps(order, program, given, promised)
        if is_kept and after <= before:
            gained += before - after
            for member in range(size):
                cost[group[0, member]] = group[1, member]
            continue
        at = int64(0)
        for member in range(size):
            _give_back(group[0, member], program, weights, left, given, work)
        for member in range(size):
            order = group[0, member]
            take(order, saved, at, program, weights, left, given, work)
            first = program.orders[order]
            at += program.lines[program.orders[order + 1]] - program.lines[first]
    return gained


@inlined
def _gather_group(
    seed: int,
    most: int,
    program: Program,
    weights: Weights,
    holders: Holders,
    given: IntArray,
    group: IntArray,
    chance: IntArray,
    work: Work,
) -> int:
    """Write a seed and orders that could draw on what it would rather take; return how many."""
    gives, missed = work.gives, work.taken
    begin = program.lines[program.orders[seed]]
    size_of_seed = program.lines[program.orders[seed + 1]] - begin
    count = int64(0)
    for entry in range(size_of_seed):
        if gives[entry] > given[begin + entry]:
            missed[count] = entry
            count += 1
    group[0, 0] = seed
    size, wanted = int64(1), 2 + draw(chance, int64(most - 1))
    for _ in range(3 * wanted):
        if size == wanted or size_of_seed == 0:
            break
        entry = begin + (missed[draw(chance, count)] if count > 0 else draw(chance, size_of_seed))
        resource, source = int64(program.item[entry]), int64(program.source[entry])
        if weights.units_at >= 0 and draw(chance, int64(2)) == 0:
            resource = weights.units_at + source
        if weights.orders_at >= 0 and draw(chance, int64(2)) == 0:
            resource = weights.orders_at + source
        if resource < 0:
            continue
        row, past = holders.offsets[resource], holders.offsets[resource + 1]
        if row == past:
            continue
        order = int64(holders.orders[row + draw(chance, past - row)])
        is_new = True
        for member in range(size):
            is_new &= group[0, member] != order
        if is_new:
            group[0, size] = order
            size += 1
    place = draw(chance, size)
    group[0, 0], group[0, place] = group[0, place], group[0, 0]
    return size


@inlined
def _keeps(order: int, program: Program, given: IntArray, promised: IntArray) -> bool:
    """Tell whether each line of an order has what it was promised."""
    for line in range(program.orders[order], program.orders[order + 1]):
        has = int64(0)
        for entry in range(program.lines[line], program.lines[line + 1]):
            has += given[entry]
        if has < promised[line]:
            return False
    return True


@inlined
def _save(order: int, at: int, program: Program, given: IntArray, saved: IntArray) -> int:
    first, stop = program.orders[order], program.orders[order + 1]
    for entry in range(program.lines[first], program.lines[stop]):
        saved[at] = given[entry]
        at += 1
    return at


@inlined
def take(
    order: int,
    gives: IntArray,
    begin: int,
    program: Program,
    weights: Weights,
    left: IntArray,
    given: IntArray,
    work: Work,
) -> None:
    """Take for an order what ``gives[begin:]`` says of its entries."""
    work.counts[MARK] += 1
    mark = work.counts[MARK]
    first, stop = program.orders[order], program.orders[order + 1]
    start = program.lines[first]
    for entry in range(start, program.lines[stop]):
        units = gives[begin + entry - start]
        given[entry] = units
        if units > 0:
            _draw_on(entry, units, int64(QTY_SCALE), mark, program, weights, left, work)


@inlined
def _give_back(
    order: int, program: Program, weights: Weights, left: IntArray, given: IntArray, work: Work
) -> None:
    work.counts[MARK] += 1
    mark = work.counts[MARK]
    first, stop = program.orders[order], program.orders[order + 1]
    for entry in range(program.lines[first], program.lines[stop]):
        if given[entry] > 0:
            units, given[entry] = given[entry], 0
            _draw_on(entry, -units, int64(-QTY_SCALE), mark, program, weights, left, work)


@inlined
def _draw_on(
    entry: int,
    units: int,
    place: int,
    mark: int,
    program: Program,
    weights: Weights,
    left: IntArray,
    work: Work,
) -> None:
    """Take units, and for the first of a source a place in its capacity."""
    item, source = int64(program.item[entry]), int64(program.source[entry])
    if item >= 0:
        left[item] -= units
    if weights.units_at >= 0:
        left[weights.units_at + source] -= units
    if work.marks[source, 0] != mark:
        work.marks[source, 0] = mark
        if weights.orders_at >= 0:
            left[weights.orders_at + source] -= place


@inlined
def cost_of(
    order: int, program: Program, weights: Weights, rates: Rates, given: IntArray, work: Work
) -> int:
    """Return what an order costs as it is served, without prices, 1e-6."""
    slots, marks = work.slots, work.marks
    work.counts[MARK] += 1
    mark = work.counts[MARK]
    cost, num_slots, lacks = int64(0), int64(0), False
    for line in range(program.orders[order], program.orders[order + 1]):
        rest = program.need[line]
        for entry in range(program.lines[line], program.lines[line + 1]):
            units, source = given[entry], int64(program.source[entry])
            if units == 0:
                continue
            rest -= units
            cost += cost_of_units(program.unit_cost[entry], units)
            if marks[source, 0] != mark:
                marks[source, 0], marks[source, 1] = mark, num_slots
                slots[num_slots, 0], slots[num_slots, 1] = source, 0
                num_slots += 1
            slots[marks[source, 1], 1] += units
        if rest > 0:
            lacks = True
            cost += cost_of_units(weights.unit, rest) + weights.line
    for slot in range(num_slots):
        cost += cost_of_shipment(
            int64(program.ranking[order]),
            slots[slot, 0],
            slots[slot, 1],
            program.shipment,
            program.rates,
            rates.offsets,
            rates.up_to,
            rates.cost,
        )
    if lacks:
        cost += weights.order
    return cost if num_slots > 0 else min(cost, program.wait[order])
