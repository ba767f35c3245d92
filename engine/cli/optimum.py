"""``ssa optimum``: how little the orders could cost."""

import click

from engine.cli import options, show


@click.command(
    cls=options.Command,
    epilog="""\
ssa optimum data/northwind/catalog data/northwind/orders \\
  --policy cheapest""",
)
@options.catalog
@options.orders_or_own
@click.option(
    "--policy",
    metavar="POLICY",
    default="cheapest",
    show_default=True,
    help="Whose costs and constraints count: a preset or a TOML file. Its order_rule does not.",
)
@click.option(
    "--exact",
    is_flag=True,
    help="Go on to the best bound of its kind, by HiGHS: pip install 'ssa-engine[optimum]'.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0.001, max=86_400),
    metavar="SECONDS",
    help="End the search then; the bound holds all the same.  [default: the policy's]",
)
@options.json
@options.quiet
def optimum(
    catalog: str,
    orders: str | None,
    policy: str,
    exact: bool,
    time_limit: float | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Tell how little the orders could cost, and how far above that each order rule is.

    The orders are decided together, as by order_rule optimal, and nothing is written.
    """
    from engine.folders import read_run
    from engine.io.output import terminate_cleanly
    from engine.policies.find import as_mapping, find_policy
    from engine.policies.model import BATCH_RULE
    from engine.selection.allocate import allocate_orders
    from engine.selection.plan import find_plan
    from engine.selection.shown import many

    given = as_mapping(find_policy(policy))
    given["optimal"]["exact"] |= exact
    if time_limit is not None:
        given["optimal"]["time_limit"] = f"{time_limit:.3f}"
    plan = find_plan(None, {**given, "order_rule": BATCH_RULE})
    show.compiling(quiet, show.BATCHES)
    with terminate_cleanly(), show.progress(quiet, *_PHASES) as clock:
        run = read_run(catalog, orders, quarantine=False, clock=clock)
        result = allocate_orders(
            run.catalog,
            run.orders,
            plan=plan,
            mode="sequential",
            include_zero=False,
            quarantine=False,
            clock=clock,
        )
    if not quiet:
        show.notes(result.notes)
    found = result.bound
    assert found is not None
    if as_json:
        show.as_json(found.as_json())
        return
    show.say(f"{many(result.kpis.orders, 'order')}, {many(result.kpis.lines, 'line')}, {policy}")
    show.sentences(show.bound(found), "")
    rows = [
        (name, f"{cost / 10**6:,.2f}", "" if above is None else f"{above:.2%}")
        for name, cost in sorted(found.rules.items(), key=lambda rule: rule[1])
        for above in [found.above(cost)]
    ]
    show.table(["order rule", "cost", "above"], rows, right=[1, 2])
    unit, line, order = (weight / 10**6 for weight in found.weights_micro)
    show.sentences(
        "",
        f"not served: {unit:,.2f} a unit, {line:,.2f} a line, {order:,.2f} an order",
        *(f"not in the bound: {what}" for what in found.dropped),
    )


_PHASES = ("read", "validate", "encode", "rank", "optimize", "deduct", "check", "decode")
