"""lme4's table of variances, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bridge.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBERED = re.compile(r"(.+)\.[0-9]+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class VarianceParameter:
    """An SD or variance (`second` is None), or a correlation or covariance of two terms.

    Attributes
    ----------
    block
        lme4's name of the block (``Subject``, ``Subject.1``), or ``Residual``.
    first, second
        The terms; both None for the residual.
    value
        In the scale that was asked for.
    """

    block: str
    first: str | None
    second: str | None
    value: float


def variance_parameters(varcorr: pd.DataFrame, column: str) -> list[VarianceParameter]:
    """Return the parameters: of each block the lower triangle by columns, last the residual.

    `column` is ``"sdcor"`` (SDs and correlations) or ``"vcov"`` (variances and covariances).
    """
    found = []
    for block, matrix in covariance_blocks(varcorr, column).items():
        terms, cells = list(matrix.columns), matrix.to_numpy(np.float64)
        for k, first in enumerate(terms):
            for at in range(k, len(terms)):
                second = None if at == k else terms[at]
                found.append(VarianceParameter(block, first, second, float(cells[at, k])))
    residual = varcorr[varcorr["var1"].isna()]
    for group, value in zip(residual["grp"], residual[column], strict=True):
        found.append(VarianceParameter(group, None, None, float(value)))
    return found


def covariance_blocks(varcorr: pd.DataFrame, column: str = "vcov") -> dict[str, pd.DataFrame]:
    """Return by lme4's name of the block (``Subject``, ``Subject.1``) its (k, k) matrix, by terms.

    Variances and covariances, or with `column` ``"sdcor"`` SDs on the diagonal and correlations
    beside it. The residual is no block.
    """
    table = varcorr[varcorr["var1"].notna()]
    blocks = {}
    for name in table["grp"].drop_duplicates():
        rows = table[table["grp"] == name]
        terms = rows.loc[rows["var2"].isna(), "var1"].tolist()
        matrix = pd.DataFrame(np.zeros((len(terms), len(terms))), index=terms, columns=terms)
        for one, two, value in zip(rows["var1"], rows["var2"], rows[column], strict=True):
            other = one if pd.isna(two) else two
            matrix.loc[one, other] = matrix.loc[other, one] = value
        blocks[name] = matrix
    return blocks


def grouping_factor(block: str, factors: Iterable[str]) -> str:
    """Return the factor of a block: lme4 numbers the second block of `Subject` as ``Subject.1``.

    Where it numbers blocks it also writes an interaction ``a:b`` as ``a.b`` (R's make.names).

    Raises
    ------
    BridgeError
        When no factor has the block's name, or several have.
    """
    known = set(factors)
    if block in known:
        return block
    numbered = _NUMBERED.fullmatch(block)
    names = {block, numbered[1]} if numbered else {block}
    found = [name for name in known if name in names or name.replace(":", ".") in names]
    if len(found) == 1:
        return found[0]
    raise BridgeError(f"The variances of {block!r} belong to none of the factors {sorted(known)}.")
