"""What the command line sets in its process: memory kept, pandas not imported."""

import os
import sys

import pytest

from tests.cli.running import EXAMPLE, process

PROGRAM = """
import pyarrow as pa
from engine.cli.process import keep_memory
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


def test_a_run_imports_pandas_only_when_a_frame_is_asked_for(tmp_path):
    program = """
import sys
from engine.cli import ssa
ssa.main(sys.argv[1:], standalone_mode=False)
assert "pandas" not in sys.modules
import pyarrow as pa
frame = pa.table({"sku": ["A"]}).to_pandas()
assert type(frame) is sys.modules["pandas"].DataFrame
assert pa.array(frame["sku"]).to_pylist() == ["A"]
"""
    outcome = process("allocate", *EXAMPLE, "--out", tmp_path / "out", "--quiet", program=program)
    assert outcome.code == 0, outcome
