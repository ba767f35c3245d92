"""Errors a user can act on; each message names the place, the value and the remedy."""


class EngineError(ValueError):
    """Base of every error this package raises on purpose."""


class UsageError(EngineError):
    """A wrong argument: an unknown name, a path that cannot be used, an option out of place."""


class InputError(EngineError):
    """A table that cannot be read, or rows that break its rules; lists every finding."""


class QuantityError(EngineError):
    """A sum of quantities beyond what decimal(18,4) holds."""


class AlgorithmError(EngineError):
    """A source selection algorithm that is unknown, cannot be loaded or scores wrongly."""


class OutputError(EngineError):
    """A result folder that may not be written or cannot be read back."""


class PolicyError(EngineError):
    """A policy that cannot be read, or says what it may not; names the line and what is allowed."""


class ScenarioError(EngineError):
    """A scenario that names what is not there or says what it may not; with the nearest names."""
