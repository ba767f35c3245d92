"""Search criteria: from query strings, and their echo."""

from urllib.parse import quote, urlencode

import pytest

from engine.rest.search import (
    CONDITIONS,
    MAX_FILTERS,
    MAX_SORT_ORDERS,
    MAX_VALUES,
    Filter,
    SearchCriteria,
    SortOrder,
    echo,
    parse,
    values_of,
)
from engine.rest.search_tree import MAX_PARAMETERS, SearchError

DOCUMENTED = (
    "searchCriteria[filter_groups][0][filters][0][field]=stock_id&"
    "searchCriteria[filter_groups][0][filters][0][value]=4&"
    "searchCriteria[filter_groups][0][filters][0][condition_type]=eq"
)
"""The query of Magento's page on stock-source links, word for word."""
STOCK_4 = SearchCriteria(groups=((Filter("stock_id", "4", "eq"),),))


def one_filter(condition: str | None = None, value: str | None = "1", field: str = "sku") -> str:
    """Return a query with one filter; None leaves a part out."""
    parts = {"field": field, "value": value, "condition_type": condition}
    return urlencode(
        {
            f"searchCriteria[filter_groups][0][filters][0][{name}]": part
            for name, part in parts.items()
            if part is not None
        }
    )


def refusal(query: str | bytes) -> str:
    """Return the message of a query that must be refused."""
    with pytest.raises(SearchError) as caught:
        parse(query)
    assert len(str(caught.value)) < 800
    return str(caught.value)


def test_the_documented_query_and_its_echo():
    assert parse(DOCUMENTED) == STOCK_4
    assert echo(STOCK_4) == {
        "filter_groups": [
            {"filters": [{"field": "stock_id", "value": "4", "condition_type": "eq"}]}
        ]
    }


@pytest.mark.parametrize(
    "query",
    [
        DOCUMENTED.encode(),
        quote(DOCUMENTED, safe="=&"),
        DOCUMENTED.replace("filter_groups", "filterGroups").replace(
            "condition_type", "conditionType"
        ),
        DOCUMENTED.replace("searchCriteria", "search_criteria"),
        DOCUMENTED.replace("[0]", "[17]"),
        f"fields=items[sku]&{DOCUMENTED}&a]=[",
        f"searchCriteria=&{DOCUMENTED}&searchCriteria=all",
        DOCUMENTED.replace("&searchCriteria[filter_groups][0][filters][0][condition_type]=eq", ""),
        DOCUMENTED.replace("=eq", "="),
        DOCUMENTED.replace("value]=4", "value]=5") + "&" + DOCUMENTED.split("&")[1],
    ],
)
def test_the_same_query_in_other_words(query: str | bytes):
    assert parse(query) == STOCK_4


@pytest.mark.parametrize(
    "query", ["", "searchCriteria", "searchCriteria=", "searchCriteria=all", "a=1"]
)
def test_nothing_asks_for_everything(query: str):
    assert parse(query) == SearchCriteria()
    assert echo(parse(query)) == {"filter_groups": []}


def test_numbers_set_the_sequence_and_may_have_gaps():
    query = urlencode(
        {
            "searchCriteria[filter_groups][10][filters][0][field]": "d",
            "searchCriteria[filter_groups][10][filters][0][value]": "4",
            "searchCriteria[filter_groups][9][filters][30][field]": "c",
            "searchCriteria[filter_groups][9][filters][30][value]": "3",
            "searchCriteria[filter_groups][9][filters][4][field]": "b",
            "searchCriteria[filter_groups][9][filters][4][value]": "2",
            "searchCriteria[sortOrders][12][field]": "y",
            "searchCriteria[sort_orders][2][field]": "x",
            "searchCriteria[sortOrders][2][direction]": "aSc",
        }
    )
    criteria = parse(query)
    assert [[one.field for one in group] for group in criteria.groups] == [["b", "c"], ["d"]]
    assert criteria.sort_orders == (SortOrder("x", "ASC"), SortOrder("y", None))


def test_the_echo_has_what_was_given():
    query = (
        "searchCriteria[sortOrders][0][field]=priority&searchCriteria[sortOrders][0][direction]=asc"
        "&searchCriteria[pageSize]=0&searchCriteria[current_page]=-2&" + one_filter("notnull", None)
    )
    assert echo(parse(query)) == {
        "filter_groups": [
            {"filters": [{"field": "sku", "value": None, "condition_type": "notnull"}]}
        ],
        "sort_orders": [{"field": "priority", "direction": "ASC"}],
        "page_size": 0,
        "current_page": -2,
    }


