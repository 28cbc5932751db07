"""The tally of a hunt: what was drawn, who lost how often, and the smallest case of each loss."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parity.hunt.prey import Prey
    from parity.hunt.signature import Signature
    from parity.hunt.trial import Trial


@dataclass(frozen=True, slots=True)
class Capture:
    """The smallest prey so far that shows a loss.

    Attributes
    ----------
    prey
        The model and its data.
    told
        What was found on it.
    shrunk
        Whether it has been shrunk; else it is as it was drawn.
    """

    prey: Prey
    told: str
    shrunk: bool = False


@dataclass(slots=True)
class Tally:
    """Counts of a hunt, kept while it goes on.

    Attributes
    ----------
    models
        How many were drawn and judged.
    fair
        How many of them are fair questions, the only ones whose verdicts and losses count.
    refused, unfair
        Reason → how many could not be asked, or are no fair question.
    verdicts
        (candidate, verdict) → how many.
    losses, unfair_losses
        Signature → on how many models.
    trials
        How many models were fitted to shrink others.
    captures
        Signature → its smallest prey.
    interrupted
        Whether the hunt was broken off.
    """

    models: int = 0
    fair: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    unfair: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    losses: Counter[Signature] = field(default_factory=Counter)
    unfair_losses: Counter[Signature] = field(default_factory=Counter)
    trials: int = 0
    captures: dict[Signature, Capture] = field(default_factory=dict)
    interrupted: bool = False

    def count(self, trial: Trial) -> None:
        """Add a model that was drawn."""
        self.models += 1
        if trial.refused:
            self.refused[trial.refused] += 1
        elif trial.unfair:
            self.unfair[trial.unfair] += 1
            self.unfair_losses.update(tuple(trial.losses))
        else:
            self.fair += 1
            self.verdicts.update((engine, str(said)) for engine, said in trial.verdicts.items())
            self.losses.update(tuple(trial.losses))
            self.notice(trial)

    def notice(self, trial: Trial) -> None:
        """Keep a fair trial's prey for each of its losses that has no smaller one."""
        if not trial.fair:
            return
        for signature, told in trial.losses.items():
            held = self.captures.get(signature)
            if held is None or trial.prey.size < held.prey.size:
                shrunk = held is not None and held.shrunk
                self.captures[signature] = Capture(trial.prey, told, shrunk)

    def finish(self, signature: Signature) -> None:
        """Note that a capture has been shrunk."""
        held = self.captures[signature]
        self.captures[signature] = Capture(held.prey, held.told, shrunk=True)

    def to_json(self, **about: object) -> str:
        """Return the tally as text, with whatever else is to be said of the hunt first."""
        return json.dumps({**about, **self._table()}, indent=2, ensure_ascii=False) + "\n"

    def _table(self) -> dict[str, object]:
        verdicts: dict[str, dict[str, int]] = {}
        for (engine, verdict), count in sorted(self.verdicts.items()):
            verdicts.setdefault(engine, {})[verdict] = count
        return {
            "models": self.models,
            "fair": self.fair,
            "interrupted": self.interrupted,
            "refused": dict(self.refused.most_common()),
            "unfair": dict(self.unfair.most_common()),
            "verdicts": verdicts,
            "trials_to_shrink": self.trials,
            "losses": [self._entry(signature) for signature in sorted(self.captures)],
            "unfair_losses": {str(s): n for s, n in self.unfair_losses.most_common()},
        }

    def _entry(self, signature: Signature) -> dict[str, object]:
        capture = self.captures[signature]
        rows, columns, *_ = capture.prey.size
        spec = capture.prey.spec
        return {
            "signature": str(signature),
            "engine": signature.engine,
            "verdict": signature.verdict,
            "layer": signature.layer,
            "what": signature.what,
            "models": self.losses[signature],
            "case": f"{signature.slug}.toml",
            "shrunk": capture.shrunk,
            "formula": spec.formula,
            "family": f"{spec.family}({spec.link})",
            "criterion": spec.criterion,
            "rows": rows,
            "columns": columns,
            "found": capture.told,
        }
