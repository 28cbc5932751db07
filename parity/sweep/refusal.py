"""The error of a sweep that the user can mend."""

from __future__ import annotations


class SweepError(ValueError):
    """A sweep that cannot be made as asked, in one sentence."""
