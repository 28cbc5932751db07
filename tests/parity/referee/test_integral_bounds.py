"""The bounds of the trapezoidal sum's error, each held against the modulus that it bounds."""

from collections.abc import Iterator
from fractions import Fraction

import pytest
from flint import acb, arb, ctx

from parity.referee.family import FAMILIES
from parity.referee.glmm_cells import Cell, Cells, gather
from parity.referee.glmm_group import Group, ball, groups
from parity.referee.integral import uncertain
from parity.referee.integral_bounds import polydisc
from tests.parity.referee.glmm_examples import counts, successes

GROUPS = {"counts": groups(gather(counts())), "successes": groups(gather(successes()))}
BETA = [arb(1) / 2, arb(-1) / 4]
TAUS = [arb(1) / 16, arb(2)]
# directions in which tau and beta are moved to the rim of the polydisc
TURNS = [acb(1), acb(-1), acb(0, 1), acb(0, -1)]


def modulus(group: Group, tau: acb, beta: list[acb], b: acb) -> arb:
    """Return the modulus of ``likelihood(b) N(b; 0, tau)`` from its definition."""
    value = (-b * b / (2 * tau)).exp() / (2 * acb.pi() * tau).sqrt()
    for cell in group.cells:
        eta = ball(cell.offset) + ball(cell.z) * b
        for k, x in zip(beta, cell.x, strict=True):
            eta += k * ball(x)
        value *= (cell.count * eta).exp()
        if group.family.name == "poisson":
            value *= (-cell.size * eta.exp()).exp()
        else:
            value /= (1 + eta.exp()) ** cell.size
    return abs(value)


def rim(group: Group, tau: arb) -> Iterator[tuple[acb, list[acb]]]:
    """Yield complex (tau, beta) on the rim of the polydisc."""
    radii = polydisc(group, tau).radii
    for turn in TURNS:
        for sign in (1, -1):
            beta = [k + sign * turn * r for k, r in zip(BETA, radii[1:], strict=True)]
            yield tau + turn * radii[0], beta


def integrated(group: Group, tau: acb, beta: list[acb], line: arb) -> arb:
    """Return the integral of the modulus along ``Im b = line`` by a sum of step 1/8."""
    points = (acb(arb(k) / 8, line) for k in range(-64, 65))
    return sum((modulus(group, tau, beta, b) for b in points), arb(0)) / 8


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("share", ["0.2", "0.9"])
def test_the_bound_on_a_line_holds_over_the_polydisc(name: str, tau: arb, share: str) -> None:
    step = arb(1) / 4
    for group in GROUPS[name][:2]:
        # z is at most 2 here: the strip's edge over the largest turn
        width = arb(share) * (arb.pi() * arb(group.family.strip) - arb(1) / 8) / 2
        strip = polydisc(group, tau).strip(width, step)
        bound = strip * ((2 * arb.pi() * width / step).exp() - 1) / 2
        for moved, beta in rim(group, tau):
            assert integrated(group, moved, beta, width) < bound


@pytest.mark.parametrize("name", GROUPS)
def test_the_normal_densitys_part_of_the_bound_is_sharp(name: str) -> None:
    (group, *_), tau, width = GROUPS[name], arb(1) / 64, arb(1) / 4
    bound = polydisc(group, tau).strip(width, arb(1) / 4)
    bound *= ((2 * arb.pi() * width * 4).exp() - 1) / 2
    found = integrated(group, acb(tau), [acb(k) for k in BETA], width)
    # the likelihood is at least 1e-15 of its bound; the density's exponent c^2/(2 tau) is 2
    assert arb("1e-20") * bound < found < bound


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("step", [arb(1) / 2, arb(1), arb(3) / 2])
def test_a_sum_of_wide_steps_is_no_further_off_than_the_bound(name: str, step: arb) -> None:
    with ctx.workprec(128):
        for group in GROUPS[name][:3]:
            tau = arb(1) / 2
            psi = acb(tau), [acb(k) for k in BETA]
            wide = sum((modulus(group, *psi, acb(step * k)) for k in range(-30, 31)), arb(0)) * step
            fine = (
                sum((modulus(group, *psi, acb(arb(k) / 16)) for k in range(-160, 161)), arb(0)) / 16
            )
            widest = (arb.pi() * arb(group.family.strip) - arb(1) / 8) / 2
            disc = polydisc(group, tau)
            bounds = [disc.strip(widest * k / 10, step) for k in range(1, 10)]
            for bound in bounds:
                assert abs(wide - fine) < bound


