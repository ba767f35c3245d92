"""The rules once more, slowly: what the engine must give, from dicts, lists and ``Decimal``.

It is written from the description of the rules and shares no code with the engine.
Tables come in as a mapping of table name to a list of row dicts; input is taken to be valid.
"""

from tests.oracle.sales import check, salable
from tests.oracle.selection import allocate

__all__ = ["allocate", "check", "salable"]
