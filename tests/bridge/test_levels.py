"""Which level comes first."""

import numpy as np
import pandas as pd
import pytest

from bridge.encode import encode
from bridge.errors import DataError
from bridge.levels import relevel

SOCIAL = encode("social", pd.Series(pd.Categorical(["a", None, "c", "b"], ["c", "a", "b", "d"])))


def test_the_reference_comes_first_and_the_others_keep_their_order() -> None:
    releveled = relevel("social", SOCIAL, "b")
    assert releveled.levels == ("b", "c", "a", "d")
    assert releveled.cells.tolist()[0::2] == [3, 2]
    assert releveled.cells[3] == 1
    assert releveled.missing().tolist() == [False, True, False, False]
    assert not releveled.cells.flags.writeable
    assert SOCIAL.levels == ("c", "a", "b", "d")


@pytest.mark.parametrize("reference", [10, 10.0, "10", np.int64(10)])
def test_a_number_is_the_level_that_reads_like_it(reference: object) -> None:
    column = encode("school", pd.Series(pd.Categorical([2, 10])))
    assert relevel("school", column, reference).levels == ("10", "2")


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("z", "Column 'social' has no level 'z'. Its levels: 'c', 'a', 'b', 'd'."),
        ("d", "No row of column 'social' has the level 'd'"),
        ([1], "category of list values"),
    ],
)
def test_what_is_no_level_is_refused(reference: object, words: str) -> None:
    with pytest.raises(DataError) as caught:
        relevel("social", SOCIAL, reference)
    assert words in str(caught.value)


def test_many_levels_are_not_all_named() -> None:
    column = encode("g", [f"g{k:03d}" for k in range(100)])
    with pytest.raises(DataError, match=r"'g000', .*'g011' and 88 more"):
        relevel("g", column, "h")


def test_a_number_has_no_reference_level() -> None:
    with pytest.raises(DataError, match="Column 'x' holds numbers"):
        relevel("x", encode("x", [1.5]), 1.5)
