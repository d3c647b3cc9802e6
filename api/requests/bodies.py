"""The bodies that the doors take, one per act, with examples: what OpenAPI shows is what is checked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.frame.fields import AreaCode, Incoming, Name, Remark, RequestNumber, Sentence, UnitCode, Word
from domain.chapters.closing import OUTCOMES
from domain.chapters.opening import NOT_ACCEPTED_REASONS
from domain.evidence import EVIDENCE_LIMIT
from domain.request import Card

RequestType = Literal["consult", "help", "complaint", "report", "suggestion", "praise"]
Channel = Literal[
    "phone_12345", "wechat", "mini_program", "web", "app", "grid_app", "on_site_visit", "delegate",
    "leader_attachment", "enterprise_line", "sensor", "video", "media", "petition_in", "110_in", "city_12345",
    "bad_review", "volunteer_report", "own_initiative",
]  # fmt: skip

_ADDRESS = "天河区五山路1号"


class PlaceGiven(Incoming):
    """Where the matter is: the finest division known."""

    area: AreaCode
    address: Annotated[Remark, Field(max_length=500)] = ""
    latitude: Annotated[float | None, Field(ge=-90, le=90, allow_inf_nan=False)] = None
    longitude: Annotated[float | None, Field(ge=-180, le=180, allow_inf_nan=False)] = None


class CallerGiven(Incoming):
    """Who calls. Sealed on arrival: it is kept apart, encrypted, and shown only to whoever states a purpose."""

    name: Name | None = None
    telephone: Annotated[str | None, Field(pattern=r"^\+?[0-9 -]{3,30}$")] = None
    address: Annotated[Name | None, Field(max_length=500)] = None
    anonymous: bool = False


Category = Annotated[
    str,
    Field(pattern=r"^[0-9A-Za-z_]{1,80}$", description="code or identifier of a leaf of the catalogue"),
]


class RegisterBody(Incoming):
    """A call. Incomplete is allowed (the request waits to be judged); wrong is refused."""

    channel: Channel = "phone_12345"
    request_type: RequestType = "help"
    category: Category | None = None
    place: PlaceGiven | None = None
    description: Sentence
    caller: CallerGiven = CallerGiven(anonymous=True)
    people: Annotated[int, Field(ge=1, le=10_000, description="how many persons the call speaks for")] = 1
    separate_matter: Annotated[
        bool,
        Field(
            description="register anew, although the caller has an open request of this category at this place; "
            "without it that one is urged and answered with"
        ),
    ] = False


class RequestInfoBody(Incoming):
    """Ask the citizen to supplement."""

    question: Sentence


class SupplyInfoBody(Incoming):
    """What the citizen supplements."""

    note: Sentence


class AcceptBody(Incoming):
    """Category and place, where the registration had none."""

    category: Category | None = None
    place: PlaceGiven | None = None


class RejectBody(Incoming):
    """Why the request is not accepted, and where the citizen should turn. An agent proposes, a duty leader confirms."""

    reason: Annotated[Word, Field(json_schema_extra={"enum": [*sorted(NOT_ACCEPTED_REASONS)]})]
    advice: Sentence


class AnswerDirectlyBody(Incoming):
    """The answer given during the call, with the knowledge entry it rests on."""

    knowledge_entry: Sentence
    answer: Sentence


class DispatchBody(Incoming):
    """The unit that takes the lead; the ladder's first if none is named. Another one needs a reason."""

    unit: UnitCode | None = None
    reason: Remark = ""


class ReviewPassBody(Incoming):
    """Nothing to say: the reply is good."""


class ReviewBackBody(Incoming):
    """Why the reply goes back."""

    reason: Sentence


class CallbackBody(Incoming):
    """One attempt to reach the citizen, and what was said."""

    contacted: bool
    truthful: bool | None = None
    solved: bool | None = None
    satisfied: bool | None = None
    attributable: bool = False
    note: Remark = ""


class MovePolicyBody(Incoming):
    """Under which version of which policy (the request's own, if left out), and why."""

    policy: Annotated[str | None, Field(pattern=r"^P-[A-Z0-9-]{1,60}$")] = None
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    reason: Sentence


class ReasonBody(Incoming):
    """Why."""

    reason: Sentence


class MergeBody(Incoming):
    """The request to follow, on the same matter; it must be open."""

    parent: RequestNumber
    reason: Remark = ""


class ReopenBody(Incoming):
    """Why the ended request is opened again. `dissatisfied`: the answer did not satisfy, it is mended in a shortened
    time; `wrongly_ended`: it should not have ended, and has its whole limit again.
    """

    reason: Sentence
    cause: Literal["dissatisfied", "wrongly_ended"] = "dissatisfied"


class WithdrawBody(Incoming):
    """Why the citizen takes the request back, if said."""

    reason: Remark = ""


class UrgeBody(Incoming):
    """What the citizen adds, if anything."""

    note: Remark = ""


class HandUpBody(Incoming):
    """Why the next level must take over; ``release`` lets this unit go instead of keeping it joint."""

    reason: Sentence
    release: bool = False


class SendDownBody(Incoming):
    """Why a lower unit takes over; the ladder's rung below if none is named."""

    reason: Sentence
    unit: UnitCode | None = None


class SuperviseBody(Incoming):
    """Why the request is watched, with a card if wanted."""

    reason: Sentence
    card: Annotated[Card | None, Field(strict=False)] = None


class SignBody(Incoming):
    """Nothing to say: the unit takes its leg."""


class FirstContactBody(Incoming):
    """The call log or message receipt that proves the contact."""

    proof: Sentence


class CompleteBody(Incoming):
    """The unit's reply: an outcome of the closed list, the text for the citizen, and references to evidence."""

    outcome: Annotated[Word, Field(json_schema_extra={"enum": [*sorted(OUTCOMES)]})]
    text: Sentence
    evidence: Annotated[tuple[Name, ...], Field(max_length=EVIDENCE_LIMIT, strict=False)] = ()


REGISTER_EXAMPLES = {
    "complete": {
        "summary": "a complete call: accepted and dispatched at once",
        "value": {
            "channel": "phone_12345",
            "request_type": "complaint",
            "category": "0104",
            "place": {"area": "440106012", "address": _ADDRESS},
            "description": "楼道里有电动自行车充电",
            "caller": {"name": "陈女士", "telephone": "13800000000"},
        },
    },
    "incomplete": {
        "summary": "place unknown: registered, to be judged by an agent",
        "value": {"description": "路灯不亮，说不清在哪条路", "caller": {"anonymous": True}},
    },
}
