"""Reading policies.json: the policy table of a city and the limits common to all matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from cities.faults import FaultLog
from cities.schemas import CommonRecord, PoliciesFile, PolicyRecord
from cities.tables import read_json, reason_of
from domain.limits.policy import CommonLimits, Dwell, Extension, Policy, Thresholds, Urgency, faults_of
from domain.time.durations import Duration

FILE = "policies.json"
FIRST_VERSION = 1
BY_URGENCY = ("review", "callback_within", "reminder_every")
"""Limits that hang on the urgency alone; they stand once, for all policies."""


@dataclass(frozen=True, slots=True)
class Promises:
    """What a city promises: its policies in their first version, the common limits, and a notice."""

    policies: Mapping[str, Policy]
    common: CommonLimits
    by_urgency: CommonRecord
    """The limits that hang on the urgency alone, as the file spells them."""
    notice_zh: str
    notice_en: str


def read_promises(folder: Path, log: FaultLog) -> Promises | None:
    """The policies of a pack; ``None`` with faults in the log if the file is not of its shape."""
    content = read_json(folder, FILE, log)
    if content is None:
        return None
    try:
        file = PoliciesFile.model_validate(content)
    except ValidationError as refused:
        for error in refused.errors():
            row, field = _place(content, error["loc"])
            log.add(FILE, row, field, f"{error['input']!r}: {reason_of(error)}")
        return None
    if not _covers_every_urgency(file.common, log):
        return None
    policies: dict[str, Policy] = {}
    for record in file.policies:
        if record.policy in policies:
            log.add(FILE, record.policy, "policy", "the policy stands twice")
        policies[record.policy] = policy_of(record, file.common)
    return Promises(policies, _common(file.common), file.common, file.notice_zh, file.notice_en)


def check_promises(promises: Promises, office_day: timedelta, log: FaultLog) -> None:
    """Note every policy that the rules forbid to publish."""
    for code, policy in promises.policies.items():
        for fault in faults_of(policy, office_day):
            log.add(FILE, code, fault.field, fault.reason, fault.expected)


def _covers_every_urgency(common: CommonRecord, log: FaultLog) -> bool:
    complete = True
    for name in BY_URGENCY:
        limits = cast("dict[Urgency, Duration]", getattr(common, name))
        for urgency in Urgency:
            if urgency not in limits:
                log.add(
                    FILE, "common", f"{name}.{urgency}", "no limit for this urgency", "one for each urgency"
                )
                complete = False
    return complete


def _common(record: CommonRecord) -> CommonLimits:
    return CommonLimits(
        registration=record.registration,
        registration_again=record.registration_again,
        awaiting_info=record.awaiting_info,
        callback_attempts=record.callback_attempts,
        callback_days=record.callback_days,
        sample_one_in=record.sample_one_in,
        redo_percent=record.redo_percent,
        automatic_redos=record.automatic_redos,
        reopen_days=record.reopen_days,
        deliberation=record.deliberation,
        partner=record.partner,
        interim_every=record.interim_every,
    )


def policy_of(record: PolicyRecord, common: CommonRecord) -> Policy:
    """The policy that a row of a policy table spells, in its first version."""
    extension = record.extension
    return Policy(
        code=record.policy,
        version=FIRST_VERSION,
        name_zh=record.name_zh,
        name_en=record.name_en,
        urgency=record.urgency,
        clock=record.clock,
        dispatch=record.dispatch,
        sign=record.sign,
        first_contact=record.first_contact,
        dwell=Dwell(record.dwell.grid, record.dwell.community, record.dwell.town, record.dwell.district),
        total=record.total,
        review=common.review[record.urgency],
        callback_within=common.callback_within[record.urgency],
        reminder_every=common.reminder_every[record.urgency],
        extension=extension and Extension(extension.max, extension.each, extension.approver),
        suspend=record.suspend,
        start_level=record.start_level,
        callback=record.callback,
        auto_dispatch=record.auto_dispatch,
        confirm_hand_up=record.confirm_hand_up,
        thresholds=Thresholds(
            reminders=common.thresholds.reminders,
            yellow_card=common.thresholds.yellow_card,
            red_card=common.thresholds.red_card,
            black_list=common.thresholds.black_list,
        ),
    )


def _place(content: object, loc: tuple[int | str, ...]) -> tuple[str, str]:
    """Where an error stands, in words: the policy's code rather than its position, then the dotted field."""
    match loc:
        case ("policies", int(index), *field):
            record = cast("dict[str, list[object]]", content)["policies"][index]
            code = cast("dict[str, object]", record).get("policy") if isinstance(record, dict) else None
            row = str(code or f"policies[{index}]")
        case ("common", *field):
            row = "common"
        case _:
            row, field = "", list(loc)
    return row, ".".join(str(part) for part in field)
