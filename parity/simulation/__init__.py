"""Random models: a design says what is true, a seed draws the data that it implies."""

from parity.simulation.design import Covariate, Design, Factor, Term
from parity.simulation.feasibility import DesignError
from parity.simulation.sample import simulate

__all__ = ["Covariate", "Design", "DesignError", "Factor", "Term", "simulate"]
