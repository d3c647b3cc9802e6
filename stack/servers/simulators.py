"""The simulated partners of an embedded stack: one program with a port and keys of its own for each of them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.partners import Partner
from integrations.simulators.profiles import profiles
from stack.data_dir import PartnerKeys
from stack.errors import StackProblem
from stack.servers.processes import Program

_HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Simulators:
    """Where the partners answer, from ``first_port`` on, and what the service must know to speak with them.

    ``api`` is the service's own address, for their call-backs; ``folder`` keeps what they know.
    """

    first_port: int
    profile: str
    folder: Path
    api: str
    keys: Mapping[str, PartnerKeys]

    def __post_init__(self) -> None:
        if self.profile not in profiles():
            raise StackProblem(
                f"'{self.profile}' is no profile of the simulated partners; one of {', '.join(profiles())} is wanted."
            )

    @property
    def ports(self) -> dict[Partner, int]:
        """The port of each partner."""
        return {partner: self.first_port + place for place, partner in enumerate(Partner)}

    @property
    def addresses(self) -> dict[str, str]:
        """Where each partner answers, and shows its page."""
        return {partner.value: f"http://{_HOST}:{port}" for partner, port in self.ports.items()}

    @property
    def connections(self) -> str:
        """The setting ``partners`` of worker and API."""
        return json.dumps(
            {
                partner: {
                    "url": address,
                    "token": self.keys[partner].token,
                    "callback_secrets": [self.keys[partner].callback_secret],
                }
                for partner, address in self.addresses.items()
            }
        )

    def program(self, log: Path) -> Program:
        """The process of all three."""
        simulated = {
            partner: {
                "port": port,
                "token": self.keys[partner].token,
                "callback_secret": self.keys[partner].callback_secret,
            }
            for partner, port in self.ports.items()
        }
        return Program(
            name="partners",
            command=[sys.executable, "-P", "-m", "integrations.simulators"],
            log=log,
            environment={
                **os.environ,
                "HUYING_SIMULATORS_PARTNERS": json.dumps(simulated),
                "HUYING_SIMULATORS_DATA_DIR": str(self.folder),
                "HUYING_SIMULATORS_HOST": _HOST,
                "HUYING_SIMULATORS_CALLBACKS": f"{self.api}/v1/partners",
                "HUYING_SIMULATORS_PROFILE": self.profile,
            },
        )
