"""The field's bands (FIELD.md, section 8): the limits that the meta tests judge by."""

from __future__ import annotations

from parity.quantity import QUANTITIES
from parity.tolerance import Tolerance, Tolerances

_BY_UNIT = {"exact": 0.0, "deviance": 1e-4, "column": 1e-12}
_BY_QUANTITY = {"lrt_chisq": 1e-3}

BANDS = Tolerances(
    tuple(
        Tolerance(name, _BY_QUANTITY.get(name, _BY_UNIT.get(entry.unit, 1e-3)), "the field's band")
        for name, entry in QUANTITIES.items()
    )
)
