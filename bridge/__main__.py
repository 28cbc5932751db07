"""``python -m bridge doctor``: what is here of R, what works, and what mends the rest."""

import sys

_USAGE = "usage: python -m bridge doctor"
_WRONG_USAGE = 2


def main(words: list[str]) -> int:
    """Print what the command asks for and return its exit status."""
    if words != ["doctor"]:
        print(_USAGE, file=sys.stderr)  # noqa: T201
        return _WRONG_USAGE
    from bridge.doctor import examine  # noqa: PLC0415  (starts R)

    found = examine()
    print(str(found).rstrip())  # noqa: T201
    return found.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
