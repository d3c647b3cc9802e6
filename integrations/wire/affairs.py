"""The affairs platform's interface (一网通办): its items, what is opened there for a citizen, and what comes of it.

Bodies are in the platform's own spelling (``itemCode``) inside our envelope. Every order that was understood is
answered with 200, accepted or rejected in the body; other answers mean that the call itself was wrong. Known codes of a
rejection: ``unknown_item``, ``item_withdrawn``, ``consent_invalid``, ``identity_level_too_low``, ``duplicate``,
``unknown_case``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from integrations.wire.envelope import (
    Code,
    Heard,
    Instant,
    Links,
    Listed,
    Message,
    Number,
    Order,
    Remark,
    Sent,
    Text,
)

ITEMS = "/items"
"""GET the catalogue of items, changed since ``changedSince`` (all without it), page by page (``cursor``)."""
AFFAIRS = "/affairs"
"""POST opens an affair (200); GET lists our cases that are open, or ended since ``endedSince``, in pages."""
AFFAIR_MESSAGES = "/affairs/{correlation_id}/messages"
"""GET everything that was said of an affair, in its order: the bodies of the call-backs."""
AFFAIR_WITHDRAWAL = "/affairs/{correlation_id}/withdrawal"
"""POST takes an affair back, possible until it is decided (200, with what became of it)."""
AFFAIR_CONFIRMATION = "/affairs/{correlation_id}/confirmation"
"""POST says that the result was received (200)."""

ItemCode = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-Z]{31}$",
        description="item code (事项编码): 31 places after GB/T 39554.1 - basic catalogue, implementing body, variant",
    ),
]


class _SentCamel(Sent):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True)


class _HeardCamel(Heard):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True)


class AffairData(_SentCamel):
    """What the citizen's matter becomes. The citizen is a consent token of the platform's own, and nobody to us."""

    item_code: ItemCode
    consent_token: Annotated[str, Field(max_length=200)] = ""
    division_code: Annotated[str, Field(min_length=2, max_length=15)]
    statement: Text
    materials: Links = ()
    window_preference: Annotated[str, Field(max_length=100)] = ""
    follows_case_no: Annotated[
        str,
        Field(max_length=100, description="follow this affair, which the citizen has already, and open none"),
    ] = ""
    urgent: bool = False
    answer_by: Instant


class OpenAffair(Order):
    """事项转办."""

    type: Literal["open_affair"] = "open_affair"
    data: AffairData


class AffairWithdrawalData(_SentCamel):
    """Why an affair is taken back."""

    reason: Text


class WithdrawAffair(Order):
    """事项撤回."""

    type: Literal["withdraw_affair"] = "withdraw_affair"
    data: AffairWithdrawalData


class AffairConfirmationData(_SentCamel):
    """What was made of the result."""

    note: Remark = ""


class ConfirmAffair(Order):
    """结果确认."""

    type: Literal["confirm_affair"] = "confirm_affair"
    data: AffairConfirmationData


class Item(_HeardCamel):
    """An item of the catalogue. Legal and promised days are working days; 0: settled at once."""

    item_code: ItemCode
    name: Annotated[str, Field(min_length=1, max_length=300)]
    owner: Annotated[str, Field(min_length=1, max_length=200)]
    audience: Literal["persons", "enterprises", "both"]
    kind: Annotated[str, Field(max_length=64)] = ""
    legal_days: Annotated[int, Field(ge=0, le=3_650)]
    promised_days: Annotated[int, Field(ge=0, le=3_650)]
    channels: Listed[Literal["window", "online", "self_service", "telephone"]]
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    withdrawn: bool = False
    changed_at: Instant


class ItemPage(_HeardCamel):
    """One page of the catalogue, by growing ``changedAt``. ``nextCursor`` is empty on the last page."""

    items: Listed[Item]
    next_cursor: Annotated[str, Field(max_length=500)] = ""


class AffairAcceptedData(_HeardCamel):
    """受理, under the platform's own number (办件编号)."""

    case_no: Number
    promised_by: Instant


