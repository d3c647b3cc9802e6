"""Governed exceptions (例外管控): what may be asked for, and one door for each kind.

One table says where a kind is asked for and with which body; the city's terms and the rules decide everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.exceptions.bodies import AskingBody, DeferBody, GroundedBody, RemovalBody, ReturnBody, TransferBody
from api.exceptions.terms_shown import TermsShown, terms_shown
from api.frame.access import ActingRole, ThePrincipal
from api.frame.doors import Doors, TheDoors
from api.frame.fields import IdempotencyKey, IfMatch, LegPath, NumberPath
from api.frame.openapi import name_of, reads, refusals_of
from api.requests.commanding import Given, give
from api.requests.commands import named_unit, taking_body
from domain.commands import Act, Apply, OpenCase, Rule
from domain.exceptions.applications import Application, ExceptionKind
from domain.exceptions.terms import Terms
from domain.exceptions.undecided import can_be_decided
from domain.lifecycle import TABLE, possible_acts
from domain.refusals import Refused
from domain.request import RequestState
from domain.units import Role

router = APIRouter(prefix="/v1", tags=["exceptions"])
APPLY, RULE, OPEN_CASE = name_of(Apply), name_of(Rule), name_of(OpenCase)


class AllTerms(BaseModel):
    """The terms of every kind."""

    items: list[TermsShown]


@router.get(
    "/exceptions", operation_id="list_exceptions", summary="What may be asked for 例外事项", responses=reads()
)
async def list_exceptions(doors: TheDoors, principal: ThePrincipal) -> AllTerms:
    """The city's terms of governed exceptions, with the reasons to choose from in both languages."""
    del principal
    return AllTerms(
        items=[terms_shown(terms, _PATHS.get(terms.kind)) for terms in doors.pack.exceptions.values()]
    )


@dataclass(frozen=True, slots=True)
class Asking:
    """Where a kind is asked for, by which body, with an example."""

    kind: ExceptionKind
    command: str
    body: type[AskingBody]
    example: dict[str, Any]


_WRONG_UNIT = {
    "reason": "wrong_function",
    "explanation": "该路段灯杆由供电部门管养",
    "unit": "440106-urban_mgmt_bureau",
    "legal_basis": "《广州市城市照明管理办法》",
}
_NO_LAW = {
    "reason": "against_the_law",
    "explanation": "要求拆除他人合法建筑",
    "legal_basis": "《民法典》第二百零七条",
    "evidence": ["不动产权证-1"],
}
_LATER = {
    "reason": "no_funds",
    "explanation": "本年度预算未列支",
    "plan": "列入2027年微改造计划",
    "until": "2027-06-30T18:00:00+08:00",
    "evidence": ["预算批复-3"],
}
_DISPUTED = {
    "reason": "ownership_unclear",
    "explanation": "道路未办理移交",
    "legal_basis": "《广东省城镇道路管理办法》",
}

OF_LEGS = (
    Asking(ExceptionKind.RETURN, "return", ReturnBody, _WRONG_UNIT),
    Asking(
        ExceptionKind.EXTENSION,
        "extend",
        AskingBody,
        {"reason": "several_units", "explanation": "须会同水务部门排查", "evidence": ["会商纪要-1"]},
    ),
    Asking(
        ExceptionKind.SUSPENSION,
        "suspend",
        AskingBody,
        {"reason": "site_inaccessible", "explanation": "业主外出，无法入户", "evidence": ["通话记录-2"]},
    ),
    Asking(ExceptionKind.DISPUTE, "dispute", ReturnBody, _DISPUTED),
    Asking(ExceptionKind.BACKLOG, "defer", DeferBody, _LATER),
    Asking(ExceptionKind.UNREASONABLE, "mark-unreasonable", GroundedBody, _NO_LAW),
    Asking(
        ExceptionKind.REMOVAL,
        "release-joint",
        RemovalBody,
        {
            "reason": "no_contribution",
            "explanation": "两次催促仍未反馈，现场已由街道处理",
            "unit": "440106-parks_bureau",
        },
    ),
    Asking(ExceptionKind.MALICIOUS, "mark-malicious", GroundedBody, {**_NO_LAW, "reason": "invented"}),
)
"""What the unit that holds a leg asks for."""

OF_REQUESTS = (
    Asking(
        ExceptionKind.TRANSFER_OUT,
        "transfer-out",
        TransferBody,
        {"reason": "police_110", "explanation": "现场有人打斗", "channel": "110"},
    ),
    Asking(ExceptionKind.VOID, "void", AskingBody, {"reason": "test_record", "explanation": "坐席测试录入"}),
    Asking(
        ExceptionKind.APPEAL,
        "appeal",
        AskingBody,
        {"reason": "facts_disputed", "explanation": "现场情况与认定不符"},
    ),
    Asking(ExceptionKind.DISPUTE, "dispute", ReturnBody, _DISPUTED),
)
"""What is asked of a request as a whole."""


