"""Doors for cases with the neighbouring systems: handing over, taking back, and typing an answer in by hand."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from api.frame.doors import Doors
from api.frame.fields import Incoming, Instant, Remark, Sentence
from api.frame.third_parties import for_outsiders
from api.requests.commands import Door, add_door, plain
from domain import commands as asked
from domain.cases.handovers import LONGEST_CODE, MOST_ENTRIES, MOST_VOLUNTEERS, reworded
from domain.chapters.neighbours import LONGEST_DOCUMENT
from domain.commands import Act
from domain.evidence import EVIDENCE_LIMIT
from domain.partners import Affair, CaseStatus, CaseTerms, Clue, Handover, Partner, VolunteerTask
from domain.refusals import Refused
from persistence.affair_items import require_item

router = APIRouter(prefix="/v1", tags=["commands"])

Code = Annotated[str, Field(max_length=LONGEST_CODE)]
Codes = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=LONGEST_CODE)], ...],
    Field(max_length=MOST_ENTRIES, strict=False),
]
Reference = Annotated[str, Field(min_length=1, max_length=LONGEST_DOCUMENT)]
CaseId = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{8}-[0-9]{5,12}-p[1-9][0-9]{0,3}$",
        description="our number of the case, `<number>-p<n>`",
        examples=["20261123-0000042-p1"],
    ),
]
Point = Annotated[Instant, Field(strict=False)]
People = Annotated[int, Field(ge=1, le=MOST_VOLUNTEERS)]


class ClueGiven(Incoming):
    """A suspected violation for enforcement: what was seen, by which rule, and who is suspected."""

    to: Literal["enforcement"]
    facts: Sentence
    legal_basis: Remark = ""
    suspect: Remark = ""


class AffairGiven(Incoming):
    """A service item for affairs. `consent` is the citizen's token there, `follows` a case that they have already."""

    to: Literal["affairs"]
    item_code: Annotated[Code, Field(min_length=1)]
    facts: Sentence
    consent: Code = ""
    materials: Codes = ()
    window: Code = ""
    follows: Code = ""


class TaskGiven(Incoming):
    """A task for volunteers: what they do, from when to when, and how many of them."""

    to: Literal["volunteers"]
    task_kind: Literal["patrol", "visit", "deliver", "mediate", "clean", "guide"]
    facts: Sentence
    starts_at: Point
    ends_at: Point
    at_least: People = 1
    at_most: People = 5
    skills: Codes = ()
    safety_note: Remark = ""
    adults_only: bool = True


class OpenCaseBody(Incoming):
    """What is handed over to whom. `mandatory`: no reply before it has ended; `waits`: the unit waits for it."""

    handover: Annotated[ClueGiven | AffairGiven | TaskGiven, Field(discriminator="to")]
    mandatory: bool = True
    waits: bool = True
    evidence: Annotated[tuple[Reference, ...], Field(max_length=EVIDENCE_LIMIT, strict=False)] = ()


class WithdrawCaseBody(Incoming):
    """The case that the partner is to give back, and why."""

    case: CaseId
    reason: Sentence


class SettleCaseBody(Incoming):
    """What the partner answered by telephone or on paper, with the scanned document that says so. `case_number` is
    needed where its own procedure is under way.
    """

    case: CaseId
    status: Annotated[CaseStatus, Field(strict=False)]
    note: Sentence
    document: Reference
    case_number: Annotated[str, Field(max_length=LONGEST_DOCUMENT)] = ""


async def _open_case(doors: Doors, number: str, body: OpenCaseBody) -> Act:
    handover = reworded(_handover(body.handover), await for_outsiders(doors, number))
    terms = _terms(doors, Partner(handover.to))
    if isinstance(handover, Affair):
        async with doors.looking() as connection:
            await require_item(connection, handover.item_code)
    return asked.OpenCase(handover, terms, body.mandatory, body.waits, body.evidence)


async def _withdraw_case(doors: Doors, number: str, body: WithdrawCaseBody) -> Act:
    as_told = await for_outsiders(doors, number)
    return asked.WithdrawCase(body.case, as_told(body.reason))


def _handover(given: ClueGiven | AffairGiven | TaskGiven) -> Handover:
    match given:
        case ClueGiven():
            return Clue(**dict(given))
        case AffairGiven():
            return Affair(**dict(given))
        case TaskGiven():
            return VolunteerTask(**dict(given))


def _terms(doors: Doors, partner: Partner) -> CaseTerms:
    """The city's terms for a partner that is connected.

    Raises:
        Refused: ``partner_not_connected``.
    """
    terms = doors.pack.partners.get(partner)
    if terms is None or partner not in doors.neighbours:
        raise Refused(
            "partner_not_connected",
            "handover.to",
            f"{partner} is not connected",
            "hand_to_partner, by hand, with the partner's case number",
        )
    return terms


DOORS = (
    Door(
        asked.OpenCase,
        OpenCaseBody,
        _open_case,
        {
            "handover": {
                "to": "enforcement",
                "facts": "夜间占道经营，连续三晚",
                "legal_basis": "《广州市市容环境卫生管理规定》",
            },
            "evidence": ["photo-1"],
        },
    ),
    Door(
        asked.WithdrawCase,
        WithdrawCaseBody,
        _withdraw_case,
        {"case": "20261123-0000042-p1", "reason": "经核实由本单位自行处置"},
    ),
    Door(
        asked.SettleCase,
        SettleCaseBody,
        plain(asked.SettleCase),
        {
            "case": "20261123-0000042-p1",
            "status": "done",
            "note": "电话告知：已当场责令改正",
            "document": "scan-20261124-01",
        },
    ),
)

for _door in DOORS:
    add_door(router, _door)
