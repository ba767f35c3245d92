"""The runner of the README's examples must notice an example that no longer holds."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parent.parent / ".ci" / "readme_examples.py"


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme_examples", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def outcomes(runner: ModuleType, text: str) -> list[str]:
    namespace = {"__name__": "__main__"}
    examples = runner.find_examples(text.replace("'''", "```"))
    return [runner.run_example(example, "here", namespace)[0] for example in examples]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'''python\nprint(1)\n'''\n\n'''text\n1\n'''", ["passed"]),
        ("'''python\nprint(1)\n'''\n\n'''text\n2\n'''", ["failed"]),
        ("'''python\nprint(True)\n'''\n'''text\n1\n'''", ["failed"]),
        ("'''python\nprint(1)\n'''\nSomething else:\n'''text\n2\n'''", ["passed"]),
        ("'''python\nprint('a 17 b')\n'''\n'''text\na ... b\n'''", ["passed"]),
        ("'''python\nprint('a')\nprint()\nprint('b')\n'''\n'''text\na\n\nb\n'''", ["passed"]),
        ("'''python\nx = 1\n'''\nand\n'''python\nassert x == 1\n'''", ["passed", "passed"]),
        ("'''python\nraise SystemExit(3)\n'''", ["failed"]),
        ("'''shell\necho one; echo two >&2\n'''\n'''text\none\n'''", ["passed"]),
        ("'''shell\nfalse | cat\n'''", ["failed"]),
        ("'''shell\nfalse\ntrue\n'''", ["failed"]),
        ("'''shell no-run: needs a store\nfalse\n'''", ["skipped"]),
        ("'''shell no-run\nfalse\n'''", ["failed"]),
        ("'''bash\ntrue\n'''", ["failed"]),
        ("- in a list\n\n  '''python\n  print(1)\n  '''\n\n  '''text\n  1\n  '''", ["passed"]),
        ("'''toml\nx = 1\n'''\n\n'''text\n2\n'''", []),
        ("no example at all", []),
    ],
)
def test_run_example_outcome(runner, text, expected):
    assert outcomes(runner, text) == expected


def test_find_blocks_refuses_block_without_end(runner):
    with pytest.raises(SystemExit, match="begins at line 2"):
        runner.find_blocks("text\n```python\nprint(1)\n")
