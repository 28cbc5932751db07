"""Further questions to a fitted model: R keeps it, and builds it anew where it was lost."""

from __future__ import annotations

import uuid
import warnings
import weakref
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge import session as sessions
from bridge.errors import RWarning
from bridge.failures import raise_failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.record import Record
    from bridge.session import Answer, Argument, Session

# R's class of the refusal that asks for a recipe.
_ABSENT = "bridge_absent"

# Keys of models whose fits are gone, by session: R is told with the next call.
_RELEASED: weakref.WeakKeyDictionary[Session, deque[str]] = weakref.WeakKeyDictionary()


def _new_key() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, eq=False)
class Handle:
    """Where R keeps a model; pickled, it forgets the session.

    Attributes
    ----------
    session
        The session that fitted the model; None after pickling: the one of the process then.
    key
        The model's name in the store of any session.
    """

    session: Session | None
    key: str = field(default_factory=_new_key)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return the key alone: a session belongs to its process."""
        return Handle, (None, self.key)

    def __deepcopy__(self, _memo: dict[int, Any]) -> Handle:
        """Return itself."""
        return self


def release_with(fit: Record) -> None:
    """Let R forget the model once `fit` is gone."""
    if fit.handle.session is not None:
        finalizer = weakref.finalize(fit, _release, weakref.ref(fit.handle.session), fit.handle.key)
        finalizer.atexit = False


def _release(home: weakref.ref[Session], key: str) -> None:
    session = home()
    if session is not None:
        # Only noted here: a finalizer may run anywhere, in the middle of another call to R too.
        _RELEASED.setdefault(session, deque()).append(key)


def gone_from(session: Session) -> list[str] | None:
    """Return the keys of models that nobody can ask for any more, for R to forget."""
    keys = _RELEASED.get(session)
    return [keys.popleft() for _ in range(len(keys))] if keys else None


def session_of(fit: Record) -> Session:
    """Return the session that is asked about `fit`: its own, or the one of this process."""
    own = fit.handle.session
    return sessions.current() if own is None or own.closed else own


def recipe(fit: Record) -> dict[str, Argument]:
    """Return what R needs to build the model at its optimum, without a search."""
    return {"kind": fit.kind, "arguments": fit.request.sent(), "state": fit.state}


def ask(fit: Record, question: str, arguments: Mapping[str, Argument] | None = None) -> Answer:
    """Return R's answer to a question about one model.

    Warnings of R's become Python's, of the category :class:`bridge.RWarning`.

    Raises
    ------
    FitError, ArgumentError, DataError, FormulaError
        When R refuses; the text holds R's own words.
    """
    return ask_in(session_of(fit), fit, question, arguments)


def ask_in(
    session: Session, fit: Record, question: str, arguments: Mapping[str, Argument] | None = None
) -> Answer:
    """Return the answer of one session to a question about one model; see :func:`ask`."""
    sent: dict[str, Argument] = {
        "id": fit.handle.key,
        "question": question,
        "arguments": dict(arguments or {}),
        "gone": gone_from(session),
    }
    answer = session.call("ask_model", sent)
    if answer.failure is not None and _ABSENT in answer.failure.classes:
        answer = session.call("ask_model", {**sent, "recipe": recipe(fit)})
    if answer.failure is not None:
        raise_failure(answer, fit.formula, asked=f"answer {question} of the model")
    warn_of(answer)
    return answer


def ask_all(fits: tuple[Record, ...], question: str, arguments: Mapping[str, Argument]) -> Answer:
    """Return R's answer to a question about several models, in the session of the first."""
    session = session_of(fits[0])
    sent: dict[str, Argument] = {
        "ids": [fit.handle.key for fit in fits], "question": question, "arguments": dict(arguments),
    }  # fmt: skip
    answer = session.call("ask_models", sent)
    if answer.failure is not None and _ABSENT in answer.failure.classes:
        answer = session.call("ask_models", {**sent, "recipes": [recipe(fit) for fit in fits]})
    if answer.failure is not None:
        formulas = " against ".join(fit.formula for fit in fits)
        raise_failure(answer, formulas, asked=f"answer {question} of the models")
    return answer


def warn_of(answer: Answer) -> None:
    """Pass R's warnings on as Python's."""
    for said in answer.conditions:
        if said.kind == "warning":
            warnings.warn(said.text, RWarning, stacklevel=4)
