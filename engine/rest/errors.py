"""Errors in Magento's words: a message with marks, and what stands for them."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

_LOG = logging.getLogger("ssa.serve")

Parameters = Mapping[str, Any] | Sequence[Any]


class ApiError(Exception):
    """What a request did wrong.

    Parameters
    ----------
    status
        Of HTTP.
    message
        With marks such as ``%field`` or ``%1``.
    parameters
        What stands for the marks, by name or in sequence.
    errors
        Several at once, each a message with its parameters.
    """

    def __init__(
        self,
        status: int,
        message: str,
        parameters: Parameters = (),
        errors: Sequence[tuple[str, Parameters]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameters = parameters
        self.errors = errors

    def body(self) -> dict[str, Any]:
        """Return the answer as Magento shapes it.

        Examples
        --------
        >>> ApiError(404, 'Stock with id "%value" does not exist.', {"value": 9}).body()
        {'message': 'Stock with id "%value" does not exist.', 'parameters': {'value': 9}}
        """
        body: dict[str, Any] = {"message": self.message}
        if self.errors:
            body["errors"] = [
                {"message": message, **_given(parameters)} for message, parameters in self.errors
            ]
        return {**body, **_given(self.parameters)}


def _given(parameters: Parameters) -> dict[str, Any]:
    return {"parameters": parameters} if parameters else {}


def failed(errors: Sequence[tuple[str, Parameters]]) -> ApiError:
    """Return the error on values that break a rule."""
    return ApiError(400, "Validation Failed", errors=errors)


def unknown(what: str, name: str, value: Any) -> ApiError:
    """Return the error on a key that nothing has."""
    return ApiError(404, f'{what} with {name} "%value" does not exist.', {"value": value})


def wrong_type(value: Any, due: str, name: str = "") -> ApiError:
    """Return the error on a value of another type than the one that is due.

    Parameters
    ----------
    value
        Shown if it is a text or a number, by its first 60 letters.
    due
        The type.
    name
        Of the value; without one, the value is all there is.

    Notes
    -----
    Magento: ``TypeProcessor``. It fills the values in itself, and gives no parameters.

    Examples
    --------
    >>> print(wrong_type("not_numeric", "int").message)
    The "not_numeric" value's type is invalid. The "int" type was expected. Verify and try again.
    """
    shown = "array" if isinstance(value, list | dict) else str(value)[:60]
    if value is None or isinstance(value, bool):
        shown = json.dumps(value)
    shown = shown.encode("utf-8", "replace").decode()  # half a surrogate pair can be no answer
    before = f'Error occurred during "{name}" processing. ' if name else ""
    said = f'The "{shown}" value\'s type is invalid. The "{due}" type was expected.'
    return ApiError(400, f"{before}{said} Verify and try again.")


def fault() -> ApiError:
    """Return the error on a fault of the service itself; what it is stands in the log."""
    return ApiError(500, "Internal Error. Details are available in the log of the service.")


def failed_algorithm(error: Exception) -> ApiError:
    """Return the error on a plug-in that fails; what it said is for the log, not for clients."""
    _LOG.error("%s", error)
    return ApiError(500, "The algorithm failed. The log of the service says why.")
