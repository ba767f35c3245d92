"""Search criteria as Magento's REST clients write them into a query string, and their echo.

`engine.rest.search_sql` turns them into SQL.
"""

import re
from dataclasses import dataclass
from typing import Any

from engine.rest.search_tree import (
    Node,
    SearchError,
    leaf,
    names,
    rows,
    search_tree,
    too_many,
    wrong_type,
)

CONDITIONS = (
    *("eq", "neq", "gt", "gteq", "moreq", "lt", "lteq", "from", "to"),
    *("in", "nin", "like", "nlike", "finset", "nfinset", "null", "notnull"),
)

MAX_FILTERS = 200
"""Filters in all groups: SQLite takes expressions up to a depth of 1,000."""
MAX_VALUES = 5_000
"""Values of all filters: SQLite binds at most 32,766."""
MAX_SORT_ORDERS = 20
MAX_PAGE = 2**31 - 1


@dataclass(frozen=True)
class Filter:
    """One condition on one field; ``value`` is a tuple if it was given as an array, or None."""

    field: str
    value: str | tuple[str, ...] | None
    condition_type: str


@dataclass(frozen=True)
class SortOrder:
    """A field to sort by, and ``ASC`` or ``DESC``; None is what was not given."""

    field: str | None
    direction: str | None


@dataclass(frozen=True)
class SearchCriteria:
    """What a list is asked for: all of ``groups``, of each of them any filter."""

    groups: tuple[tuple[Filter, ...], ...] = ()
    sort_orders: tuple[SortOrder, ...] = ()
    page_size: int | None = None
    current_page: int | None = None


def parse(query: str | bytes) -> SearchCriteria:
    """Read the search criteria in a query string.

    Parameters
    ----------
    query
        What stands behind the ``?`` of an address, as it was sent. Names are in snake or camel
        case, brackets percent-encoded or not; other parameters than ``searchCriteria`` are left
        alone. Of a key that is there twice the last value holds, as in PHP.

    Returns
    -------
    The criteria, groups, filters and sort orders by their numbers; without any, all rows are
    asked for. A page below 1 is page 1.

    Raises
    ------
    SearchError
        If a name, a number or a condition type is none that Magento knows, if a filter lacks its
        field or value, or if there are too many.

    Examples
    --------
    >>> criteria = parse(
    ...     "searchCriteria[filter_groups][0][filters][0][field]=stock_id"
    ...     "&searchCriteria[filter_groups][0][filters][0][value]=4&searchCriteria[pageSize]=10"
    ... )
    >>> criteria.groups
    ((Filter(field='stock_id', value='4', condition_type='eq'),),)
    >>> criteria.page_size
    10
    """
    parts = names(search_tree(query), "filter_groups", "sort_orders", "page_size", "current_page")
    groups = tuple(
        tuple(map(_filter, rows(names(group, "filters").get("filters", ""), "filters")))
        for group in rows(parts.get("filter_groups", ""), "filter_groups")
    )
    sort_orders = tuple(map(_sort_order, rows(parts.get("sort_orders", ""), "sort_orders")))
    _check_limits(groups, sort_orders)
    return SearchCriteria(
        groups, sort_orders, _page(parts, "page_size"), _page(parts, "current_page")
    )


def echo(criteria: SearchCriteria) -> dict[str, Any]:
    """Return the ``search_criteria`` of Magento's answer.

    Returns
    -------
    ``filter_groups``, and the other parts if they were given. As in Magento a condition type that
    was not given is ``eq``, and any other part of a filter or sort order null.

    Examples
    --------
    >>> echo(parse("searchCriteria"))
    {'filter_groups': []}
    >>> echo(parse("searchCriteria[sort_orders][0][field]=priority"))["sort_orders"]
    [{'field': 'priority', 'direction': None}]
    """
    answer: dict[str, Any] = {
        "filter_groups": [{"filters": list(map(_echo_filter, group))} for group in criteria.groups]
    }
    if criteria.sort_orders:
        answer["sort_orders"] = [
            {"field": one.field, "direction": one.direction} for one in criteria.sort_orders
        ]
    if criteria.page_size is not None:
        answer["page_size"] = criteria.page_size
    if criteria.current_page is not None:
        answer["current_page"] = criteria.current_page
    return answer


def _echo_filter(one: Filter) -> dict[str, Any]:
    value = list(one.value) if isinstance(one.value, tuple) else one.value
    return {"field": one.field, "value": value, "condition_type": one.condition_type}


def _filter(node: Node) -> Filter:
    parts = names(node, "field", "value", "condition_type")
    condition = _text(parts, "condition_type") or "eq"
    if condition not in CONDITIONS:
        raise SearchError(
            'The "%1" condition type is unknown. Known types: %2.', condition, ", ".join(CONDITIONS)
        )
    field = _text(parts, "field")
    if not field:
        raise _required("field")
    given = parts.get("value")
    value = tuple(map(leaf, rows(given, "value"))) if isinstance(given, dict) else given
    if condition in ("null", "notnull"):
        return Filter(field, value, condition)
    if value is None:
        raise _required("value")
    if isinstance(value, tuple) and condition not in ("in", "nin"):
        raise wrong_type("array", "string")
    return Filter(field, value, condition)


def _sort_order(node: Node) -> SortOrder:
    parts = names(node, "field", "direction")
    direction = _text(parts, "direction")
    if direction is not None and direction.upper() not in ("ASC", "DESC"):
        raise SearchError(
            "The sort order has to be specified as %1 for ascending order or %2 for descending "
            "order.",
            *("ASC", "DESC"),
        )
    return SortOrder(_text(parts, "field"), direction and direction.upper())


def _page(parts: dict[str, Node], name: str) -> int | None:
    text = _text(parts, name)
    if text is None:
        return None
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,10}\s*", text, re.ASCII) or abs(int(text)) > MAX_PAGE:
        raise wrong_type(text, "int")
    if name == "page_size" and int(text) < 0:
        raise SearchError("Minimum SearchCriteria pageSize is %1", "0")
    return int(text)


def _text(parts: dict[str, Node], name: str) -> str | None:
    return leaf(parts[name]) if name in parts else None


def _check_limits(
    groups: tuple[tuple[Filter, ...], ...], sort_orders: tuple[SortOrder, ...]
) -> None:
    filters = [one for group in groups for one in group]
    if max(len(filters), len(groups)) > MAX_FILTERS:
        raise too_many("filters", MAX_FILTERS)
    if sum(len(values_of(one)) for one in filters) > MAX_VALUES:
        raise too_many("values", MAX_VALUES)
    if len(sort_orders) > MAX_SORT_ORDERS:
        raise too_many("sort orders", MAX_SORT_ORDERS)


def values_of(one: Filter) -> tuple[str, ...]:
    """Return the values of a filter: of ``in`` and ``nin`` what commas separate.

    Blanks beside a comma count; an array is the way to values that hold commas.

    Examples
    --------
    >>> values_of(Filter("sku", "a,b", "in"))
    ('a', 'b')
    """
    if one.value is None or isinstance(one.value, tuple):
        return one.value or ()
    return tuple(one.value.split(",")) if one.condition_type in ("in", "nin") else (one.value,)


def _required(name: str) -> SearchError:
    return SearchError('"%1" is required. Enter and try again.', name)
