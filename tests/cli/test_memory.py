"""Memory is kept only where that is ours to decide."""

import os
import sys

import pytest

from tests.cli.running import process

PROGRAM = """
import pyarrow as pa
from engine.cli.memory import keep_memory
before = pa.default_memory_pool().backend_name
keep_memory()
print(before, pa.default_memory_pool().backend_name)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only the GNU C library can be told")
@pytest.mark.parametrize(("chosen", "after"), [("", "system"), ("mimalloc", "mimalloc")])
def test_keep_memory_takes_the_c_library_unless_told_otherwise(chosen, after):
    environment = {**os.environ, **({"ARROW_DEFAULT_MEMORY_POOL": chosen} if chosen else {})}
    outcome = process(program=PROGRAM, env=environment)
    before, found = outcome.out.split()
    assert found == (after if chosen else "system"), outcome
    assert before != "system"
