"""`import parity` costs nothing: what is heavy is imported when it is asked for."""

from __future__ import annotations

import subprocess
import sys


def test_import_parity_imports_none_of_the_heavy_packages() -> None:
    heavy = ("numpy", "pandas", "scipy", "statsmodels")
    code = (
        "import sys\n"
        f"before = set(sys.modules) & set({heavy!r})\n"
        "import parity\n"
        f"print(sorted((set(sys.modules) & set({heavy!r})) - before), parity.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[] parity\n", "")
