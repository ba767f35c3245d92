"""Run the fenced examples of Markdown files as they stand: ``readme_examples.py FILE...``.

A ``shell`` block runs in bash, a ``python`` block in the namespace its file's blocks share, both
in the project's root. Where a ``text`` block follows, the example must print exactly that; ``...``
stands for anything. ``no-run`` and a reason after the language leave a block out. Examples write
below ``out/``, which is removed before each file.
"""

import contextlib
import doctest
import io
import itertools
import os
import re
import shutil
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 600
FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*([^`]*?)\s*$")
ALIASES = {"bash": "shell", "console": "shell", "py": "python", "sh": "shell"}
CHECKER = doctest.OutputChecker()
RULES = doctest.ELLIPSIS | doctest.DONT_ACCEPT_BLANKLINE | doctest.DONT_ACCEPT_TRUE_FOR_1


class Block(NamedTuple):
    """One fenced block: where it begins, what it is, and whether only space precedes it."""

    line: int
    info: str
    body: str
    follows: bool


NOTHING = Block(0, "", "", False)


class Example(NamedTuple):
    """A block to run; ``expected`` is None where nothing is said of what it prints."""

    line: int
    language: str
    note: str
    body: str
    expected: str | None


def main(names: list[str]) -> int:
    """Run every example of the named files; return the exit code."""
    if os.environ.get("README_EXAMPLES"):
        sys.exit("an example may not run the examples; mark it no-run")
    prepare()
    outcomes = [outcome for name in names for outcome in run_file(name)]
    passed, failed = outcomes.count("passed"), outcomes.count("failed")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


def prepare() -> None:
    """Stand where a reader stands: in the root, the environment's commands first, no colours."""
    os.chdir(ROOT)
    sys.path[0] = str(ROOT)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ.update(COLUMNS="80", NO_COLOR="1", PATH=path, README_EXAMPLES="1")


def run_file(name: str) -> list[str]:
    """Run the examples of one file in order; return passed, failed or skipped for each."""
    shutil.rmtree("out", ignore_errors=True)
    namespace: dict[str, object] = {"__name__": "__main__"}
    outcomes = []
    for example in find_examples(Path(name).read_text(encoding="utf-8")):
        outcome, detail = run_example(example, f"{name}:{example.line}", namespace)
        print(f"{name}:{example.line} {example.language} {outcome}{detail}", flush=True)
        outcomes.append(outcome)
    return outcomes


def find_examples(text: str) -> list[Example]:
    """Return the python and shell blocks, each with the text block that follows it."""
    blocks = find_blocks(text)
    examples = []
    for block, after in itertools.pairwise([*blocks, NOTHING]):
        language, _, note = block.info.partition(" ")
        if ALIASES.get(language, language) not in ("python", "shell"):
            continue
        expected = after.body if after.follows and after.info == "text" else None
        examples.append(Example(block.line, language, note.strip(), block.body, expected))
    return examples


def find_blocks(text: str) -> list[Block]:
    """Return all fenced blocks in order."""
    blocks, fence, start, follows, body = [], "", 0, False, []
    for number, line in enumerate(text.splitlines(), start=1):
        found = FENCE.match(line)
        if not fence and found:
            fence, info, start, body = found[1], found[2], number, []
        elif fence and found and found[1].startswith(fence) and not found[2]:
            inside = textwrap.dedent("".join(f"{row}\n" for row in body))
            blocks.append(Block(start, info, inside, follows))
            fence, follows = "", True
        elif fence:
            body.append(line)
        elif line.strip():
            follows = False
    if fence:
        sys.exit(f"the block that begins at line {start} never ends")
    return blocks


def run_example(example: Example, where: str, namespace: dict) -> tuple[str, str]:
    """Run one example; return its outcome and what there is to say of it."""
    if example.language in ALIASES:
        return "failed", f": write {ALIASES[example.language]} for {example.language}"
    if example.note:
        word, _, reason = example.note.partition(" ")
        if word.rstrip(":") == "no-run" and reason:
            return "skipped", f": {reason}"
        return "failed", f": {example.note!r} is not no-run and a reason"
    run = run_python if example.language == "python" else run_shell
    printed, fault = run(example.body, where, namespace)
    if fault:
        return "failed", f"\n{printed}{fault}"
    return compare(example.expected, printed)


def run_python(body: str, where: str, namespace: dict) -> tuple[str, str]:
    """Run a python block; return what it printed and the traceback, if any."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(body, where, "exec", dont_inherit=True), namespace)
    except (Exception, SystemExit):
        return printed.getvalue(), traceback.format_exc()
    finally:
        os.chdir(ROOT)
    return printed.getvalue(), ""


def run_shell(body: str, where: str, namespace: dict) -> tuple[str, str]:
    """Run a shell block; return what it printed, and why it failed, if it did."""
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", body],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return "", f"no end after {SECONDS} s\n"
    return done.stdout, f"{done.stderr}exit code {done.returncode}\n" if done.returncode else ""


def compare(expected: str | None, printed: str) -> tuple[str, str]:
    """Compare what was printed with the text block; trailing space does not count."""
    if expected is None:
        return "passed", ""
    want, got = tidy(expected), tidy(printed)
    if CHECKER.check_output(want, got, RULES):
        return "passed", ""
    return "failed", f"\n--- the file says\n{want}--- it printed\n{got}---"


def tidy(text: str) -> str:
    """Cut the space that nobody can see at the ends of lines and at the end of the text."""
    lines = [line.rstrip() for line in text.splitlines()]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
