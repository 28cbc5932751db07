"""R in a process of its own: its time limit and its death are rows with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.parity.sweep.sweeps import read, run, state, write

if TYPE_CHECKING:
    from pathlib import Path

_ENGINES = '["planted-r-killer", "statsmodels"]'


@pytest.mark.r
def test_the_death_of_r_is_a_row_and_the_next_model_has_a_fresh_r(tmp_path: Path) -> None:
    write(tmp_path, state({"engines": _ENGINES, "models": "4"}))
    code, _, err = run(tmp_path, "--jobs", "1", PLANTED_R_DEATHS="1")
    assert (code, err) == (1, "")
    found = read(tmp_path / "small.parquet")
    live = found[found["engine"] == "planted-r-killer"].set_index("model")
    assert live["status"].tolist() == ["FITTED", "FAILED", "FITTED", "FITTED"]
    assert "WorkerDiedError: R ended" in live["message"][1]
    assert "SIGKILL" in live["reason"][1]
    other = found[found["engine"] == "statsmodels"].set_index("model")
    assert other["status"].tolist() == ["FITTED"] * 4
    assert other["verdict"][1] == "FAILED"


@pytest.mark.r
@pytest.mark.slow
def test_a_time_limit_that_is_too_small_is_a_row_and_the_next_model_has_a_fresh_r(
    tmp_path: Path,
) -> None:
    """The big models take glmer minutes, the small ones a fraction of a second."""
    changes = {
        "engines": '["lme4", "planted-steady"]',
        "models": "6",
        "rows": "[100, 100000]",
        "levels": "10",
        "slopes": "2",
        "covariates": "2",
        "time_limit": "8",
        "variance_ratio": "1",
        "boundary": "0",
    }
    poisson = '[[family]]\nname = "poisson"\nweight = 1\nintercept = 0\nvariance_ratio = 0.1\n'
    write(tmp_path, state(changes, poisson))
    run(tmp_path, "--jobs", "1")
    found = read(tmp_path / "small.parquet")
    live = found[found["engine"] == "lme4"].set_index("model")
    big = live["rows"] == 100000
    assert big.any()
    assert not big.all()
    assert (live.loc[big, "status"] == "FAILED").all()
    assert live.loc[big, "message"].str.contains("TimeLimitError: A call of .* took longer").all()
    assert (live.loc[~big, "status"] == "FITTED").all()
