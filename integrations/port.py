"""The one port through which a partner is spoken to (外部系统接口), whichever partner it is.

Three adapters implement it, each with its own message translation and nothing else. Every call carries a key that is
the same on every retry; a partner acts once per key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.partners import CaseBrief, CaseMessage, Partner


class PartnerUnavailable(Exception):
    """The partner could not be reached, was too busy, or gave half an answer: the same again, later.

    ``retry_after`` is what the partner asked for, if it did.
    """

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class PartnerRejected(Exception):
    """The partner understood and says no: a person decides what follows. Never retried.

    ``code`` is stable (``not_competent``, ``no_violation``, ``duplicate``, ``insufficient``, ``unknown_item``,
    ``unknown_case`` ...), ``unit`` the unit that the partner suggests, if any.
    """

    def __init__(self, code: str, reason: str, unit: str = "") -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.unit = unit


class Unreadable(Exception):
    """A call-back's body is none of the partner's messages; ``field`` names what is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Receipt:
    """The partner has the case. ``number`` is the partner's own, where it gives one at once."""

    number: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What became of taking a case back: it is gone, or it has gone too far and the partner goes on, for a reason."""

    irrevocable: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case in a partner's list, for the daily reconciliation (对账): how many messages it has sent of it, the kind
    of the last one, and whether it has ended there.
    """

    case: str
    last_sequence: int
    last_kind: str
    ended: bool


class PartnerGateway(Protocol):
    """What every partner can be asked.

    Raises, everywhere: :class:`PartnerUnavailable` (try again) or :class:`PartnerRejected` (a person decides).
    """

    partner: Partner

    async def open(self, *, key: str, brief: CaseBrief) -> Receipt:
        """Hand a case over, once per key."""
        ...

    async def read(self, *, case: str) -> tuple[CaseMessage, ...]:
        """Everything that the partner has said of a case, in its order: what the call-backs bring, asked for."""
        ...

    async def withdraw(self, *, key: str, case: str, reason: str) -> Withdrawal:
        """Take a case back, once per key."""
        ...

    async def confirm(self, *, key: str, case: str, note: str) -> None:
        """Tell the partner that its result was received and used, once per key; volunteers' hours are credited then."""
        ...

    async def list_cases(self, *, since: datetime) -> Sequence[CaseLine]:
        """Every case of ours that is open at the partner or ended there since that instant."""
        ...

    def message_in(self, body: bytes) -> CaseMessage:
        """The message in a call-back's body.

        Raises:
            Unreadable: the body is none of the partner's messages.
        """
        ...
