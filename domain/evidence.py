"""References to evidence in commands: bounded in number."""

from __future__ import annotations

from domain.refusals import Refused

EVIDENCE_LIMIT = 20
"""Most references to evidence in one command."""


def bounded(evidence: tuple[str, ...]) -> tuple[str, ...]:
    """The references, if there are not too many.

    Raises:
        Refused: ``too_much_evidence``.
    """
    if len(evidence) > EVIDENCE_LIMIT:
        raise Refused(
            "too_much_evidence", "evidence", f"{len(evidence)} references", f"at most {EVIDENCE_LIMIT}"
        )
    return evidence
