"""From a case to another one, step by step."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from engine.errors import EngineError, ScenarioError
from engine.policies.model import Capacity, SafetyStock
from engine.selection.plan import find_plan
from engine.whatif import demand, links, sources, steps, stock, supply
from engine.whatif.case import Case
from engine.whatif.horizon import Horizon
from engine.whatif.scenario import Scenario
from engine.whatif.stock import chosen_items


def _use(case: Case, step: steps.Use) -> Case:
    return case._replace(plan=find_plan(step.algorithm, step.policy))


def _replenish(case: Case, step: steps.Replenish) -> Case:
    horizon = _horizon(case)
    chosen_items(case, step.source, step.sku, step.rank)  # names what is not there, if anything
    rules = *horizon.replenish, step
    return case._replace(horizon=replace(horizon, replenish=rules))


def _set_horizon(case: Case, step: steps.SetHorizon) -> Case:
    given = {"every": step.every, "patience": step.patience, "hold": step.hold}
    changed = {name: value for name, value in given.items() if value is not None}
    return case._replace(horizon=replace(_horizon(case), **changed))


def _horizon(case: Case) -> Horizon:
    if case.horizon is None:
        raise ScenarioError("there is no horizon; give --horizon, or [horizon] in the file")
    return case.horizon


_DO: dict[type, Callable[[Case, Any], Case]] = {
    steps.CloseSource: sources.close_source,
    steps.OpenSource: sources.open_source,
    steps.AddSource: sources.add_source,
    steps.SetCapacity: sources.set_capacity,
    steps.SetSafetyStock: sources.set_safety_stock,
    steps.LinkSource: links.link_source,
    steps.UnlinkSource: links.unlink_source,
    steps.SetPriority: links.set_priority,
    steps.RemoveStock: links.remove_stock,
    steps.MoveStock: stock.move_stock,
    steps.ScaleStock: stock.scale_stock,
    steps.ScaleDemand: demand.scale_demand,
    steps.ResampleDemand: demand.resample_demand,
    steps.ShiftDemand: demand.shift_demand,
    steps.Between: demand.between,
    steps.Use: _use,
    steps.Replenish: _replenish,
    steps.SetHorizon: _set_horizon,
    steps.DelayReceipts: supply.delay_receipts,
}


def apply(scenario: Scenario, case: Case) -> Case:
    """Take the steps of a scenario, one after the other.

    Returns
    -------
    Another case, which shares every array that no step touches. Without steps it is the same.

    Raises
    ------
    ScenarioError
        If a step names what is not there at its turn; scenario and step are named.
    """
    for number, step in enumerate(scenario.steps, start=1):
        try:
            case = _DO[type(step)](case, step)
        except EngineError as error:
            place = f"scenario {scenario.name!r}, step {number} ({step.do})"
            # Remarks in brackets are about rows of files, which these are not.
            told = [line for line in str(error).split("\n") if not line.startswith("(")]
            raise ScenarioError(f"{place}: {'; '.join(told)}") from None
    return case


def idle_steps(scenario: Scenario, case: Case) -> list[str]:
    """Return notes on steps that change nothing because the plan at the end does not look."""
    kinds = {type(one) for one in case.plan.policy.constraints}
    heeds = {
        "set_capacity": Capacity in kinds or "capacity_left" in case.plan.scores,
        "set_safety_stock": SafetyStock in kinds,
    }
    done = dict.fromkeys(step.do for step in scenario.steps if not heeds.get(step.do, True))
    return [
        f"scenario {scenario.name!r}: {do} changes nothing, as no constraint of what it decides "
        "by asks for it; add a step use with such a policy"
        for do in done
    ]
