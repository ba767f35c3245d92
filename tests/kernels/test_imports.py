"""Compiled code and big libraries are loaded only by what needs them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import engine

ENGINE = Path(engine.__file__).parent
HEAVY = ("click", "numba", "numpy", "pandas", "pyarrow", "rich")
HELP = """
from engine.cli import main
sys.argv = ["ssa", {arguments}]
try:
    main()
except SystemExit as end:
    assert end.code == 0, end.code
"""


def loaded_by(code: str) -> set[str]:
    """Which of the heavy libraries a fresh interpreter has loaded after a piece of code."""
    ask = f"\nprint('loaded:', *(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}{ask}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


def imported_modules(path: Path) -> set[str]:
    """Every module that a file imports, at its top or in a function, or names in a string."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
    return names


def test_only_these_rooms_import_the_kernels():
    rooms = {
        path.relative_to(ENGINE).parts[0]
        for path in ENGINE.rglob("*.py")
        if any(name.startswith("engine.kernels") for name in imported_modules(path))
    }
    assert rooms == {"cli", "intake", "kernels", "optimum", "selection", "tables"}


def test_import_engine_loads_nothing_heavy():
    assert loaded_by("import engine") == set()
    assert loaded_by("import engine; engine.__version__; dir(engine)") == set()
    assert "pyarrow" in loaded_by("import engine; engine.Catalog")


def test_public_names_load_neither_numba_nor_the_command_line():
    loaded = loaded_by("import engine\nfor name in engine.__all__: getattr(engine, name)")
    assert {"numpy", "pyarrow"} <= loaded
    assert not loaded & {"click", "numba", "rich"}


def test_the_place_of_compiled_kernels_is_known_without_loading_them():
    assert loaded_by("from engine.kernels.place import is_cold; is_cold()") == set()


@pytest.mark.parametrize("arguments", ["'--help'", "'--version'"])
def test_help_loads_nothing_but_click(arguments):
    assert loaded_by(HELP.format(arguments=arguments)) == {"click"}


def test_help_looks_for_no_installed_packages():
    # importlib.metadata imports the parser of e-mails, which took 30 ms.
    code = HELP.format(arguments="'--help'")
    seen = "assert 'importlib.metadata' in before or 'importlib.metadata' not in sys.modules"
    assert loaded_by(f"before = {{*sys.modules}}\n{code}\n{seen}") == {"click"}
