"""Residuals at the optimum, and rigorous order statistics of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import arb, fmpq

from parity.referee.matrices import total

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from parity.criterion.model import Model
    from parity.referee.exact import Column, Data

QUARTERS = 4


def residuals(model: Model, data: Data, beta: Sequence[arb], modes: Sequence[arb]) -> list[arb]:
    """Return y - X beta - Z b, ``(n,)``.

    Parameters
    ----------
    model, data
        The rows, and their exact cells.
    beta
        ``(p,)``.
    modes
        b, block by block, level by level, term by term.
    """
    X, y = data.W[:-1], data.W[-1]
    terms = list(_random(model, data))
    return [
        _cell(y, i)
        - total(_cell(x, i) * b for x, b in zip(X, beta, strict=True))
        - total(_cell(z, i) * modes[at + int(codes[i]) * step] for z, codes, at, step in terms)
        for i in range(data.n)
    ]


def five_numbers(values: Sequence[arb]) -> list[arb]:
    """Return minimum, quartiles (R's type 7) and maximum.

    The k-th smallest of numbers in balls lies between the k-th smallest lower end and the k-th
    smallest upper end, whichever number it is.
    """
    lows = sorted(value.lower() for value in values)
    highs = sorted(value.upper() for value in values)
    ordered = [low.union(high) for low, high in zip(lows, highs, strict=True)]
    return [_quantile(ordered, quarter) for quarter in range(QUARTERS + 1)]


def _quantile(ordered: Sequence[arb], quarter: int) -> arb:
    place, rest = divmod((len(ordered) - 1) * quarter, QUARTERS)
    if not rest:
        return ordered[place]
    return ordered[place] + (ordered[place + 1] - ordered[place]) * fmpq(rest, QUARTERS)


def _random(model: Model, data: Data) -> Iterator[tuple[Column, Sequence[int], int, int]]:
    """Yield each random-effects column: cells, codes, its first effect, and the step to the next.

    The factors hold the columns of the model's blocks.
    """
    columns = {}
    for factor in data.factors:
        start = 0
        for number in factor.blocks:
            width = model.blocks[number].width
            columns[number] = factor.columns[start : start + width]
            start += width
    at = 0
    for number, block in enumerate(model.blocks):
        for a, column in enumerate(columns[number]):
            yield column, block.codes.tolist(), at + a, block.width
        at += block.levels * block.width


def _cell(column: Column, i: int) -> arb:
    return arb(fmpq(column.numerators[i], column.denominator))
