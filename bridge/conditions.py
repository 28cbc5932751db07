"""What R said while it worked, as data."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["message", "warning", "output"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that R said.

    Attributes
    ----------
    kind
        ``message`` (as "boundary (singular) fit"), ``warning`` (as "Model failed to converge"),
        or ``output``: text that R wrote past its own conditions.
    classes
        R's classes of the condition, most special first.
    text
        R's words, unedited.
    call
        The R call that spoke, cut at 200 characters; empty where there is none.
    """

    kind: Kind
    classes: tuple[str, ...]
    text: str
    call: str

    def __str__(self) -> str:
        """Return the kind and R's words."""
        return f"{self.kind}: {self.text}"
