"""How a play is told in lines: where there is no terminal to draw on, and in its last words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from stack.playing.display import STATES, Billing
from stack.playing.reckoning import Tally, progress
from stack.playing.scoreboard import Scoreboard
from stack.playing.wording import PARTNERS_ZH

_OPEN_NAMED = 5


class Lines:
    """Tells what is new since it was last asked."""

    def __init__(self, board: Scoreboard, bill: Billing) -> None:
        self._board = board
        self._bill = bill
        self._told = 0
        self._errors = 0
        self._last = ""

    def fresh(self) -> Iterator[str]:
        """New escalations, new errors, and how everything stands if that has changed."""
        board = self._board
        for telling in list(board.tellings)[-(board.told - self._told) :] if board.told > self._told else ():
            yield f"      ^ {telling.zh} | {telling.en}"
        for error in (
            list(board.last_errors)[-(board.errors - self._errors) :] if board.errors > self._errors else ()
        ):
            yield f"      ! {error}"
        self._told, self._errors = board.told, board.errors
        stands = standing(board, self._bill.asked_for)
        if stands != self._last:
            self._last = stands
            yield f"{self._bill.minutes()}  {stands}"


def standing(board: Scoreboard, asked_for: int) -> str:
    """How everything stands, in one line."""
    counts = Counter(view.state for view in board.open)
    held = ", ".join(f"{STATES[state][1]} {counts[state]}" for state in STATES if counts[state])
    late = board.lateness()
    return (
        f"arrived {len(board.played)}/{asked_for}, closed {board.closed_of_play}"
        f" | open {len(board.open)}{f' ({held})' if held else ''}"
        f" | moved up {board.escalations['handling']}, supervised {board.escalations['supervision']}"
        f"{_beside(board.beside)}"
        f" | late p50 {late.p50:.2f} s, p99 {late.p99:.2f} s | errors {board.errors}"
    )


def conclusion(board: Scoreboard, minutes: str) -> Iterator[str]:
    """How it went, and what is left open."""
    late = board.lateness()
    closed, played = board.closed_of_play, len(board.played)
    yield (
        f"Played {played} requests in {minutes}: {closed} closed, {played - closed} open; "
        f"{late.fired} limits fired, p99 {late.p99:.2f} s late; {board.errors} errors."
    )
    yield from _neighbours(board)
    left = [view for view in board.open if view.number in board.played | board.carried]
    for view in left[:_OPEN_NAMED]:
        holder = f", held by {view.holder.unit.name_zh}" if view.holder else ""
        yield f"  open: {view.number} {view.title}: {STATES[view.state][1]}{holder}"
    if len(left) > _OPEN_NAMED:
        yield f"  and {len(left) - _OPEN_NAMED} more; the next start goes on with them."


def _beside(tally: Tally) -> str:
    if not tally:
        return ""
    return (
        f" | cases {progress(tally.cases)}, joint legs {progress(tally.joint)},"
        f" whistles {progress(tally.whistles)}, field tasks {progress(tally.tasks)}"
    )


def _neighbours(board: Scoreboard) -> Iterator[str]:
    """What the neighbours did, and whether their books and ours agree."""
    tally = board.beside
    for partner, counts in tally.ends.items():
        if counts:
            ends = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
            yield f"  {PARTNERS_ZH[partner]} {partner}: {counts.total()} cases ({ends})"
    if tally.joint:
        yield f"  协办 joint legs: {tally.joint.total()} ({_counted(tally.joint)})"
    if tally.whistles:
        yield (
            f"  吹哨 whistles: {tally.whistles.total()} ({_counted(tally.whistles)}); of {tally.called} departments"
            f" {tally.came} came, {tally.missed} missed; {tally.marks} ratings"
        )
    if tally.tasks:
        yield f"  现场 field tasks: {tally.tasks.total()} ({_counted(tally.tasks)})"
    if board.agreements:
        compared = sum(each.compared for each in board.agreements)
        with_whom = f"{compared} cases compared with {len(board.agreements)} partners"
        yield f"  对账 reconciliation: {with_whom}, {len(board.differences)} differences"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
