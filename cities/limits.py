"""A city's limits by type of request, for a pack that knows the clock only: one row a type and period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AwareDatetime, BeforeValidator, Field, InstanceOf, ValidationError

from cities.faults import FaultLog
from cities.schemas import Record, Text
from cities.tables import Line, read_json, read_table, reason_of
from domain.time.durations import Duration

FILE = "verification.json"
NO_LIMIT = "none"


def _limit(text: object) -> object:
    if not isinstance(text, str):
        return text
    return None if text == NO_LIMIT else Duration.parse(text)


def _blank(text: object) -> object:
    return None if text == "" else text


OptionalInstant = Annotated[AwareDatetime | None, BeforeValidator(_blank)]


class LimitRow(Record):
    """The rule file: which limit a type has from one instant to before another; ``none`` is no limit.

    A row without a type holds for the types of its reason that have no row of their own. ``rows`` and ``reproduced``
    say how many past requests the limit was fitted to, and on which share of them it gives the city's own deadline.
    """

    reason: str = ""
    type: str = ""
    valid_from: OptionalInstant
    valid_to: OptionalInstant
    limit: Annotated[InstanceOf[Duration] | None, BeforeValidator(_limit)]
    rows: Annotated[int, Field(ge=0)] = 0
    reproduced: Annotated[float | None, BeforeValidator(_blank)] = None
    note: str = ""

    def holds_at(self, opened: datetime) -> bool:
        """Whether the rule is in force for a request opened at an instant."""
        return (self.valid_from is None or self.valid_from <= opened) and (
            self.valid_to is None or opened < self.valid_to
        )


class VerificationFile(Record):
    """verification.json: where the limits are, and how the city's own deadlines are compared with them."""

    rules: Text
    as_of: AwareDatetime
    tolerance_seconds: Annotated[int, Field(ge=0)]


_Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LimitBook:
    """All limits of a city; a rule for the type goes before one for its reason."""

    rules: Mapping[_Key, tuple[LimitRow, ...]]
    as_of: datetime
    tolerance: timedelta

    def rule_for(self, kind: str, reason: str, opened: datetime) -> LimitRow | None:
        """The rule for a request of a type, ``None`` if the city's rules do not know it."""
        for key in (("type", kind), ("reason", reason)):
            for rule in self.rules.get(key, ()):
                if rule.holds_at(opened):
                    return rule
        return None


def read_limits(folder: Path) -> LimitBook:
    """Read the limits of a pack.

    Raises:
        PackFaults: with every fault of verification.json and of the rule file that it names.
    """
    log = FaultLog(folder.name)
    content = read_json(folder, FILE, log)
    if log:
        raise log.refusal()
    try:
        file = VerificationFile.model_validate(content)
    except ValidationError as refused:
        for error in refused.errors():
            log.add(FILE, "", ".".join(str(part) for part in error["loc"]), reason_of(error))
        raise log.refusal() from None
    rules = _by_key(file.rules, read_table(folder, file.rules, LimitRow, log), log)
    if log:
        raise log.refusal()
    return LimitBook(rules, file.as_of, timedelta(seconds=file.tolerance_seconds))


def _by_key(file: str, lines: list[Line[LimitRow]], log: FaultLog) -> Mapping[_Key, tuple[LimitRow, ...]]:
    found: dict[_Key, tuple[LimitRow, ...]] = {}
    for line in lines:
        row = line.row
        if bool(row.type) == bool(row.reason):
            log.add(file, line.at, "type", "a rule names a type or a reason", "one of the two")
            continue
        if row.valid_from and row.valid_to and row.valid_to <= row.valid_from:
            log.add(file, line.at, "valid_to", f"{row.valid_to} is not after valid_from", "a later instant")
        key = ("type", row.type) if row.type else ("reason", row.reason)
        others = found.get(key, ())
        if any(_overlap(row, other) for other in others):
            log.add(
                file, line.at, "valid_from", f"two rules for {key[1]} hold at the same time", "periods apart"
            )
        found[key] = (*others, row)
    return found


def _overlap(one: LimitRow, other: LimitRow) -> bool:
    def begins_before_end(a: LimitRow, b: LimitRow) -> bool:
        return a.valid_from is None or b.valid_to is None or a.valid_from < b.valid_to

    return begins_before_end(one, other) and begins_before_end(other, one)
