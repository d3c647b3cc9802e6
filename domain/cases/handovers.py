"""What may be handed to a partner: complete, bounded, and without the numbers of persons.

Free text goes out of the house here, so telephone and identity-card numbers are masked in all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from domain.numbers_of_persons import without_numbers
from domain.partners import Affair, Clue, Handover, VolunteerTask
from domain.refusals import Refused
from domain.texts import optional_text, required_text

MOST_VOLUNTEERS = 50
LATEST_TASK = timedelta(days=30)
"""A task for volunteers ends within so much time from now."""

LONGEST_CODE = 100
MOST_ENTRIES = 20
"""Of a list in a handover: materials, skills."""


def checked(handover: Handover, now: datetime) -> Handover:
    """The handover as the partner may read it.

    Raises:
        Refused: ``text_missing``, ``text_too_long``, ``too_many_entries``, ``naive_instant``, ``task_in_the_past``,
            ``task_too_far_ahead``, ``task_ends_first`` or ``wrong_number_of_people``.
    """
    match handover:
        case Clue():
            sound = _clue(handover)
        case Affair():
            sound = _affair(handover)
        case VolunteerTask():
            sound = _task(handover, now)
    return reworded(sound, without_numbers)


def reworded(handover: Handover, as_told: Callable[[str], str]) -> Handover:
    """The handover with all its free text as it is told to the partner; codes and references stay."""
    facts = as_told(handover.facts)
    match handover:
        case Clue():
            legal_basis, suspect = as_told(handover.legal_basis), as_told(handover.suspect)
            return replace(handover, facts=facts, legal_basis=legal_basis, suspect=suspect)
        case Affair():
            return replace(handover, facts=facts, window=as_told(handover.window))
        case VolunteerTask():
            skills, safety_note = tuple(map(as_told, handover.skills)), as_told(handover.safety_note)
            return replace(handover, facts=facts, skills=skills, safety_note=safety_note)


def _clue(clue: Clue) -> Clue:
    return replace(
        clue,
        facts=required_text(clue.facts, "handover.facts"),
        legal_basis=optional_text(clue.legal_basis, "handover.legal_basis"),
        suspect=optional_text(clue.suspect, "handover.suspect"),
    )


def _affair(affair: Affair) -> Affair:
    return replace(
        affair,
        item_code=_code(required_text(affair.item_code, "handover.item_code"), "handover.item_code"),
        facts=required_text(affair.facts, "handover.facts"),
        consent=_code(affair.consent, "handover.consent"),
        materials=_codes(affair.materials, "handover.materials"),
        window=_code(affair.window, "handover.window"),
        follows=_code(affair.follows, "handover.follows"),
    )


def _task(task: VolunteerTask, now: datetime) -> VolunteerTask:
    _check_times(task, now)
    if not 1 <= task.at_least <= task.at_most <= MOST_VOLUNTEERS:
        raise Refused(
            "wrong_number_of_people",
            "handover.at_least",
            f"from {task.at_least} to {task.at_most} volunteers",
            f"1 or more at least, no more than {MOST_VOLUNTEERS} at most",
        )
    return replace(
        task,
        facts=required_text(task.facts, "handover.facts"),
        skills=_codes(task.skills, "handover.skills"),
        safety_note=optional_text(task.safety_note, "handover.safety_note"),
    )


def _check_times(task: VolunteerTask, now: datetime) -> None:
    for name, at in (("starts_at", task.starts_at), ("ends_at", task.ends_at)):
        if at.tzinfo is None:
            raise Refused(
                "naive_instant", f"handover.{name}", f"{at.isoformat()} has no zone", "an instant with a zone"
            )
    if task.starts_at <= now:
        raise Refused(
            "task_in_the_past",
            "handover.starts_at",
            f"{task.starts_at.isoformat()} has passed",
            f"later than {now.isoformat()}",
        )
    if task.ends_at <= task.starts_at:
        raise Refused(
            "task_ends_first",
            "handover.ends_at",
            f"the task would end at {task.ends_at.isoformat()}",
            f"later than {task.starts_at.isoformat()}",
        )
    if task.ends_at > now + LATEST_TASK:
        raise Refused(
            "task_too_far_ahead",
            "handover.ends_at",
            f"{task.ends_at.isoformat()} is too far ahead",
            f"{(now + LATEST_TASK).isoformat()} at the latest",
        )


def _codes(entries: tuple[str, ...], field: str) -> tuple[str, ...]:
    if len(entries) > MOST_ENTRIES:
        raise Refused("too_many_entries", field, f"{len(entries)} entries", f"at most {MOST_ENTRIES}")
    return tuple(_code(required_text(entry, field), field) for entry in entries)


def _code(text: str, field: str) -> str:
    code = optional_text(text, field)
    if len(code) > LONGEST_CODE:
        raise Refused(
            "text_too_long", field, f"{field} has {len(code)} characters", f"at most {LONGEST_CODE}"
        )
    return code
