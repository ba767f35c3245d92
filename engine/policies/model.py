"""What a policy may say; ``docs/policies.md`` says what it means."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, get_args

import msgspec

ORDER_RULES = ("line", "complete_first", "fewest_sources", "cheapest", "balanced_split")
BATCH_RULE = "optimal"
"""The order rule that decides all orders of a batch together; the others take one at a time."""

ALL_RULES = (*ORDER_RULES, BATCH_RULE)
FIRST = ("service", "cost")
SCORES = ("priority", "distance", "cost", "stock_level", "balance", "capacity_left")
FARTHEST_KM = Decimal(20_015)
"""Half the Earth's circumference, rounded down."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a policy; unknown keys are refused."""


class Band(Part, frozen=True, kw_only=True):
    """What is added to the costs of destinations up to a distance."""

    up_to_km: Decimal
    per_shipment: Decimal = Decimal(0)
    per_unit: Decimal = Decimal(0)


class Costs(Part, frozen=True, kw_only=True):
    """Costs in one currency."""

    per_shipment: Decimal = Decimal(0)
    per_unit: Decimal = Decimal(0)
    per_unit_km: Decimal = Decimal(0)
    per_unserved_order: Decimal = Decimal(0)
    per_unserved_unit: Decimal = Decimal(0)
    unknown_km: Decimal = FARTHEST_KM
    rates: bool = False
    bands: tuple[Band, ...] = ()


class Optimal(Part, frozen=True, kw_only=True):
    """How a batch is decided as a whole.

    ``first`` is one of `FIRST`; without it cost comes first where what is not served has a price.
    """

    first: str | None = None
    keep_promises: bool = False
    seed: int = 0
    time_limit: Decimal = Decimal(0)
    exact: bool = False


class _Constraint(Part, frozen=True, kw_only=True, tag_field="kind"):
    soft: bool = False

    repeats: ClassVar[bool] = False

    @property
    def kind(self) -> str:
        """What it is called in a policy file."""
        return str(self.__struct_config__.tag)


class Exclusion(_Constraint, frozen=True, kw_only=True, tag="exclusion"):
    """Sources that the table ``exclusions`` names."""


class Channel(_Constraint, frozen=True, kw_only=True, tag="channel"):
    """The only sources that may serve a sales channel."""

    type: str
    code: str
    sources: tuple[str, ...]

    repeats: ClassVar[bool] = True


class Lane(_Constraint, frozen=True, kw_only=True, tag="lane"):
    """Only where the table ``lanes`` leads."""


class MaxDistance(_Constraint, frozen=True, kw_only=True, tag="max_distance"):
    """Destinations up to a distance; without ``km`` up to each source's own."""

    km: Decimal | None = None

    repeats: ClassVar[bool] = True


class SafetyStock(_Constraint, frozen=True, kw_only=True, tag="safety_stock"):
    """Only what is above the safety stock."""


class Capacity(_Constraint, frozen=True, kw_only=True, tag="capacity"):
    """Orders and units that a source can handle in a run."""


class MinUnits(_Constraint, frozen=True, kw_only=True, tag="min_units"):
    """Units that a shipment must hold."""

    units: Decimal

    repeats: ClassVar[bool] = True


Constraint = Exclusion | Channel | Lane | MaxDistance | SafetyStock | Capacity | MinUnits
KINDS = tuple(kind.__struct_config__.tag for kind in get_args(Constraint))


class PluginConstraint(msgspec.Struct, frozen=True, kw_only=True):
    """A constraint of a plug-in; ``options`` are the other keys, for its class."""

    kind: str
    soft: bool = False
    options: Mapping[str, Any] = {}

    repeats: ClassVar[bool] = True


class Policy(Part, frozen=True, kw_only=True):
    """How a run decides; every part may be left out.

    Attributes
    ----------
    ranking
        Scores, the first that tells two sources apart decides.
    distance_bucket_km
        Distances this close count as equal; 0 for none.
    order_rule
        How an order is put together from sources.
    fallback
        The order rule for orders that ``complete_first`` cannot serve.
    ship_policy
        What may be shipped in part, of orders that do not say it themselves.
    max_sources
        Sources on which an order may draw; 0 for no limit.
    costs
        Of shipments and units.
    optimal
        How the order rule ``optimal`` decides.
    constraints
        Which sources may serve.

    Examples
    --------
    >>> Policy(ranking=("distance",), constraints=(MaxDistance(km=800, soft=True),)).order_rule
    'line'
    """

    ranking: tuple[str, ...] = ("priority",)
    distance_bucket_km: Decimal = Decimal(0)
    order_rule: str = "line"
    fallback: str = "line"
    ship_policy: str = "partial"
    max_sources: int = 0
    costs: Costs = Costs()
    optimal: Optimal = Optimal()
    constraints: tuple[
        Any, ...
    ] = ()  # `Constraint` and `PluginConstraint`, which have no common tag
