"""What a partner's messages mean: one table per partner, a line a kind. Source: domain practice of the three systems.

``stands`` is where the case stands after the message (``None``: where it stood), ``by_code`` the exceptions by the
message's code; ``after`` are the kinds of which one must have come before; ``told`` says whether the request hears of
it even if the case stands where it stood; ``confirmed`` whether the partner is told that its result was received;
``counts`` whether its number of people is that of those who take part, and not of those who are there just now;
``remark`` whether it is said beside the procedure, so that what stands of the case stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.partners import REVIEW, CaseStatus, Partner

HANDED_OVER, UNDER_WAY = CaseStatus.HANDED_OVER, CaseStatus.UNDER_WAY
DONE, REFUSED, WITHDRAWN = CaseStatus.DONE, CaseStatus.REFUSED, CaseStatus.WITHDRAWN


@dataclass(frozen=True, slots=True)
class Kind:
    """What a message of one kind means for its case."""

    stands: CaseStatus | None = None
    after: tuple[str, ...] = ()
    by_code: Mapping[str, CaseStatus] = field(default_factory=dict[str, CaseStatus])
    told: bool = True
    confirmed: bool = False
    counts: bool = False
    remark: bool = False

    def status(self, code: str) -> CaseStatus | None:
        """Where the case stands after a message with this code."""
        return self.by_code.get(code, self.stands)


KINDS: Mapping[Partner, Mapping[str, Kind]] = {
    Partner.ENFORCEMENT: {
        "clue_received": Kind(HANDED_OVER),
        "clue_refused": Kind(REFUSED),
        "case_filed": Kind(UNDER_WAY),
        "on_site_result": Kind(DONE, confirmed=True),
        "case_decided": Kind(UNDER_WAY, after=("case_filed",)),
        "case_closed": Kind(DONE, after=("case_filed",), confirmed=True),
    },
    Partner.AFFAIRS: {
        "affair_accepted": Kind(UNDER_WAY),
        "supplement_required": Kind(),
        "affair_progress": Kind(),
        "affair_decided": Kind(UNDER_WAY, after=("affair_accepted",), by_code={"refused": REFUSED}),
        "ready_for_collection": Kind(UNDER_WAY, after=("affair_decided",)),
        "collected": Kind(DONE, after=("ready_for_collection",), confirmed=True),
        "uncollected": Kind(DONE, after=("ready_for_collection",), confirmed=True),
        "affair_withdrawn": Kind(WITHDRAWN),
        REVIEW: Kind(told=False, remark=True),
    },
    Partner.VOLUNTEERS: {
        "sign_up": Kind(told=False, counts=True),
        "sign_off": Kind(told=False, counts=True),
        "enrolment_closed": Kind(counts=True),
        "check_in": Kind(UNDER_WAY, told=False),
        "check_out": Kind(after=("check_in",), told=False),
        "report": Kind(UNDER_WAY, after=("check_in",), confirmed=True, counts=True),
        "hours_credited": Kind(DONE, after=("report",), counts=True),
        "task_refused": Kind(REFUSED),
        "unclaimed": Kind(WITHDRAWN),
    },
}

_UNKNOWN = Kind()


def kind_of(partner: Partner, kind: str) -> Kind:
    """The meaning of a kind; one that the table does not know is kept and told, and moves nothing."""
    return KINDS[partner].get(kind, _UNKNOWN)
