"""Certified optima of the criterion, in interval arithmetic (python-flint's arb)."""
