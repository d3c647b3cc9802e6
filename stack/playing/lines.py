"""How a play is told in lines: where there is no terminal to draw on, and in its last words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from stack.playing.display import STATES, Billing
from stack.playing.scoreboard import Scoreboard

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
    left = [view for view in board.open if view.number in board.played | board.carried]
    for view in left[:_OPEN_NAMED]:
        holder = f", held by {view.holder.unit.name_zh}" if view.holder else ""
        yield f"  open: {view.number} {view.title}: {STATES[view.state][1]}{holder}"
    if len(left) > _OPEN_NAMED:
        yield f"  and {len(left) - _OPEN_NAMED} more; the next start goes on with them."
