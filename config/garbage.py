"""The garbage collector, told what it need not look at."""

from __future__ import annotations

import gc


def leave_what_stands() -> None:
    """What a process has loaded so far stays as long as the process: the collector does not look at it again.

    A look at a city's divisions, duty list and rules takes a tenth of a second, in which nobody is answered.
    """
    gc.collect()
    gc.freeze()
