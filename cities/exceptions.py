"""Reading the terms of governed exceptions (例外管控条款): who may ask for what, who decides, and what silence means.

city.json says in ``exceptions`` where they stand, or null where a city lets nothing be asked for; nothing is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import Field, ValidationError

from cities.faults import FaultLog
from cities.schemas import CityFile, Identifier, Limit, Record, Text
from cities.tables import read_json, reason_of
from domain.exceptions.applications import ASKED_BY_THE_RULES, ExceptionKind, Seat, Silence
from domain.exceptions.terms import ByUrgency, Reason, Terms, Window
from domain.limits.clock import ClockKind
from domain.limits.policy import comparable
from domain.request import State
from domain.time.durations import Duration
from domain.units import Role

KINDS = tuple(kind for kind in ExceptionKind if kind is not ExceptionKind.HAND_UP)
"""The kinds that have terms. Whether a hand-up is confirmed first is a matter of each policy (``confirm_hand_up``)."""

WINDOW_CLOCKS = frozenset({ClockKind.SIGN, ClockKind.DWELL, ClockKind.TOTAL})
"""The clocks that a window may be cut from: those that run while a unit holds the request."""

NEVER_DECIDES = frozenset({Role.CITIZEN, Role.PARTNER, Role.SYSTEM})

Terming = Mapping[ExceptionKind, Terms]


class ReasonRecord(Record):
    """One entry of a row's ``reasons``."""

    code: Identifier
    zh: Text
    en: Text
    longest: Limit | None = None
    for_hurried: bool = True
    at_once: bool = False


class WithinRecord(Record):
    """A row's ``within``: how long the decision may take, by urgency."""

    critical: Limit
    urgent: Limit
    others: Limit


class WindowRecord(Record):
    """A row's ``window`` or ``hurried_window``."""

    clock: ClockKind | None = None
    percent: Annotated[int, Field(gt=0, le=100)] = 100
    since_dispatch: Limit | None = None


class TermsRecord(Record):
    """exceptions.json ``exceptions``: everything that governs one kind."""

    kind: ExceptionKind
    zh: Text
    en: Text
    states: tuple[State, ...]
    asked_by: tuple[Role, ...]
    reasons: tuple[ReasonRecord, ...]
    needs: tuple[Literal["evidence", "unit", "legal_basis", "until", "plan", "channel"], ...]
    decided_by: tuple[Role, ...]
    decided_at: Seat
    within: WithinRecord
    silence: Silence
    per_leg: Annotated[int, Field(ge=1)] | None = None
    per_request: Annotated[int, Field(ge=1)] | None = None
    hurried_window: WindowRecord | None = None
    window: WindowRecord | None = None
    in_sum: Limit | None = None


class ExceptionsFile(Record):
    """exceptions.json: one row for each kind of exception."""

    exceptions: tuple[TermsRecord, ...]


def read_exceptions(folder: Path, city: CityFile, log: FaultLog) -> Terming | None:
    """The terms of a pack by kind; ``None`` with faults in the log if the file is missing or not of its shape."""
    if "exceptions" not in city.model_fields_set:
        expected = "a file, or null where nothing may be asked for"
        log.add("city.json", "", "exceptions", "the pack does not say where its terms stand", expected)
        return None
    if city.exceptions is None:
        return {}
    content = read_json(folder, city.exceptions, log)
    if content is None:
        return None
    try:
        file = ExceptionsFile.model_validate(content)
    except ValidationError as refused:
        for error in refused.errors():
            row, field = _place(content, error["loc"])
            log.add(city.exceptions, row, field, f"{error['input']!r}: {reason_of(error)}")
        return None
    return {record.kind: _terms(record) for record in _each_once(city.exceptions, file.exceptions, log)}


def check_exceptions(terming: Terming, city: CityFile, office_day: timedelta, log: FaultLog) -> None:
    """Note whatever in the terms contradicts itself, and every kind that is missing."""
    if city.exceptions is None:
        return
    if ExceptionKind.HAND_UP in terming:
        reason = "whether a hand-up is confirmed first is said by each policy"
        log.add(city.exceptions, ExceptionKind.HAND_UP, "kind", reason, "confirm_hand_up in policies.json")
    for kind in KINDS:
        if kind not in terming:
            log.add(city.exceptions, kind, "kind", "nothing is said about this kind", "one row for each kind")
    for terms in terming.values():
        for field, reason, expected in _faults(terms, office_day):
            log.add(city.exceptions, terms.kind, field, reason, expected)


Fault = tuple[str, str, str]
"""Field, reason, and what would be right."""


def _faults(terms: Terms, office_day: timedelta) -> Iterator[Fault]:
    yield from _empty_lists(terms)
    yield from _repeats("states", terms.states)
    for state in terms.states:
        if state.is_terminal and not _may_follow_the_end(terms, state):
            yield "states", f"nothing is asked of a request that is {state}", "states that have not ended"
    yield from _repeats("needs", terms.needs)
    yield from _repeats("reasons", (reason.code for reason in terms.reasons))
    yield from _wrong_posts(terms)
    yield from _wrong_units(terms)
    yield from _wrong_windows(terms)
    yield from _reasons_beyond_the_sum(terms, office_day)


