"""What failed and what was singular among the fits of a bootstrap, by the number of the draw."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bridge import FitError, bootstrap
from bridge.session import Answer, Value, Vector

NAMES = ("sigma", "x")
DRAWS = 25  # more than a chunk
FAILED, SINGULAR = (3, 21), (0, 22)


def parts(draws: list[Value]) -> dict[str, Value]:
    numbers = [int(np.asarray(draw.cells)[0]) for draw in draws if isinstance(draw, Vector)]
    rows = np.array([[k, -k] if k not in FAILED else [np.nan] * 2 for k in numbers], dtype=float)
    return {
        "parameters": Vector(rows.ravel(order="F"), shape=rows.shape),
        "singular": Vector(np.array([k in SINGULAR for k in numbers])),
        "errors": Vector(tuple(f"no {k}" if k in FAILED else "" for k in numbers)),
        "said": Vector(tuple("singular fit" for k in numbers if k in SINGULAR)),
    }


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401  (stands in for a fit)
    drawn: dict[str, Value] = {
        "names": Vector(NAMES),
        "estimates": Vector(np.array([1.0, 2.0])),
        "anew": Vector(np.array([True])),
        "draws": tuple(Vector(np.array([float(k)])) for k in range(DRAWS)),
    }
    monkeypatch.setattr(bootstrap, "ask", lambda *_: Answer(drawn, None, ()))
    monkeypatch.setattr(
        bootstrap, "ask_in", lambda *asked: Answer(parts(asked[3]["draws"]), None, ())
    )
    monkeypatch.setattr(bootstrap, "session_of", lambda _: None)
    return SimpleNamespace()


def run(fake: Any) -> bootstrap.Bootstrap:  # noqa: ANN401
    return bootstrap.run_bootstrap(fake, DRAWS, seed=7, workers=1, progress=False)


def test_each_draw_keeps_its_number(fake: Any) -> None:  # noqa: ANN401
    found = run(fake)
    assert found.errors == {3: "no 3", 21: "no 21"}
    assert found.singular[found.singular].index.tolist() == list(SINGULAR)
    assert found.said == {"singular fit": 2}
    assert list(found.replicates.columns) == list(NAMES)
    assert found.replicates.index[found.replicates.isna().any(axis=1)].tolist() == list(FAILED)
    kept = found.replicates.drop(list(FAILED))
    assert kept["sigma"].tolist() == kept.index.tolist()
    assert kept["x"].tolist() == [-k for k in kept.index]
    assert (found.estimates["x"], found.seed, found.anew) == (2.0, 7, True)
    assert "2 singular, 2 failed" in repr(found)


def test_a_bootstrap_without_a_fit_is_an_error(
    fake: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(globals(), "FAILED", tuple(range(DRAWS)))
    with pytest.raises(FitError, match=r"every simulated response failed. The first: no 0"):
        run(fake)
