"""What can go wrong, each with the cure in its text."""


class BridgeError(Exception):
    """Something the bridge could not do; the text says what is wrong and what to do."""


class FormulaError(BridgeError):
    """The formula does not parse, names no column, or holds what no formula may."""


class DataError(BridgeError):
    """The data cannot be sent to R without changing what they mean."""


class ArgumentError(BridgeError):
    """An argument other than formula and data has no meaning here."""


class FitError(BridgeError):
    """R refused to fit the model; the text holds R's own words."""


class NotDefinedError(BridgeError):
    """What was asked for has no meaning for this kind of model."""


class EngineMissingError(BridgeError):
    """R, lme4 or rpy2 is missing here, or they do not fit together."""


class RWarning(UserWarning):
    """R warned while it answered a question about a fit; a fit's own are in its `messages`."""


class WorkerDiedError(BridgeError):
    """The worker's R ended in the middle of a call; the next call starts a fresh one."""


class TimeLimitError(BridgeError):
    """A call took longer than the session's time limit, and was ended."""
