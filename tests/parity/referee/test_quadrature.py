import math
from itertools import pairwise

import pytest
from flint import arb, ctx

from parity.referee.quadrature import gauss_hermite, hermite


def test_the_first_polynomials_are_those_of_the_books() -> None:
    assert [hermite(n).coeffs() for n in range(4)] == [[1], [0, 1], [-1, 0, 1], [0, -3, 0, 1]]


def test_two_and_three_nodes_have_closed_forms() -> None:
    with ctx.workprec(128):
        two, three = gauss_hermite(2), gauss_hermite(3)
        for (node, weight), expected in zip(two, (-1, 1), strict=True):
            assert node.contains(expected)
            assert weight.contains(arb(1) / 2)
        root = arb(3).sqrt()
        for (node, weight), x, w in zip(three, (-root, arb(0), root), (1, 4, 1), strict=True):
            assert node.overlaps(x)
            assert weight.overlaps(arb(w) / 6)


@pytest.mark.parametrize("nodes", [2, 9, 25])
def test_moments_of_the_normal_distribution_are_met_up_to_the_degree(nodes: int) -> None:
    with ctx.workprec(256):
        pairs = gauss_hermite(nodes)
        for degree in range(2 * nodes):
            moment = math.prod(range(1, degree, 2)) if degree % 2 == 0 else 0
            found = sum((w * x**degree for x, w in pairs), arb(0))
            assert found.contains(moment)
            # a wide ball would hold anything: 1e-40 of the sum of moduli
            size = sum((w * abs(x) ** degree for x, w in pairs), arb(0))
            assert found.rad() < size * arb("1e-40") + arb("1e-60")


def test_the_next_moment_is_missed() -> None:
    with ctx.workprec(256):
        found = sum((w * x**18 for x, w in gauss_hermite(9)), arb(0))
        assert not found.contains(math.prod(range(1, 18, 2)))


def test_nodes_are_in_order_and_enclosed_at_the_working_precision() -> None:
    with ctx.workprec(256):
        pairs = gauss_hermite(25)
        assert all(one < other for (one, _), (other, _) in pairwise(pairs))
        assert all(node.rad() < arb("1e-70") for node, _ in pairs)
