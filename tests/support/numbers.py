"""Request numbers that no other test of the session has used: all tests share one Temporal server, and a number starts
only one story.
"""

import itertools

_SERIAL = itertools.count(1)


def fresh_number() -> str:
    """The next number."""
    return f"20260302-{next(_SERIAL):07}"
