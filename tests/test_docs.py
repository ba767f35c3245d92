"""The documents say what the code does."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import engine
from engine.policies.schema import schema_text
from engine.tables.reference import reference_page
from engine.tables.schema import SCHEMAS

ROOT = Path(__file__).parent.parent
MODULES = sorted(module.name for module in pkgutil.walk_packages(engine.__path__, "engine."))


def test_reference_page_is_up_to_date():
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert page == reference_page(), "run python -m engine.tables.reference > docs/tables.md"


def test_schema_of_policies_is_up_to_date():
    text = (ROOT / "docs" / "policy.schema.json").read_text(encoding="utf-8")
    renew = "run python -m engine.policies.schema > docs/policy.schema.json"
    assert text == schema_text(), renew


def test_reference_page_has_every_column():
    page = reference_page()
    for schema in SCHEMAS.values():
        assert f"### {schema.name}" in page
        for column in schema.columns:
            assert f"| `{column.name}` |" in page


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings_run(name):
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name))]
    assert sum(bool(test.examples) for test in found) >= 20
