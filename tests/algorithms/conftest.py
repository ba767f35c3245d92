"""Plug-ins as an installation leaves them: modules and metadata in a folder on the path."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, which
from textwrap import dedent

import pytest

GROUP = "ssa_engine.algorithms"
PLUGIN = Path(__file__).parent / "plugin"

Install = Callable[..., Path]
Ssa = Callable[..., subprocess.CompletedProcess]


@pytest.fixture(scope="session")
def handling_cost(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of the plug-in in ``plugin/`` and return the folder it is unpacked into."""
    work = tmp_path_factory.mktemp("plugin")
    source = copytree(PLUGIN, work / "source")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(work)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = work.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(work / "installed")
    return work / "installed"


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Return a function that installs a module with one plug-in, and gives its folder."""

    def put(
        distribution: str,
        body: str,
        *,
        code: str = "broken",
        name: str = "Broken",
        group: str = GROUP,
    ) -> Path:
        folder, module = tmp_path / "installed", distribution.replace("-", "_")
        info = folder / f"{module}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(dedent(body))
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        )
        (info / "entry_points.txt").write_text(f"[{group}]\n{code} = {module}:{name}\n")
        return folder

    return put


@pytest.fixture
def ssa() -> Ssa:
    """Return a function that runs the command ``ssa`` with more folders on the path."""
    program = which("ssa", path=sysconfig.get_path("scripts"))
    assert program, "the package is not installed"

    def run(*arguments: str | Path, path: tuple[Path, ...] = ()) -> subprocess.CompletedProcess:
        before = os.environ.get("PYTHONPATH")
        folders = os.pathsep.join([*map(str, path), *([before] if before else [])])
        return subprocess.run(
            [program, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": folders},
            capture_output=True,
            text=True,
        )

    return run