class SupplementRequiredData(_HeardCamel):
    """补正: what the citizen must bring, and until when."""

    materials: Annotated[Listed[Text], Field(min_length=1, max_length=50)]
    until: Instant


class AffairProgressData(_HeardCamel):
    """A step of the procedure."""

    step: Text


class AffairDecidedData(_HeardCamel):
    """办结. A refusal gives its reason: the request goes back to be explained, and is not solved by it."""

    decision: Literal["granted", "refused"]
    document_no: Annotated[str, Field(max_length=64)] = ""
    reason: Remark = ""


class ReadyForCollectionData(_HeardCamel):
    """The document waits at a window or in a locker, for whoever shows the code, until an instant."""

    at: Literal["window", "locker"]
    where: Text
    collection_code: Annotated[str, Field(min_length=1, max_length=32)]
    until: Instant


class AffairCollectedData(_HeardCamel):
    """The document was fetched."""

    collected_at: Instant


class AffairUncollectedData(_HeardCamel):
    """Nobody came for the document before its date; it was sent back to its owner."""

    returned_to: Annotated[str, Field(max_length=200)] = ""


class AffairWithdrawnData(_HeardCamel):
    """The citizen took the affair back, or the platform ended it."""

    code: Code = "withdrawn_by_applicant"
    reason: Remark = ""


class ReviewPostedData(_HeardCamel):
    """好差评, once per affair: from 1, very dissatisfied, to 5, very satisfied. Nothing of who wrote it."""

    score: Annotated[int, Field(ge=1, le=5)]
    text: Remark = ""


class _Said(Message):
    source: Literal["affairs"] = "affairs"


class AffairAccepted(_Said):
    """The affair runs."""

    type: Literal["affair_accepted"] = "affair_accepted"
    data: AffairAcceptedData


class SupplementRequired(_Said):
    """The affair waits for the citizen."""

    type: Literal["supplement_required"] = "supplement_required"
    data: SupplementRequiredData


class AffairProgress(_Said):
    """The affair went a step further."""

    type: Literal["affair_progress"] = "affair_progress"
    data: AffairProgressData


class AffairDecided(_Said):
    """The affair was granted or refused. A refusal ends the case."""

    type: Literal["affair_decided"] = "affair_decided"
    data: AffairDecidedData


class ReadyForCollection(_Said):
    """The document can be fetched."""

    type: Literal["ready_for_collection"] = "ready_for_collection"
    data: ReadyForCollectionData


class AffairCollected(_Said):
    """The document was fetched. Ends the case."""

    type: Literal["collected"] = "collected"
    data: AffairCollectedData


class AffairUncollected(_Said):
    """The document was not fetched in time. Ends the case."""

    type: Literal["uncollected"] = "uncollected"
    data: AffairUncollectedData


class AffairWithdrawn(_Said):
    """The affair is over without a decision. Ends the case."""

    type: Literal["affair_withdrawn"] = "affair_withdrawn"
    data: AffairWithdrawnData


class ReviewPosted(_Said):
    """The citizen has reviewed the service, before or after its end. A bad review becomes a request of its own."""

    type: Literal["review_posted"] = "review_posted"
    data: ReviewPostedData


AffairMessage = Annotated[
    AffairAccepted
    | SupplementRequired
    | AffairProgress
    | AffairDecided
    | ReadyForCollection
    | AffairCollected
    | AffairUncollected
    | AffairWithdrawn
    | ReviewPosted,
    Field(discriminator="type"),
]
"""Everything that the affairs platform can tell us of an affair."""


class AffairMessages(Heard):
    """Everything that was said of an affair, by growing ``sequence``."""

    messages: Listed[AffairMessage]


AFFAIR_MESSAGE: TypeAdapter[AffairMessage] = TypeAdapter(AffairMessage)
"""Reads one message from its body."""
