"""Bundles of arrays whose references are not counted.

Taking an array out of a tuple counts a reference, atomically, and drops it again: in a kernel of
many helpers that is most of its time (serving orders: 3 times as fast without). The caller of a
kernel holds the arrays until it returns, so inside nothing needs to be counted.
"""

from typing import Any

from llvmlite.ir import Constant
from numba import config, types
from numba.extending import intrinsic


def _same(bundle: Any) -> Any:
    """Stand in for the intrinsic where kernels run as plain Python."""
    return bundle


@intrinsic
def _borrowed(_context: Any, bundle: Any) -> Any:
    """Return an array, or a tuple of arrays and numbers, without owners."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _without_owner(context, builder, signature.args[0], arguments[0])

    return bundle(bundle), generate


def _without_owner(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = Constant(array.meminfo.type, None)
        array.parent = Constant(array.parent.type, None)
        return array._getvalue()
    if isinstance(kind, types.BaseTuple):
        members: Any = kind
        for at, member in enumerate(members):
            held = builder.extract_value(value, at)
            value = builder.insert_value(value, _without_owner(context, builder, member, held), at)
    return value


borrowed: Any = _same if config.DISABLE_JIT else _borrowed  # type: ignore[attr-defined]
