"""Plug-ins of policies are installed as those of algorithms are."""

from tests.algorithms.conftest import install, ssa

__all__ = ["install", "ssa"]
