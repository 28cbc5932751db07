from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest
from flint import acb, arb, ctx

from parity.referee.glmm_cells import Cells, gather
from parity.referee.glmm_criterion import Quadrature
from parity.referee.glmm_group import ball, groups
from parity.referee.integral import Integral
from parity.referee.integral_bounds import polydisc
from parity.referee.integral_plan import plan
from parity.referee.jet import Jet
from tests.parity.referee.glmm_examples import counts, shipped, successes

CELLS = {
    "counts": gather(counts()),
    "successes": gather(successes()),
    "cbpp-null": shipped("cbpp-null"),
}
POINTS = {
    "counts": ("0.4", "0.6", "-0.3"),
    "successes": ("0.7", "-0.5", "0.2"),
    "cbpp-null": ("0.67", "-2.0465"),
}
# powers of two are exact at every precision
STEP = arb(2) ** -33
# its functions have no types
MP: Any = mpmath


def point(name: str) -> list[arb]:
    return [arb(number).mid() for number in POINTS[name]]


def integral(name: str, digits: int) -> Jet:
    psi = point(name)
    return Integral(CELLS[name], plan(CELLS[name], psi, digits))(psi)


def by_mpmath(cells: Cells, tau: str, beta: str) -> str:
    """Return cbpp-null's -2 log-likelihood by quadrature on pieces of the line."""
    variance, intercept = MP.mpf(tau), MP.mpf(beta)
    total = MP.mpf(0)
    for group, members in enumerate(cells.groups):
        rows = [response for response in cells.responses if response.group == group]
        (cell,) = members
        constant = MP.fprod(MP.binomial(r.size, r.count) ** r.times for r in rows)

        def density(b: Any, y: int = cell.count, m: int = cell.size) -> Any:  # noqa: ANN401 - its numbers have no type
            p = 1 / (1 + MP.exp(-intercept - b))
            return p**y * (1 - p) ** (m - y) * MP.npdf(b, 0, MP.sqrt(variance))

        total += MP.log(constant * MP.quad(density, [-9, -4, -2, -1, 0, 1, 2, 4, 9]))
    return str(-2 * total)


def test_mpmath_finds_the_same_marginal_likelihood() -> None:
    with ctx.workprec(128), MP.workdps(20):
        exact = [arb("0.67"), arb("-2.0465")]
        found = Integral(CELLS["cbpp-null"], plan(CELLS["cbpp-null"], exact, 22))(exact).value
        # 9 is 11 standard deviations: the tails left out are below 1e-27
        assert abs(found - arb(by_mpmath(CELLS["cbpp-null"], "0.67", "-2.0465"))) < arb("1e-13")


@pytest.mark.parametrize("name", CELLS)
def test_arbs_own_integral_agrees(name: str) -> None:
    cells = CELLS[name]
    with ctx.workprec(96):
        psi = point(name)
        total = arb(0)
        for group in groups(cells):
            eta = group.fixed_predictors(psi[1:])

            def integrand(b: acb, _: bool, group=group, eta=eta) -> acb:  # type: ignore[no-untyped-def] # bound at definition  # noqa: ANN001, FBT001 - flint's signature
                exponent = -b * b / (2 * psi[0])
                for cell, fixed in zip(group.cells, eta, strict=True):
                    predictor = fixed + ball(cell.z) * b
                    exponent += cell.count * predictor
                    if cells.family.name == "poisson":
                        exponent -= cell.size * predictor.exp()
                    else:
                        # analytic: arb is told of the branch cut, and integrates around it
                        exponent -= cell.size * (1 + predictor.exp()).log(analytic=True)
                return exponent.exp()

            value = acb.integral(integrand, -9, 9, abs_tol=arb("1e-60"), rel_tol=arb("1e-20"))
            total -= 2 * (value.real / (2 * arb.pi() * psi[0]).sqrt()).log()
        total -= 2 * cells.family.constant(cells.responses)
        # the tails beyond 9, more than 10 standard deviations, are far below the tolerance
        assert abs(total - integral(name, 20).value) < arb("1e-14")