def single(z: int, offset: int, size: int) -> Group:
    """Return a group of one cell without a success."""
    cell = Cell((Fraction(1),), Fraction(z), Fraction(offset), size, 0)
    return groups(Cells(FAMILIES["binomial", "logit"], ((cell,),), (), 1, 1))[0]


@pytest.mark.parametrize(
    ("z", "offset", "size"),
    # an effect that lowers the predictor, and trials so many that a small shift counts
    [(-1, 6, 5), (1, 3, 40)],
)
def test_a_tail_bound_minds_the_sign_of_z_and_the_shift_of_beta(
    z: int, offset: int, size: int
) -> None:
    with ctx.workprec(128):
        group, tau, step = single(z, offset, size), arb(2), arb(1) / 64
        disc = polydisc(group, tau)
        bound = disc.tail(group.fixed_predictors([arb(0)]), arb(0), 1)
        lowered = [acb(-disc.radii[1])]
        terms = (modulus(group, acb(tau), lowered, acb(step * k)) for k in range(1, 800))
        found = sum(terms, arb(0)) * step
        assert found < bound < 1


def test_the_bound_is_nearly_attained_by_the_normal_density_alone() -> None:
    with ctx.workprec(128):
        # no success of one trial, the predictor at -200: the likelihood is 1
        group = single(1, -200, 1)
        tau = 1 / arb.pi() ** 2
        nodes = (acb(k) for k in range(-20, 21))
        found = sum((modulus(group, acb(tau), [acb(0)], b) for b in nodes), arb(0))
        # by Poisson's summation: 1 + 2 sum exp(-2 pi^2 tau k^2)
        assert abs(found - 1 - 2 * arb(-2).exp() - 2 * arb(-8).exp()) < arb("1e-6")
        bound = polydisc(group, tau).strip(3 * arb.pi() * tau / 2, arb(1))
        assert abs(found - 1) < bound < 2 * abs(found - 1)


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("edge", [arb(0), arb(1) / 2, arb(2)])
def test_the_terms_beyond_an_edge_sum_to_less_than_the_bound(
    name: str, side: int, edge: arb
) -> None:
    step = arb(1) / 8
    for group in GROUPS[name][:2]:
        for tau in TAUS:
            bound = polydisc(group, tau).tail(group.fixed_predictors(BETA), side * edge, side)
            for moved, beta in rim(group, tau):
                terms = (
                    modulus(group, moved, beta, acb(side * (edge + step * k))) for k in range(1, 90)
                )
                assert sum(terms, arb(0)) * step < bound
            if group.family.name == "binomial":
                assert bound < 1


def test_the_polydisc_turns_no_predictor_further_than_is_allowed() -> None:
    for group in GROUPS["counts"]:
        disc = polydisc(group, arb(2))
        assert disc.radii[0] <= arb(1) / 2
        for cell in group.cells:
            turn = sum(
                (abs(ball(x)) * r for x, r in zip(cell.x, disc.radii[1:], strict=True)), arb(0)
            )
            assert turn < arb(1) / 8 + arb("1e-10")


def test_cauchys_estimates_hold_where_they_are_attained() -> None:
    error, one, other = arb(1) / 2**20, arb(1) / 4, arb(1) / 32
    balls = uncertain(error, [one, other])
    # error (x / r), error (x / r)^2 and error (x / r)(y / s) have the modulus error on the rim
    assert balls.value.overlaps(error)
    for k, radius in enumerate((one, other)):
        assert balls.gradient[k, 0].overlaps(error / radius)
        assert not balls.gradient[k, 0].overlaps(error / radius * arb("1.001"))
        assert balls.hessian[k, k].overlaps(2 * error / radius**2)
        assert not balls.hessian[k, k].overlaps(2 * error / radius**2 * arb("1.001"))
        assert balls.hessian[k, 1 - k].overlaps(error / (one * other))
        assert not balls.hessian[k, 1 - k].overlaps(error / (one * other) * arb("1.001"))
