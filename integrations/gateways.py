"""Which adapter speaks to which partner."""

from __future__ import annotations

from typing import Protocol

from config.settings import PartnerConnection
from domain.partners import Partner
from integrations.affairs import AffairsGateway
from integrations.enforcement import EnforcementGateway
from integrations.pace import Pace
from integrations.port import PartnerGateway
from integrations.transport import Transport
from integrations.volunteers import VolunteersGateway


class OpenGateway(PartnerGateway, Protocol):
    """A gateway with connections that somebody must end."""

    async def aclose(self) -> None:
        """End the connections."""
        ...


def gateway_for(partner: Partner, connection: PartnerConnection, *, pace: Pace | None = None) -> OpenGateway:
    """The gateway to a partner. Nothing is connected before the first call; whoever asked for it closes it."""
    transport = Transport(connection, pace=pace)
    match partner:
        case Partner.ENFORCEMENT:
            return EnforcementGateway(transport)
        case Partner.AFFAIRS:
            return AffairsGateway(transport)
        case Partner.VOLUNTEERS:
            return VolunteersGateway(transport)
