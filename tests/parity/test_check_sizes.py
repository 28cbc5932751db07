"""`parity check` hands shares with their sizes, and quadrature nodes, on to both programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from parity.casefile import load_suite
from parity.cli import main

if TYPE_CHECKING:
    from pathlib import Path

CASES = {case.name: case for case in load_suite().cases}
# Of lme4's recorded answers to cbpp and cbpp-agq9, the same trials as two columns.
RECORDED = {1: 184.053133, 9: 100.010036}

pytestmark = pytest.mark.r


@pytest.mark.parametrize("nodes", RECORDED)
def test_shares_are_checked_with_their_sizes_and_nodes(nodes: int, tmp_path: Path) -> None:
    case = CASES["cbpp-share"]
    assert case.spec.weights is not None
    data, output = tmp_path / "cbpp.csv", tmp_path / "report.json"
    case.dataset.load().to_csv(data, index=False)
    words = [
        "check", case.spec.formula, str(data), "--family", "binomial", "--weights",
        case.spec.weights, "--nagq", str(nodes), "--engine", "statsmodels", "--factor", "period",
        "--factor", "herd", "--format", "json", "--output", str(output),
    ]  # fmt: skip
    assert main(words) == 0
    report = json.loads(output.read_text(encoding="utf-8"))
    (pair,) = report["cases"][0]["pairs"]
    (deviance,) = (f for f in pair["findings"] if f["quantity"] == "deviance")
    assert deviance["reference"] == pytest.approx(RECORDED[nodes], abs=1e-4)
