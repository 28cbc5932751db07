"""What was asked of R: the model, as it was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.column import Frame
    from bridge.session import Argument

Kind: TypeAlias = Literal["lm", "glm", "lmer", "glmer", "glmer_nb"]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A model as it was sent to R.

    Attributes
    ----------
    kind
        R's function that fits it (``glmer_nb`` for ``glmer.nb``).
    formula
        As the user wrote it.
    frame
        The columns used, all rows.
    arguments
        The other arguments by the names that ``r_scripts`` give them; weights, offset and subset
        are names of columns of `frame`.
    reference
        By column, the level that was put first: the order of levels in `frame`.
    """

    kind: Kind
    formula: str
    frame: Frame
    arguments: Mapping[str, Any]
    reference: Mapping[str, object]

    def sent(self) -> dict[str, Argument]:
        """Return all arguments of R's builder of the model."""
        return {"formula": self.formula, "data": self.frame, **self.arguments}
