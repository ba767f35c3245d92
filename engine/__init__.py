"""Source selection for whole batches of orders, as Magento's MSI does it order by order.

Public names are loaded when they are first used: importing the package is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.algorithms.protocol import Candidates, SourceSelectionAlgorithm
    from engine.algorithms.registry import list_algorithms
    from engine.catalog import Catalog
    from engine.comparison.compare import Comparison, compare
    from engine.errors import EngineError
    from engine.folders import read_catalog, read_orders, read_result, write_result
    from engine.policies.model import Policy
    from engine.policies.registry import OrderView
    from engine.replay import explain
    from engine.salable import check, salable_quantity
    from engine.selection.allocate import allocate
    from engine.selection.explanation import Explanation
    from engine.selection.kpis import KPIs
    from engine.selection.result import Result
    from engine.selection.stream import stream
    from engine.whatif.horizon import Horizon
    from engine.whatif.scenario import Scenario
    from engine.whatif.simulate import simulate
    from engine.whatif.simulation import Simulation

_HOMES = {
    "Candidates": "engine.algorithms.protocol",
    "Catalog": "engine.catalog",
    "Comparison": "engine.comparison.compare",
    "EngineError": "engine.errors",
    "Explanation": "engine.selection.explanation",
    "Horizon": "engine.whatif.horizon",
    "KPIs": "engine.selection.kpis",
    "OrderView": "engine.policies.registry",
    "Policy": "engine.policies.model",
    "Result": "engine.selection.result",
    "Scenario": "engine.whatif.scenario",
    "Simulation": "engine.whatif.simulation",
    "SourceSelectionAlgorithm": "engine.algorithms.protocol",
    "allocate": "engine.selection.allocate",
    "check": "engine.salable",
    "compare": "engine.comparison.compare",
    "explain": "engine.replay",
    "list_algorithms": "engine.algorithms.registry",
    "read_catalog": "engine.folders",
    "read_orders": "engine.folders",
    "read_result": "engine.folders",
    "salable_quantity": "engine.salable",
    "simulate": "engine.whatif.simulate",
    "stream": "engine.selection.stream",
    "write_result": "engine.folders",
}

__all__ = [
    "Candidates",
    "Catalog",
    "Comparison",
    "EngineError",
    "Explanation",
    "Horizon",
    "KPIs",
    "OrderView",
    "Policy",
    "Result",
    "Scenario",
    "Simulation",
    "SourceSelectionAlgorithm",
    "allocate",
    "check",
    "compare",
    "explain",
    "list_algorithms",
    "read_catalog",
    "read_orders",
    "read_result",
    "salable_quantity",
    "simulate",
    "stream",
    "write_result",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # 30 ms, which --help need not pay

        return version("ssa-engine")
    if name not in _HOMES:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
