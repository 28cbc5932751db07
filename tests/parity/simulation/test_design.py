"""A design as a formula, and the designs that are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from parity.simulation import Covariate, Design, DesignError, Factor, Term
from parity.spec import RandomTerm

DESIGN = Design(
    rows=100,
    factors=(Factor("g", 6), Factor("h", 3, nested_in="g"), Factor("item", 5)),
    terms=(Term("g", ("1", "x"), (1.0, 0.5), 0.3), Term("h")),
    fixed=(Covariate("x"),),
)


def test_the_formula_is_lme4s_text() -> None:
    assert DESIGN.formula == "y ~ 1 + x + (1 + x | g) + (1 | h:g)"


def test_the_blocks_are_those_of_the_formula() -> None:
    assert DESIGN.spec.random == (
        RandomTerm(("1", "x"), "g", ("g",)),
        RandomTerm(("1",), "h:g", ("h", "g")),
    )


def test_uncorrelated_columns_are_double_bars_and_blocks_of_their_own() -> None:
    design = replace(DESIGN, terms=(Term("g", ("1", "x"), (1.0, 0.5), correlated=False),))
    assert design.formula == "y ~ 1 + x + (1 + x || g)"
    assert [term.columns for term in design.spec.random] == [("1",), ("x",)]


def test_a_slope_alone_has_no_intercept() -> None:
    assert replace(DESIGN, terms=(Term("g", ("x",)),)).formula == "y ~ 1 + x + (0 + x | g)"


def test_several_trials_are_two_columns() -> None:
    design = replace(DESIGN, family="binomial", trials=10)
    assert design.formula.startswith("cbind(hits, misses) ~ 1")
    assert (design.spec.link, design.spec.criterion) == ("logit", "ML")


def test_levels_of_a_nested_factor_are_counted_in_each_parent() -> None:
    assert (DESIGN.levels("h"), DESIGN.ancestry("h")) == (18, ("h", "g"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rows": 18}, r"the random effects of h needs 19 rows or more, and it has 18"),
        ({"rows": 17, "family": "poisson"}, "g needs 18 rows or more, and it has 17"),
        ({"factors": (Factor("g", 1),)}, "g has 1 levels; expected 2 or more"),
        ({"factors": (Factor("h", 3, "g"), Factor("g", 6))}, "expected a factor stated before it"),
        ({"factors": (Factor("x", 6),)}, "the name 'x' is stated twice"),
        ({"factors": (Factor("1g", 6),)}, "'1g' is no name for a column"),
        ({"fixed": (Covariate("hits"),)}, "'hits' is no name for a column"),
        ({"terms": ()}, "it has no random term"),
        ({"terms": (Term("q"),)}, r"over 'q', which is none of its factors \(g, h, item\)"),
        ({"terms": (Term("g"), Term("g"))}, r"'1 \| g' is stated twice"),
        ({"terms": (Term("g", ("1", "x")),)}, "2 columns and 1 standard deviations"),
        ({"terms": (Term("g", sds=(-1.0,)),)}, "expected 0 or above"),
        ({"terms": (Term("g", sds=(float("nan"),)),)}, "expected 0 or above"),
        ({"terms": (Term("g", correlation=0.5),)}, "expected one from 0 to 0"),
        ({"terms": (Term("g", ("1", "x"), (1.0, 1.0), 1.1),)}, "expected one from -1 to 1"),
        ({"terms": (Term("g", ("1", "z")),)}, "2 columns and 1"),
        ({"terms": (Term("g", ("z",)),)}, "'z' has a random slope and is no numeric covariate"),
        ({"fixed": (Covariate("x", per="g"),)}, "x has a random slope over g"),
        ({"fixed": (Covariate("x", per="q"),)}, "x is constant within 'q'"),
        ({"fixed": (Covariate("x", (1.0, 2.0)),)}, "2 effects; expected 1"),
        ({"fixed": (Covariate("x", ()),)}, "expected finite numbers"),
        ({"fixed": (Covariate("x", scale=0.0),)}, "a scale above 0"),
        (
            {"fixed": (Covariate("x"), Covariate("k", (1.0,) * 6, per="g", categorical=True))},
            "7 coefficients, the intercept among them, are constant within the 6 levels of g",
        ),
        ({"balance": 0.0}, "expected a number above 0, at most 1"),
        ({"sigma": 0.0}, "sigma above 0"),
        ({"family": "Gamma"}, "the family is 'Gamma'; expected gaussian, binomial, poisson"),
        ({"family": "poisson", "link": "identity"}, "the link 'identity'; expected log"),
        ({"family": "poisson", "sigma": 2.0}, "a poisson response has no sigma"),
        ({"trials": 2}, "2 trials of a gaussian response"),
        ({"criterion": "AIC"}, "expected 'ML' or 'REML'"),
        ({"seed": -1}, "expected 0 or above"),
    ],
)
def test_an_impossible_design_is_refused_in_a_sentence(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(DesignError, match=sentence):
        replace(DESIGN, **changes)
