"""``huying city recalculate``: open requests counted in the city's calendar as it is now, after a look at what would
move.

A newly published year of holidays, or a stop of work, reaches running deadlines only this way: each request gets an
order of its own from a bulk job, which is checked and recorded with its reason.
"""

from __future__ import annotations

from typing import Annotated

import typer

from domain.limits.previews import Outlook
from stack.commands.knocking import ApiOption, AsJsonOption, DataDirOption, KeyOption, door
from stack.commands.mass_orders import asked_for, carry_out, preview, reason_given
from stack.commands.options import DEFAULT_DATA_DIR

_PATH = "/v1/calendar/corrections"

DistrictOption = Annotated[str | None, typer.Option(help="Only requests of a six-digit district.")]
CategoryOption = Annotated[str | None, typer.Option(help="Only requests of a category.")]
LeaveOutOption = Annotated[
    list[Outlook] | None, typer.Option(help="Leave requests with this outlook alone; may be repeated.")
]
ReasonOption = Annotated[str | None, typer.Option(help="Recorded with every request.")]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Give the orders; without it, only show them.")]
WaitOption = Annotated[bool, typer.Option(help="Follow the job to its end.")]
IdempotencyOption = Annotated[
    str | None, typer.Option("--idempotency-key", help="To try the same again safely.")
]


def recalculate(
    district: DistrictOption = None,
    category: CategoryOption = None,
    leave_out: LeaveOutOption = None,
    reason: ReasonOption = None,
    apply: ApplyOption = False,
    wait: WaitOption = True,
    idempotency_key: IdempotencyOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Count open requests in the calendar that the running service has read; restart it after a change of the pack."""
    body = asked_for(district, category)
    with door(data_dir, api, key) as opened:
        if not apply:
            nobody = "Every open request counts in the present calendar."
            preview(opened, _PATH, body, as_json=as_json, none=nobody)
            return
        order = {**asked_for(district, category, leave_out), "reason": reason_given(reason)}
        carry_out(opened, _PATH, order, key=idempotency_key, wait=wait, as_json=as_json)
