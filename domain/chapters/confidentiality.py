"""What a confidential request keeps to its lead unit: nobody else is drawn in, whoever they are."""

from __future__ import annotations

from domain.refusals import Refused
from domain.request import RequestState


def must_not_be_confidential(state: RequestState, ban: str, field: str = "visibility") -> None:
    """Others may hear of the request; ``ban`` says who else may not, for the refusal.

    Raises:
        Refused: ``confidential``.
    """
    if state.visibility.is_confidential:
        raise Refused(
            "confidential",
            field,
            f"the request is {state.visibility}: {ban}",
            "handling by the lead unit alone",
        )
