import pytest
from flint import arb, ctx

from parity.referee.glmm_cells import Cells, gather
from parity.referee.glmm_criterion import Quadrature
from parity.referee.glmm_mode import enclose
from parity.referee.jet import Jet
from tests.parity.referee.glmm_examples import counts, shipped, successes

# powers of two are exact at every precision
STEP = arb(2) ** -66
# a central difference of step 2^-66 is off by some 1e-39 times a third derivative
CLOSE = arb("1e-30")
CELLS = {
    "counts": gather(counts()),
    "successes": gather(successes()),
    "cbpp-null": shipped("cbpp-null"),
}
POINTS = {
    "counts": ("0.4", "0.6", "-0.3"),
    "successes": ("0.7", "-0.5", "0.2"),
    "cbpp-null": ("0.6", "-2"),
}


def point(name: str) -> list[arb]:
    return [arb(number).mid() for number in POINTS[name]]


def moved(psi: list[arb], k: int, step: arb) -> list[arb]:
    return [number + step if i == k else number for i, number in enumerate(psi)]


def differences(high: Jet, low: Jet) -> Jet:
    return (high - low) * (1 / (2 * STEP))


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("nodes", [1, 4, 9])
def test_gradient_and_hessian_are_the_limits_of_differences(name: str, nodes: int) -> None:
    with ctx.workprec(256):
        objective, psi = Quadrature(CELLS[name], nodes), point(name)
        jet = objective(psi)
        for k in range(len(psi)):
            change = differences(objective(moved(psi, k, STEP)), objective(moved(psi, k, -STEP)))
            assert abs(change.value - jet.gradient[k, 0]) < CLOSE
            for i in range(len(psi)):
                assert abs(change.gradient[i, 0] - jet.hessian[i, k]) < CLOSE


@pytest.mark.parametrize("name", CELLS)
def test_modes_and_their_derivatives_are_right(name: str) -> None:
    with ctx.workprec(256):
        psi = point(name)
        for k in range(len(psi)):
            here = enclose(CELLS[name], psi)
            above = enclose(CELLS[name], moved(psi, k, STEP))
            below = enclose(CELLS[name], moved(psi, k, -STEP))
            for mode, high, low in zip(here, above, below, strict=True):
                for part in ("v", "b", "weight", "nll"):
                    jet = getattr(mode, part)
                    change = differences(getattr(high, part), getattr(low, part))
                    assert abs(change.value - jet.gradient[k, 0]) < CLOSE
                    assert abs(change.gradient[0, 0] - jet.hessian[0, k]) < CLOSE


@pytest.mark.parametrize("name", CELLS)
def test_a_mode_solves_its_equation(name: str) -> None:
    cells = CELLS[name]
    with ctx.workprec(128):
        psi = point(name)
        for group, mode in zip(cells.groups, enclose(cells, psi), strict=True):
            score = arb(0)
            for cell in group:
                eta = arb(cell.offset.numerator) / cell.offset.denominator
                for beta, x in zip(psi[1:], cell.x, strict=True):
                    eta += beta * x.numerator / x.denominator
                z = arb(cell.z.numerator) / cell.z.denominator
                eta += z * mode.b.value
                mean = eta.exp()
                if cells.family.name == "binomial":
                    mean /= 1 + eta.exp()
                score += z * (cell.count - cell.size * mean)
            assert abs(score - mode.b.value / psi[0]) < arb("1e-30")


@pytest.mark.parametrize("nodes", [1, 9])
def test_a_jet_over_a_box_encloses_the_jets_at_its_points(nodes: int) -> None:
    with ctx.workprec(128):
        objective, psi = Quadrature(CELLS["successes"], nodes), point("successes")
        radius = arb("1e-9")
        wide = objective([number + arb(0, radius) for number in psi])
        inside = objective([number + radius * s for number, s in zip(psi, (1, -1, 1), strict=True)])
        assert wide.value.contains(inside.value)
        assert wide.gradient.contains(inside.gradient)
        assert wide.hessian.contains(inside.hessian)
        # an enclosure that says nothing would hold everything
        assert wide.value.rad() < arb("1e-4")


def test_one_node_is_laplaces_approximation() -> None:
    def adaptive(cells: Cells, psi: list[arb]) -> arb:
        """Return the rule with the one node 0 and the weight 1, from its definition."""
        total = -2 * cells.family.constant(cells.responses)
        for mode in enclose(cells, psi):
            curvature = 1 / psi[0] + mode.weight.value
            total += 2 * mode.nll.value + mode.b.value**2 / psi[0] + (psi[0] * curvature).log()
        return total

    with ctx.workprec(128):
        for name, cells in CELLS.items():
            psi = point(name)
            assert abs(adaptive(cells, psi) - Quadrature(cells)(psi).value) < arb("1e-30")


def test_at_variance_0_the_criterion_is_the_glm_and_regular() -> None:
    with ctx.workprec(128):
        psi = [arb(0), *point("successes")[1:]]
        exact = Quadrature(CELLS["successes"])(psi)
        near = Quadrature(CELLS["successes"])([STEP, *psi[1:]])
        assert exact.value.rad() < arb("1e-30")
        # the remainder is the step of 1e-20 times half a second derivative of 1e5
        assert abs((near.value - exact.value) / STEP - exact.gradient[0, 0]) < arb("1e-13")