@pytest.mark.parametrize("name", CELLS)
def test_a_coarse_sum_encloses_a_fine_one(name: str) -> None:
    with ctx.workprec(256):
        coarse, fine = integral(name, 6), integral(name, 40)
        assert coarse.value.contains(fine.value)
        assert coarse.gradient.contains(fine.gradient)
        assert coarse.hessian.contains(fine.hessian)
        assert arb("1e-12") < coarse.value.rad() < arb("1e-3")
        assert fine.value.rad() < arb("1e-36")


@pytest.mark.parametrize("name", CELLS)
def test_the_bound_is_needed_and_no_more_than_some_digits_too_wide(name: str) -> None:
    cells = CELLS[name]
    with ctx.workprec(256):
        psi = point(name)
        rough, fine = plan(cells, psi, 3), plan(cells, psi, 40)
        truth = Integral(cells, fine)(psi).value
        found = Integral(cells, rough)(psi).value
        error = abs(found.mid() - truth)
        assert error > 0
        assert error < found.rad() < error * arb("1e8")


@pytest.mark.parametrize("name", CELLS)
def test_gradient_and_hessian_are_the_limits_of_differences(name: str) -> None:
    with ctx.workprec(256):
        psi = point(name)
        objective = Integral(CELLS[name], plan(CELLS[name], psi, 40))
        jet = objective(psi)
        for k in range(len(psi)):
            high, low = (
                objective([x + s * STEP if i == k else x for i, x in enumerate(psi)])
                for s in (1, -1)
            )
            change = (high - low) * (1 / (2 * STEP))
            # a central difference of step 2^-33 is off by some 1e-20 times a third derivative
            assert abs(change.value - jet.gradient[k, 0]) < arb("1e-17")
            for i in range(len(psi)):
                assert abs(change.gradient[i, 0] - jet.hessian[i, k]) < arb("1e-17")


def test_many_nodes_of_adaptive_quadrature_come_to_the_same() -> None:
    with ctx.workprec(128):
        for name, cells in CELLS.items():
            near = Quadrature(cells, 60)(point(name))
            # 60 nodes leave about 1e-9 of these groups' integrals
            assert abs(near.value - integral(name, 20).value) < arb("1e-6")


def test_a_tail_is_refused_on_the_wrong_side() -> None:
    (group, *_), psi = groups(CELLS["counts"]), point("counts")
    disc = polydisc(group, psi[0])
    with pytest.raises(ValueError, match="wrong side of 0"):
        disc.tail(group.fixed_predictors(psi[1:]), arb(1), -1)


def test_a_group_that_its_effect_does_not_reach_has_the_likelihood_of_no_effect() -> None:
    model = counts()
    block = model.blocks[0]
    columns = np.where(block.codes[:, None] == 2, 0.0, block.columns)
    cells = gather(replace(model, blocks=(replace(block, columns=columns),)))
    alone = replace(cells, groups=(cells.groups[2],), responses=())
    with ctx.workprec(128):
        psi = point("counts")
        found = Integral(alone, plan(alone, psi, 20))(psi)
        exact = Quadrature(alone)([arb(0), *psi[1:]])
        assert found.value.overlaps(exact.value)
        assert found.gradient[0, 0].contains(0)
        assert found.value.rad() < arb("1e-15")


@pytest.mark.parametrize("tau", ["1e-4", "1e-6"])
def test_a_small_variance_needs_no_more_nodes(tau: str) -> None:
    with ctx.workprec(128):
        psi = [arb(tau).mid(), *point("successes")[1:]]
        design = plan(CELLS["successes"], psi, 20)
        assert max(window.last - window.first for window in design.windows) < 200
        found = Integral(CELLS["successes"], design)(psi)
        near = Quadrature(CELLS["successes"], 30)(psi)
        # quadrature is exact to the order 60 of a small theta
        assert abs(found.value - near.value) < arb("1e-15")