def _may_follow_the_end(terms: Terms, state: State) -> bool:
    """A finding may be made in the last moment, and its citizen appeals after the request was closed."""
    return terms.kind is ExceptionKind.APPEAL and state is State.CLOSED


def _empty_lists(terms: Terms) -> Iterator[Fault]:
    lists = (
        ("states", terms.states),
        ("asked_by", terms.asked_by),
        ("reasons", terms.reasons),
        ("decided_by", terms.decided_by),
    )
    for field, entries in lists:
        if not entries:
            yield field, "the list is empty", "at least one entry"


def _repeats(field: str, words: Iterable[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for word in words:
        if word in seen:
            yield field, f"{word} stands twice", "each once"
        seen.add(word)


def _wrong_posts(terms: Terms) -> Iterator[Fault]:
    asked_by_system = Role.SYSTEM in terms.asked_by
    if terms.kind in ASKED_BY_THE_RULES and set(terms.asked_by) - {Role.SYSTEM}:
        yield "asked_by", f"the rules put the question of {terms.kind}, nobody applies for it", Role.SYSTEM
    elif terms.kind not in ASKED_BY_THE_RULES and asked_by_system:
        yield "asked_by", f"the system never applies for {terms.kind}", "posts held by people"
    for role in terms.decided_by:
        if role in NEVER_DECIDES:
            yield "decided_by", f"a {role} decides nothing", "posts of the units or of the centre"


def _wrong_units(terms: Terms) -> Iterator[Fault]:
    """Hurried matters are decided in natural time, all others in office time."""
    for field, limit in (("within.critical", terms.within.critical), ("within.urgent", terms.within.urgent)):
        if limit.is_working:
            yield field, f"{limit} waits for office hours", "a limit in s, min, h or d"
    if not terms.within.others.is_working:
        yield "within.others", f"{terms.within.others} runs outside office hours", "a limit in wh or wd"
    hurried = terms.hurried_window and terms.hurried_window.since_dispatch
    if hurried and hurried.is_working:
        yield "hurried_window.since_dispatch", f"{hurried} waits for office hours", "s, min, h or d"
    usual = terms.window and terms.window.since_dispatch
    if usual and not usual.is_working:
        yield "window.since_dispatch", f"{usual} runs outside office hours", "a limit in wh or wd"


def _wrong_windows(terms: Terms) -> Iterator[Fault]:
    for field, window in (("hurried_window", terms.hurried_window), ("window", terms.window)):
        if window is None:
            continue
        if window.clock is None and window.since_dispatch is None:
            yield field, "the window has neither a clock nor a time since dispatch", "one of the two"
        if window.clock is None and window.percent != WindowRecord().percent:
            yield f"{field}.percent", f"{window.percent} % of no clock", "a clock"
        if window.clock is not None and window.clock not in WINDOW_CLOCKS:
            yield f"{field}.clock", f"no window ends with {window.clock}", ", ".join(sorted(WINDOW_CLOCKS))


def _reasons_beyond_the_sum(terms: Terms, office_day: timedelta) -> Iterator[Fault]:
    for reason in terms.reasons:
        if reason.longest is None or terms.in_sum is None:
            continue
        if reason.longest.is_working is not terms.in_sum.is_working:
            yield (
                "reasons",
                f"{reason.code}: {reason.longest} cannot be added up to {terms.in_sum}",
                "one clock",
            )
        elif comparable(reason.longest, office_day) > comparable(terms.in_sum, office_day):
            yield "reasons", f"{reason.code}: {reason.longest} is more than {terms.in_sum} in sum", "no more"


def _each_once(file: str, records: Iterable[TermsRecord], log: FaultLog) -> Iterator[TermsRecord]:
    seen: set[ExceptionKind] = set()
    for record in records:
        if record.kind in seen:
            log.add(file, record.kind, "kind", "the kind stands twice", "one row for each kind")
        else:
            yield record
        seen.add(record.kind)


def _terms(record: TermsRecord) -> Terms:
    within = record.within
    return Terms(
        kind=record.kind,
        zh=record.zh,
        en=record.en,
        states=record.states,
        asked_by=record.asked_by,
        reasons=tuple(_reason(reason) for reason in record.reasons),
        needs=record.needs,
        decided_by=record.decided_by,
        decided_at=record.decided_at,
        within=ByUrgency(within.critical, within.urgent, within.others),
        silence=record.silence,
        per_leg=record.per_leg,
        per_request=record.per_request,
        hurried_window=_window(record.hurried_window),
        window=_window(record.window),
        in_sum=record.in_sum,
    )


def _reason(record: ReasonRecord) -> Reason:
    longest: Duration | None = record.longest
    return Reason(record.code, record.zh, record.en, longest, record.for_hurried, record.at_once)


def _window(record: WindowRecord | None) -> Window | None:
    return record and Window(record.clock, record.percent, record.since_dispatch)


def _place(content: object, loc: tuple[int | str, ...]) -> tuple[str, str]:
    """Where an error stands, in words: the kind rather than its position, then the dotted field."""
    match loc:
        case ("exceptions", int(index), *field):
            record = cast("dict[str, list[object]]", content)["exceptions"][index]
            kind = cast("dict[str, object]", record).get("kind") if isinstance(record, dict) else None
            row = str(kind or f"exceptions[{index}]")
        case _:
            row, field = "", list(loc)
    return row, ".".join(str(part) for part in field)