def terms_of(doors: Doors, kind: ExceptionKind) -> Terms:
    """The city's terms for a kind.

    Raises:
        Refused: ``not_offered``.
    """
    terms = doors.pack.exceptions.get(kind)
    if terms is None:
        raise Refused("not_offered", "kind", f"this city lets nobody ask for {kind}", "the ordinary way")
    return terms


def application(doors: Doors, terms: Terms, body: AskingBody, leg: str | None) -> Act:
    """The act of applying: the terms, the body, and the suggested unit looked up.

    Raises:
        Refused: ``unknown_unit``.
    """
    given = dict(body)
    if "unit" in given:
        given["unit"] = named_unit(doors, given["unit"])
    return Apply(terms=terms, leg=leg, **given)


def possible_commands(doors: Doors, state: RequestState, roles: Collection[Role]) -> list[str]:
    """The names of the doors through which somebody with these roles may do something in this state.

    Quotas, windows and particulars are looked at only when an exception is asked for.
    """
    commands = possible_acts(state, roles)
    if APPLY in commands:
        at = commands.index(APPLY)
        commands[at : at + 1] = _askable(doors, state, roles)
    if RULE in commands and not any(_to_be_decided(state, asked, roles) for asked in state.undecided):
        commands.remove(RULE)
    if OPEN_CASE in commands and not doors.neighbours:
        commands.remove(OPEN_CASE)
    return commands


def _askable(doors: Doors, state: RequestState, roles: Collection[Role]) -> list[str]:
    offered = [
        asking.command
        for asking in (*OF_LEGS, *OF_REQUESTS)
        if (terms := doors.pack.exceptions.get(asking.kind))
        and state.state in terms.states
        and (asking.kind is not ExceptionKind.APPEAL or _may_be_appealed(state))
        and not set(roles).isdisjoint(terms.asked_by)
    ]
    return list(dict.fromkeys(offered))


def _may_be_appealed(state: RequestState) -> bool:
    """Whether there is a finding that nobody has appealed against yet."""
    appealed = any(asked.kind is ExceptionKind.APPEAL for asked in state.applications)
    return state.exclusion is not None and not appealed


def _to_be_decided(state: RequestState, asked: Application, roles: Collection[Role]) -> bool:
    return can_be_decided(state, asked) and not set(roles).isdisjoint(asked.deciders)


def _add_to_legs(asking: Asking) -> None:
    async def handler(
        *,
        doors: TheDoors,
        principal: ThePrincipal,
        leg_id: LegPath,
        key: IdempotencyKey,
        body: AskingBody,
        response: Response,
        if_match: IfMatch = None,
        role: ActingRole = None,
    ) -> Given:
        number, _, leg = leg_id.partition(".")
        terms = terms_of(doors, asking.kind)

        async def make() -> Act:
            return application(doors, terms, body, leg)

        return await give(
            doors, principal, number, APPLY, make, among=terms.asked_by, called=asking.command,
            key=key, body=body, if_match=if_match, role=role, response=response, leg=leg,
        )  # fmt: skip

    _add_route(f"/legs/{{leg_id}}/{asking.command}", f"leg_{asking.kind}", asking, handler, "legs")


def _add_to_requests(asking: Asking) -> None:
    async def handler(
        *,
        doors: TheDoors,
        principal: ThePrincipal,
        number: NumberPath,
        key: IdempotencyKey,
        body: AskingBody,
        response: Response,
        if_match: IfMatch = None,
        role: ActingRole = None,
    ) -> Given:
        terms = terms_of(doors, asking.kind)

        async def make() -> Act:
            return application(doors, terms, body, None)

        return await give(
            doors, principal, number, APPLY, make, among=terms.asked_by, called=asking.command,
            key=key, body=body, if_match=if_match, role=role, response=response,
        )  # fmt: skip

    _add_route(f"/requests/{{number}}/{asking.command}", asking.kind, asking, handler, "commands")


def _add_route(path: str, name: str, asking: Asking, handler: Callable[..., Any], tag: str) -> None:
    router.add_api_route(
        path,
        taking_body(handler, asking.body, asking.example),
        methods=["POST"],
        operation_id=name,
        summary=f"Ask for {asking.kind.replace('_', ' ')}",
        description=f"{TABLE[APPLY].zh}. Who may ask, when, for which reasons and who decides: `/v1/exceptions`.",
        response_model=Given,
        responses=refusals_of(Apply),
        tags=[tag],
    )


for _asking in OF_LEGS:
    _add_to_legs(_asking)
for _asking in OF_REQUESTS:
    _add_to_requests(_asking)


_PATHS = {
    **{asking.kind: f"/v1/requests/{{number}}/{asking.command}" for asking in OF_REQUESTS},
    **{asking.kind: f"/v1/legs/{{leg_id}}/{asking.command}" for asking in OF_LEGS},
}
