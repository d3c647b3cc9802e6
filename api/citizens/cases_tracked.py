"""Cases with partners as the citizen sees them: who has the matter, where it stands, and what is theirs to do.

They read what their notices tell them and no more: a collection code is theirs, notes and reasons between offices are
not. A case is shown to the caller of the request that opened it, also while another request holds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from domain.events import CaseReported, Event
from domain.notices.cases import CALLED, STANDS
from domain.partners import COLLECTION, SUPPLEMENT, Case, CaseStatus
from domain.request import RequestState


class Supplement(BaseModel):
    """What the partner still needs of the citizen (补正)."""

    what: str
    until: datetime | None


class Collection(BaseModel):
    """Where the document lies, until when, and the code that opens the window or the locker (取件码)."""

    where: str
    until: datetime | None
    code: str


class TrackedCase(BaseModel):
    """A matter that lies with a neighbouring system, or lay with it. Instants in UTC."""

    partner_zh: str
    partner_en: str
    since: datetime
    status: CaseStatus
    status_zh: str
    status_en: str
    number: str | None = Field(description="the partner's own number, once it has one")
    supplement: Supplement | None = Field(description="what the partner asks for, until it goes on")
    collection: Collection | None = Field(description="what can be collected now")
    ended_at: datetime | None


def tracked_cases(own: RequestState, leading: RequestState, told: Sequence[Event]) -> Iterator[TrackedCase]:
    """The cases that the request has opened, the oldest first. ``leading`` is the request that holds them while it
    follows another one, ``told`` what happened to the two, in that order.
    """
    for opened in own.cases:
        if opened.request == own.number:
            yield _tracked(leading.case(opened.id) or opened, told)


def _tracked(case: Case, told: Sequence[Event]) -> TrackedCase:
    said = _said_last(case, told)
    (partner_zh, partner_en), (status_zh, status_en) = CALLED[case.partner], STANDS[case.status]
    return TrackedCase(
        partner_zh=partner_zh,
        partner_en=partner_en,
        since=case.opened_at,
        status=case.status,
        status_zh=status_zh,
        status_en=status_en,
        number=case.number or None,
        supplement=Supplement(what=said.text, until=said.until)
        if said is not None and said.message == SUPPLEMENT
        else None,
        collection=Collection(where=said.text, until=said.until, code=said.code)
        if said is not None and said.message == COLLECTION
        else None,
        ended_at=case.ended_at,
    )


def _said_last(case: Case, told: Sequence[Event]) -> CaseReported | None:
    """The partner's own last word while the case is open: that a limit has passed is no word of its own."""
    reports = (event.what for event in reversed(told) if isinstance(event.what, CaseReported))
    said = (report for report in reports if report.case == case.id and report.message_id)
    return next(said, None) if case.status.is_open else None
