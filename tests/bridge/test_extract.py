"""R's list is read whole: every entry required, unknown ones refused."""

from typing import Any

import pandas as pd
import pytest

from bridge.encode import to_frame
from bridge.errors import BridgeError
from bridge.extract import to_fit
from bridge.handle import Handle
from bridge.request import Request
from bridge.session import Vector, current

pytestmark = pytest.mark.r
FORMULA = "Reaction ~ Days + (1 | Subject)"


@pytest.fixture
def parts(sleepstudy: pd.DataFrame) -> dict[str, Any]:
    frame = to_frame(sleepstudy, ["Reaction", "Days", "Subject"])
    answer = current().call("fit_lmer", {"formula": FORMULA, "data": frame})
    assert isinstance(answer.value, dict)
    return {"request": Request("lmer", FORMULA, frame, {}, {}), "value": answer.value}


def read(parts: dict[str, Any]) -> object:
    return to_fit(parts["request"], Handle(None), parts["value"], (), {})


def test_the_whole_list_is_read(parts: dict[str, Any]) -> None:
    assert read(parts) is not None


def test_each_entry_is_required(parts: dict[str, Any]) -> None:
    assert len(parts["value"]) > 40
    for name in parts["value"]:
        less = {key: value for key, value in parts["value"].items() if key != name}
        with pytest.raises(BridgeError, match=r"missing \['|which rows"):
            read({**parts, "value": less})


def test_an_unknown_entry_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(BridgeError, match=r"unknown \['news'\]"):
        read({**parts, "value": {**parts["value"], "news": None}})


def test_an_entry_that_always_is_may_not_be_null(parts: dict[str, Any]) -> None:
    with pytest.raises(BridgeError, match="where a vector was expected"):
        read({**parts, "value": {**parts["value"], "sigma": None}})


def test_two_numbers_are_not_one(parts: dict[str, Any]) -> None:
    two = Vector(parts["value"]["fixef"].cells)
    with pytest.raises(BridgeError, match="2 values where one"):
        read({**parts, "value": {**parts["value"], "sigma": two}})
