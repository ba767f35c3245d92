"""Make a virtual environment and install into it: ``make_venv.py FOLDER PIP_ARGUMENT...``.

uv does it where it is there and can, plain venv and pip otherwise. Versions are those of
constraints.txt. Written for any Python 3, so that an old one can say that it is too old.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"


def main(arguments):
    """Install ``arguments[1:]`` into the environment ``arguments[0]``; return an exit code."""
    if len(arguments) < 2:
        return complain("usage: make_venv.py FOLDER PIP_ARGUMENT...")
    if sys.version_info < OLDEST:
        return complain(
            f"Python {'.'.join(map(str, OLDEST))} or newer is needed, and {sys.executable} is "
            f"{sys.version.split()[0]}; name another one: make PYTHON=python3.12 ..."
        )
    folder, wanted = Path(arguments[0]), ["-c", str(CONSTRAINTS), *arguments[1:]]
    uv = shutil.which("uv")
    if uv:
        if install_with_uv(uv, folder, wanted):
            return 0
        print("uv could not do it; using venv and pip instead", flush=True)
    return install_with_pip(folder, wanted)


def install_with_uv(uv, folder, wanted):
    """Say whether uv made the environment and installed what is wanted."""
    print(f"setting up {folder} with uv", flush=True)
    python = folder / "bin" / "python"
    if not is_usable(python) and run([uv, "venv", "-q", "-p", interpreter(), folder]):
        return False
    return run([uv, "pip", "install", "-q", "--python", python, *wanted]) == 0


def install_with_pip(folder, wanted):
    """Make the environment with venv, install with pip, return an exit code."""
    lacking = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if lacking:
        return complain(
            f"{sys.executable} comes without {' and '.join(lacking)}; install your system's "
            "package for it (python3-venv on Debian and Ubuntu), or uv"
        )
    print(f"setting up {folder} with venv and pip; this takes a minute or two", flush=True)
    python = folder / "bin" / "python"
    if not (is_usable(python) and run([python, "-c", "import pip"], quiet=True) == 0):
        failed = run([interpreter(), "-m", "venv", "--clear", folder])
        if failed:
            return failed
    # As uv does: what is never imported need not be compiled, which is a third of the time. Unless
    # Python may not keep what it compiles when it imports.
    ahead = "--compile" if os.environ.get("PYTHONDONTWRITEBYTECODE") else "--no-compile"
    return run([python, "-m", "pip", "install", "-q", ahead, *wanted])


def is_usable(python):
    """Whether an environment is there, works and is of the Python that was chosen."""
    if not python.exists():
        return False
    same = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    return run([python, "-c", same], quiet=True) == 0


def interpreter():
    """Return the Python below any active environment, which may be the one to replace."""
    return getattr(sys, "_base_executable", None) or sys.executable


def run(command, quiet=False):
    """Run a command outside of any active environment and return its exit code."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "VIRTUAL_ENV")}
    env["UV_VENV_CLEAR"] = "1"  # replace a broken environment; older uv does so by itself
    sink = subprocess.DEVNULL if quiet else None
    return subprocess.run(list(map(str, command)), env=env, stdout=sink, stderr=sink).returncode


def complain(message):
    """Print why nothing was done; return the exit code of wrong usage."""
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
