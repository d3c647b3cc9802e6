"""What the three translations have in common: instants, places, and what stands on every message."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.partners import CaseMessage
from domain.responsibility.routing import Place
from integrations.wire.envelope import Message, PlaceSent


def in_utc(instant: datetime) -> datetime:
    """The same instant, in UTC."""
    return instant.astimezone(UTC)


def place_sent(place: Place) -> PlaceSent:
    """The place, as partners read it."""
    return PlaceSent(
        area=place.area, address=place.address, latitude=place.latitude, longitude=place.longitude
    )


def envelope_of(message: Message, kind: str) -> CaseMessage:
    """A message without what it says: whose it is, which one it is, and when it was sent."""
    return CaseMessage(
        id=message.message_id,
        case=message.correlation_id,
        sequence=message.sequence,
        kind=kind,
        sent_at=in_utc(message.sent_at),
    )
