"""The bodies that the doors of a whistle take."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.frame.fields import Incoming, Instant, Name, Remark, Sentence, UnitCode
from domain.chapters.whistles.calling import MOST_SUMMONED
from domain.chapters.whistles.parties import BEST_MARK
from domain.chapters.whistles.planning import MOST_DECISIONS
from domain.whistles import Mode, Post, WhistleKind

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Mark = Annotated[int, Field(ge=1, le=BEST_MARK)]


class SpotGiven(Incoming):
    """A point on the map, WGS 84."""

    latitude: Latitude
    longitude: Longitude


class SummonsGiven(Incoming):
    """A department, and the power that is needed of it: a code of the whistle list, or in words."""

    unit: UnitCode
    power: Annotated[Name, Field(examples=["vending_penalty"])]


class WhistleBody(Incoming):
    """Who is called where and why. `town` is for a command centre that calls on behalf of a town; `attend_at` names the
    time, `session` an online session. What is not on the list a duty leader calls for.
    """

    kind: Annotated[WhistleKind, Field(strict=False)]
    summoned: Annotated[tuple[SummonsGiven, ...], Field(min_length=1, max_length=MOST_SUMMONED, strict=False)]
    reason: Sentence
    town: UnitCode | None = None
    address: Annotated[Remark, Field(max_length=500)] = ""
    spot: SpotGiven | None = None
    session: Annotated[Remark, Field(max_length=200)] = ""
    attend_at: Annotated[Instant | None, Field(strict=False)] = None


class AcknowledgeBody(Incoming):
    """Nothing to say: the department has heard the call."""


class AttendBody(Incoming):
    """Who came, with which post, and where they stand; online nobody shows a position."""

    mode: Annotated[Mode, Field(strict=False)]
    attendee: Name
    post: Annotated[Post, Field(strict=False)]
    spot: SpotGiven | None = None


class ObjectBody(Incoming):
    """Why the department was wrongly called, and on which legal basis."""

    legal_basis: Sentence
    text: Sentence


class DecisionGiven(Incoming):
    """What a unit does, and within which limit, as in `4h` or `2wd`."""

    unit: UnitCode
    action: Sentence
    within: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}(min|h|d|wh|wd)$", examples=["2wd"])]


class PlanBody(Incoming):
    """The minutes and the decisions; `lead` is the department that takes the lead, where the power lies there."""

    minutes: Sentence
    decisions: Annotated[
        tuple[DecisionGiven, ...], Field(min_length=1, max_length=MOST_DECISIONS, strict=False)
    ]
    lead: UnitCode | None = None


class EndBody(Incoming):
    """Whether it was resolved, and what came of it."""

    resolved: bool
    text: Sentence


class RateBody(Incoming):
    """One department: came in time, cooperated, solved; each 1 to 5."""

    unit: UnitCode
    in_time: Mark
    cooperated: Mark
    solved: Mark
    text: Remark = ""


class RateCallBody(Incoming):
    """Whether the call was justified, 1 to 5."""

    justified: Mark
    text: Remark = ""


class ConfirmBody(Incoming):
    """Why the district finds that the whistle should not have been blown."""

    reason: Sentence