def test_values_of_a_list():
    assert values_of(parse(one_filter("in", "a, b,,c")).groups[0][0]) == ("a", " b", "", "c")
    assert values_of(parse(one_filter("eq", "a,b")).groups[0][0]) == ("a,b",)
    key = "&searchCriteria[filter_groups][0][filters][0][value]"
    array = parse(one_filter("nin", None) + f"{key}[7]=z&{key}[]=p&{key}[2]=a,b&{key}[]=q")
    assert array.groups == ((Filter("sku", ("a,b", "z", "p", "q"), "nin"),),)
    assert echo(array)["filter_groups"][0]["filters"][0]["value"] == ["a,b", "z", "p", "q"]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_condition_type_is_known(condition: str):
    assert parse(one_filter(condition)).groups[0][0].condition_type == condition


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (one_filter("EQ"), 'The "EQ" condition type is unknown. Known types: eq, neq, gt,'),
        (one_filter("eq or 1=1"), 'The "eq or 1=1" condition type is unknown'),
        (one_filter(field=""), '"field" is required. Enter and try again.'),
        (one_filter("like", None), '"value" is required. Enter and try again.'),
        ("searchCriteria[filter_groups][0][filters][0][field][x]=1", 'The "array" value\'s type'),
        ("searchCriteria[filter_groups][0][filters][0][field][x][y]=1", "key is no key of"),
        (one_filter("in", None) + "&searchCriteria[filter_groups][0][filters][0][value][x]=1",
         'The "x" index of value is not a number.'),
        (one_filter("eq", None) + "&searchCriteria[filter_groups][0][filters][0][value][0]=1",
         'The "array" value\'s type is invalid. The "string" type was expected.'),
        ("searchCriteria[filter_groups][0][filters][0]=1", 'The "1" value\'s type is invalid. The'),
        ("searchCriteria[filter_groups][0][filters]=1", 'The "array" type was expected'),
        ("searchCriteria[filter_groups][0][filter][0][field]=1", 'The "filter" name is unknown'),
        ("searchCriteria[filter_groups][-1][filters][0][field]=1", 'The "-1" index of filter_gr'),
        ("searchCriteria[filter_groups][1e3][filters][0][field]=1", 'The "1e3" index of filter'),
        ("searchCriteria[filter_groups][][filters][][field]=1", 'The "" index of filter_groups'),
        (f"searchCriteria[filter_groups][{'9' * 400}][filters][0][field]=1", "index of filter_gr"),
        ("searchCriteria[filter_groups][٣][filters][0][field]=1", 'The "٣" index of filter_groups'),
        ("searchCriteria[filterGroup][0][filters][0][field]=1", 'The "filterGroup" name is unkno'),
        ("searchCriteria[]=1", "name is unknown here. Known names: filter_groups, sort_orders, p"),
        ("searchCriteria[page_size=1", 'The "searchCriteria[page_size" key is no key of search'),
        ("searchCriteria[[page_size]]=1", "key is no key of search criteria"),
        ("searchCriteria[page_size]x=1", "key is no key of search criteria"),
        ("searchCriteria" + "[a]" * 30_000 + "=1", "key is no key of search criteria"),
        ("searchCriteria[pageSize]=", 'The "" value\'s type is invalid. The "int" type was exp'),
        ("searchCriteria[pageSize]=many", 'The "many" value\'s type is invalid. The "int" type'),
        ("searchCriteria[pageSize]=1.5", 'The "1.5" value\'s type is invalid'),
        ("searchCriteria[pageSize]=2147483648", 'The "2147483648" value\'s type is invalid'),
        (f"searchCriteria[currentPage]={'9' * 5000}", 'The "int" type was expected'),
        ("searchCriteria[pageSize]=-1", "Minimum SearchCriteria pageSize is 0"),
        ("searchCriteria[pageSize][0]=1", 'The "array" value\'s type is invalid'),
        ("searchCriteria[sortOrders][0][direction]=up", "The sort order has to be specified as A"),
        ("searchCriteria[sortOrders][0][by]=up", 'The "by" name is unknown here. Known names: fi'),
        ("searchCriteria[sortOrders]=sku", 'The "sku" value\'s type is invalid. The "array" type'),
        (one_filter("eq", "a\0b"), "The query string holds a zero byte."),
        ("searchCriteria[pageSize]=%ff", "The query string is not UTF-8."),
        (b"searchCriteria[pageSize]=\xff", "The query string is not UTF-8."),
        (one_filter("in", "," * MAX_VALUES), f"have too many values. At most {MAX_VALUES} are"),
        ("&".join(["a=1"] * (MAX_PARAMETERS + 1)), f"parameters. At most {MAX_PARAMETERS} are"),
    ],
    ids=lambda text: str(text)[:60],
)  # fmt: skip
def test_what_is_wrong_is_said(query: str | bytes, message: str):
    assert message in refusal(query)


def filters(count: int) -> str:
    """Return a query with as many filters, each in a group of its own."""
    key = "searchCriteria[filter_groups][{0}][filters][0]"
    return "&".join(f"{key}[field]=sku&{key}[value]=1".format(at) for at in range(count))


def test_limits():
    assert len(parse(filters(MAX_FILTERS)).groups) == MAX_FILTERS
    assert f"too many filters. At most {MAX_FILTERS} are" in refusal(filters(MAX_FILTERS + 1))
    assert "too many parameters. At most" in refusal(filters(10_000))
    assert (
        len(values_of(parse(one_filter("in", "," * (MAX_VALUES - 1))).groups[0][0])) == MAX_VALUES
    )
    empty = "&".join(f"searchCriteria[filter_groups][{at}]=" for at in range(MAX_FILTERS + 1))
    assert "too many filters" in refusal(empty)
    orders = "&".join(f"searchCriteria[sortOrders][{at}]=" for at in range(MAX_SORT_ORDERS + 1))
    assert "too many sort orders" in refusal(orders)


def test_an_error_has_magentos_two_parts():
    with pytest.raises(SearchError) as caught:
        parse("searchCriteria[pageSize]=%251")
    assert caught.value.message == (
        'The "%1" value\'s type is invalid. The "%2" type was expected. Verify and try again.'
    )
    assert caught.value.parameters == ["%1", "int"]
    assert str(caught.value).startswith('The "%1" value\'s type is invalid. The "int" type')
    with pytest.raises(SearchError) as caught:
        parse(one_filter("x" * 60_000))
    assert caught.value.parameters[0] == "x" * 200 + "..."
