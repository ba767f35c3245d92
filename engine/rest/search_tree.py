"""The query string of a search as the tree that its brackets say, and what can be wrong with it."""

import re
from typing import TypeAlias
from urllib.parse import parse_qsl

from engine.errors import EngineError

MAX_PARAMETERS = 6_000
"""Of one query string: more than any search within the other limits needs."""

_LONGEST_PATH = 6  # filter_groups, its index, filters, its index, value, its index
_APPENDED = 10**17
"""What ``[]`` at the end of a key, for the next number, counts from."""
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_NAMES = (
    *("search_criteria", "filter_groups", "filters", "sort_orders", "page_size", "current_page"),
    *("field", "value", "condition_type", "direction"),
)
_BY_SPELLING = {name.replace("_", ""): name for name in _NAMES}

Node: TypeAlias = "str | dict[str, Node]"


class SearchError(EngineError):
    """Search criteria that cannot be followed, in the two parts of Magento's errors.

    ``message`` has ``%1``, ``%2`` and so on where the ``parameters`` belong.
    """

    def __init__(self, message: str, *parameters: str) -> None:
        self.message = message
        self.parameters = [_shown(parameter) for parameter in parameters]
        text = re.sub(r"%(\d)", lambda found: self.parameters[int(found[1]) - 1], message)
        super().__init__(text)


def wrong_type(value: str, expected: str) -> SearchError:
    """Return Magento's error that a value is of another type than is expected."""
    return SearchError(
        'The "%1" value\'s type is invalid. The "%2" type was expected. Verify and try again.',
        value,
        expected,
    )


def _pairs(query: str | bytes) -> list[tuple[str, str]]:
    """Return the keys and values of a query string, in sequence."""
    try:
        text = query.decode("utf-8") if isinstance(query, bytes) else query
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except UnicodeError as error:
        raise SearchError("The query string is not UTF-8. Encode it and try again.") from error
    except ValueError as error:
        raise too_many("parameters", MAX_PARAMETERS) from error
    if any("\0" in part for pair in pairs for part in pair):
        raise SearchError("The query string holds a zero byte. Remove it and try again.")
    return pairs


def search_tree(query: str | bytes) -> Node:
    """Return what stands below ``searchCriteria`` in a query string, nested as its brackets say.

    Raises
    ------
    SearchError
        If the query string cannot be decoded, is too long, or a key is malformed.
    """
    root: dict[str, Node] = {}
    for at, (key, value) in enumerate(_pairs(query)):
        if _snake(key.partition("[")[0]) != "search_criteria":
            continue
        found = _KEY.fullmatch(key)
        path = list(map(_snake, found[2][1:-1].split("]["))) if found and found[2] else []
        if not found or len(path) > _LONGEST_PATH:
            raise SearchError('The "%1" key is no key of search criteria.', key)
        if path:  # by itself it asks for everything, whatever its value
            path[-1] = path[-1] or str(_APPENDED + at)
            _put(root, path, value)
    return root


def _put(node: dict[str, Node], path: list[str], value: str) -> None:
    for step in path[:-1]:
        child = node.get(step)
        if not isinstance(child, dict):
            child = node[step] = {}
        node = child
    node[path[-1]] = value


def names(node: Node, *allowed: str) -> dict[str, Node]:
    """Return the parts of a node by their names, all of which must be allowed."""
    if not isinstance(node, dict):
        if node:
            raise wrong_type(node, "array")
        return {}
    for name in node:
        if name not in allowed:
            raise SearchError(
                'The "%1" name is unknown here. Known names: %2.', name, ", ".join(allowed)
            )
    return node


def rows(node: Node, where: str) -> list[Node]:
    """Return the parts of a node in sequence of their numbers, which may have gaps."""
    if not isinstance(node, dict):
        if node:
            raise wrong_type(node, "array")
        return []
    for index in node:
        if not re.fullmatch("[0-9]{1,18}", index):
            raise SearchError('The "%1" index of %2 is not a number.', index, where)
    return [part for _, part in sorted(node.items(), key=lambda item: int(item[0]))]


def leaf(node: Node) -> str:
    """Return a node that is no array."""
    if isinstance(node, dict):
        raise wrong_type("array", "string")
    return node


def too_many(what: str, limit: int) -> SearchError:
    """Return the error that there are more of something than the service takes."""
    return SearchError(
        "The search criteria have too many %1. At most %2 are allowed.", what, str(limit)
    )


def _snake(name: str) -> str:
    """Return a name that is known in snake case, whatever its case; any other as it is."""
    return _BY_SPELLING.get(name.replace("_", "").lower(), name)


def _shown(text: str) -> str:
    """Return the start of a text that may be as long as an address."""
    return text if len(text) <= 200 else f"{text[:200]}..."
