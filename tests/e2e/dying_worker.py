"""A worker that is killed at the worst moment: something has been committed, and nobody has been told.

``python -m tests.e2e.dying_worker`` is the product's own worker process; only its records, once an append that the plan
names has returned, kill the process, with no chance to say goodbye. The plan is a folder (``HUYING_TESTS_PLAN``) with a
file ``<number>.<kind>`` for each request that shall meet this; its text says at which such appends, counted from 0. For
what was found in a case and has been registered the file is ``<case>.register_found``.
"""

from __future__ import annotations

import importlib
import os
import signal
from pathlib import Path

from temporalio import activity

from activities.case_messages import FoundInCase, FoundNumbers
from activities.found import FoundMatters
from activities.messages import Appended, Entry
from activities.records import Records

PLAN = "HUYING_TESTS_PLAN"


class DyingRecords(Records):
    """Writes as ever, and dies where the plan says so."""

    @activity.defn(name="append")
    async def append(self, entry: Entry) -> Appended:
        """Append the entry once; do not live to tell it if its turn has come."""
        appended = await super().append(entry)
        for kind in dict.fromkeys(event.what.kind for event in entry.events):
            if meets_its_end(Path(os.environ[PLAN]), entry.number, kind):
                os.kill(os.getpid(), signal.SIGKILL)
        return appended


class DyingFoundMatters(FoundMatters):
    """Registers as ever, and dies where the plan says so."""

    @activity.defn(name="register_found")
    async def register_found(self, found: FoundInCase) -> FoundNumbers:
        """Take the matters in; do not live to tell their numbers if the turn has come."""
        numbers = await super().register_found(found)
        if meets_its_end(Path(os.environ[PLAN]), found.case, "register_found"):
            os.kill(os.getpid(), signal.SIGKILL)
        return numbers


def plan_death(folder: Path, number: str, kind: str, *at: int) -> None:
    """Plan that the worker dies after such an append of the request, at the given ones of them."""
    (folder / f"{number}.{kind}").write_text(" ".join(map(str, at)), encoding="ascii")


def meets_its_end(folder: Path, number: str, kind: str) -> bool:
    """Whether the plan has the worker die now. Counts the appends of that kind over all processes."""
    planned = folder / f"{number}.{kind}"
    if not planned.exists():
        return False
    seen = planned.with_suffix(f".{kind}.seen")
    with seen.open("ab") as tally:
        tally.write(b".")
    return str(seen.stat().st_size - 1) in planned.read_text(encoding="ascii").split()


def deaths_left(folder: Path) -> list[str]:
    """The planned files with deaths still to come."""
    left: list[str] = []
    for planned in folder.iterdir():
        if planned.suffix == ".seen":
            continue
        seen = planned.with_suffix(f"{planned.suffix}.seen")
        so_far = seen.stat().st_size if seen.exists() else 0
        if so_far <= max(map(int, planned.read_text(encoding="ascii").split())):
            left.append(planned.name)
    return left


if __name__ == "__main__":
    process = importlib.import_module("worker.__main__")
    # The one seam: the names by which the process makes what writes.
    vars(process).update(Records=DyingRecords, FoundMatters=DyingFoundMatters)
    process.main()
