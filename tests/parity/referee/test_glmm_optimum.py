from collections.abc import Callable, Sequence

import pytest
from flint import arb, arb_mat, ctx

from parity.referee.glmm_cells import gather
from parity.referee.glmm_criterion import Quadrature
from parity.referee.glmm_optimum import OBJECTIVES, optimise
from parity.referee.glmm_proof import check_derivatives, prove, prove_edge, standard_errors
from parity.referee.glmm_search import SearchError, search
from parity.referee.integral import Integral
from parity.referee.integral_plan import plan
from parity.referee.jet import Jet
from parity.referee.proof import ProofError
from tests.parity.referee.glmm_examples import alike, counts, shipped, successes

Fault = Callable[[Jet], Jet]


def flipped(matrix: arb_mat, places: Sequence[tuple[int, int]]) -> arb_mat:
    entries = matrix.tolist()
    for i, j in places:
        entries[i][j] = -entries[i][j]
    return arb_mat(entries)


FAULTS: dict[str, Fault] = {
    "gradient in tau": lambda jet: Jet(jet.value, flipped(jet.gradient, [(0, 0)]), jet.hessian),
    "gradient in beta": lambda jet: Jet(jet.value, flipped(jet.gradient, [(1, 0)]), jet.hessian),
    "whole gradient": lambda jet: Jet(jet.value, -jet.gradient, jet.hessian),
    "curvature in tau": lambda jet: Jet(jet.value, jet.gradient, flipped(jet.hessian, [(0, 0)])),
    "curvature in beta": lambda jet: Jet(jet.value, jet.gradient, flipped(jet.hessian, [(1, 1)])),
    "mixed derivative": lambda jet: Jet(
        jet.value, jet.gradient, flipped(jet.hessian, [(0, 1), (1, 0)])
    ),
    "gradient and Hessian": lambda jet: Jet(jet.value, -jet.gradient, -jet.hessian),
}


def near(objective: Quadrature, moved: int = 0) -> tuple[list[arb], list[arb]]:
    """Return a start near the optimum, and the parameters' scale."""
    theta, beta = search(objective, 1.0, [0.0] * objective.cells.p)
    start = [arb(theta) ** 2, *map(arb, beta)]
    errors = standard_errors(objective(start))
    return [x + moved * e / 1000 for x, e in zip(start, errors, strict=True)], errors


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("nodes", [1, 3])
def test_a_wrong_sign_in_a_derivative_is_not_certified(name: str, nodes: int) -> None:
    with ctx.workprec(128):
        objective = Quadrature(gather(successes()), nodes)
        start, errors = near(objective, moved=1)

        def faulty(psi: Sequence[arb]) -> Jet:
            return FAULTS[name](objective(psi))

        with pytest.raises(ProofError):
            prove(faulty, start, errors)
        assert prove(objective, start, errors).psi[0] > 0


@pytest.mark.parametrize("name", FAULTS)
def test_the_integral_used_as_a_witness_shows_a_wrong_sign_too(name: str) -> None:
    cells = gather(successes())
    with ctx.workprec(128):
        start, errors = near(Quadrature(cells, 9))
        witness = Integral(cells, plan(cells, start, 16))
        check_derivatives(witness, start, errors)
        with pytest.raises(ProofError, match="do not agree with its differences"):
            check_derivatives(lambda psi: FAULTS[name](witness(psi)), start, errors)


def test_a_saddle_is_no_optimum() -> None:
    def saddle(psi: Sequence[arb]) -> Jet:
        x, y = (Jet.variable(number, k, 2) for k, number in enumerate(psi))
        return (x - 1) * (x - 1) - (y - 2) * (y - 2)

    with ctx.workprec(128), pytest.raises(ProofError, match="not proven positive definite"):
        prove(saddle, [arb("1.1"), arb("1.9")], [arb(1), arb(1)])


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("make", [counts, successes])
def test_every_criterion_is_stationary_at_its_optimum_and_higher_around_it(
    make: Callable[[], object], objective: str
) -> None:
    cells = gather(make())  # type: ignore[arg-type] # one of two functions that return a Model
    with ctx.workprec(192):
        optimum = optimise(cells, objective)
        assert not optimum.singular
        assert optimum.radius < arb("1e-20")
        nodes = {"Laplace": 1, "AGQ 9": 9}.get(objective)
        if nodes:
            criterion = Quadrature(cells, nodes)
            assert criterion(optimum.psi).value.overlaps(optimum.deviance)
            for k in range(len(optimum.psi)):
                for step in (arb("0.001"), arb("-0.001")):
                    psi = [x + step if i == k else x for i, x in enumerate(optimum.psi)]
                    assert criterion(psi).value > optimum.deviance


def test_groups_that_differ_less_than_by_chance_have_variance_0() -> None:
    cells = gather(alike())
    with ctx.workprec(192):
        optimum = optimise(cells, "Laplace")
        assert optimum.singular
        assert optimum.psi[0] == 0
        assert optimum.slope is not None
        assert optimum.slope > 0
        # two cells of 30 trials each, saturated: 15 and 15 of 30 by hand
        share = arb(sum(c.count for group in cells.groups for c in group if c.x[1] == 0)) / 30
        assert optimum.psi[1].overlaps((share / (1 - share)).log())
        assert optimum.vcov[0, 0].overlaps(1 / (30 * share * (1 - share)))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_at_the_boundary_every_criterion_agrees(objective: str) -> None:
    cells = gather(alike())
    with ctx.workprec(192):
        edge, optimum = prove_edge(cells, [0.0, 0.0]), optimise(cells, objective)
        assert edge is not None
        assert optimum.deviance.overlaps(edge.deviance)


def test_an_interior_optimum_is_not_on_the_boundary() -> None:
    with ctx.workprec(128):
        assert prove_edge(shipped("cbpp-null"), [-2.0]) is None


def test_the_slope_at_variance_0_is_the_same_for_quadrature() -> None:
    cells = gather(alike())
    with ctx.workprec(256):
        edge = prove_edge(cells, [0.0, 0.0])
        assert edge is not None
        assert edge.slope is not None
        tau = arb(2) ** -80
        for nodes in (2, 9):
            value = Quadrature(cells, nodes)([tau, *edge.psi[1:]]).value
            # the remainder is of second order in a variance of 1e-24
            assert abs((value - edge.deviance) / tau - edge.slope) < arb("1e-18")


def test_separated_data_are_said_to_have_no_optimum() -> None:
    model = alike()
    model.y[:] = model.X[:, 1]
    with pytest.raises(SearchError, match="separated data"):
        optimise(gather(model), "Laplace")
