"""The bodies of applications for exceptions and of the decisions about them.

Which particulars must be given is city data (``needs`` in ``/v1/exceptions``), so none but the reason is required here.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.frame.fields import AreaCode, Incoming, Instant, Name, Remark, Sentence, UnitCode, Word
from domain.evidence import EVIDENCE_LIMIT

Evidence = Annotated[tuple[Name, ...], Field(max_length=EVIDENCE_LIMIT, strict=False)]
AMENDED_AREA = "where the entry holds: a division that holds the place; the ruled unit's own area if left out"


class AskingBody(Incoming):
    """A reason of the closed list (`/v1/exceptions`), an explanation, and references to evidence."""

    reason: Word
    explanation: Sentence
    evidence: Evidence = ()


class GroundedBody(AskingBody):
    """The same, with the law or rule that it rests on."""

    legal_basis: Remark = ""


class ReturnBody(GroundedBody):
    """Why the unit is not the right one, by which rule, and which unit is."""

    unit: UnitCode | None = None


class RemovalBody(AskingBody):
    """Why the reply need not wait for a joint unit that is overdue, and which unit that is."""

    unit: UnitCode | None = None


class DeferBody(AskingBody):
    """Why nothing can be done now, what will be done, and until when."""

    plan: Remark = ""
    until: Annotated[Instant | None, Field(strict=False)] = None


class TransferBody(AskingBody):
    """Why the request leaves the city's own channel, and for which one."""

    channel: Annotated[Remark, Field(max_length=200)] = ""


class AmendmentGiven(Incoming):
    """What a ruling adds to the duty list for the request's category and the ruled unit's level."""

    basis: Sentence
    area: Annotated[AreaCode | None, Field(description=AMENDED_AREA)] = None


class RuleBody(Incoming):
    """The decision. The ruling of a dispute names the unit that leads, and may amend the duty list."""

    granted: bool
    note: Sentence
    unit: UnitCode | None = None
    amendment: AmendmentGiven | None = None


class ResumeBody(Incoming):
    """Why the request can be taken up again."""

    note: Sentence


class ReassignBody(Incoming):
    """The unit that takes the lead, and why."""

    unit: UnitCode
    reason: Sentence
