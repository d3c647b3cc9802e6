"""Every message of every partner and every order to them: what crosses the border, what it becomes, and what stays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from domain.cases.handovers import LONGEST_CODE, MOST_ENTRIES, MOST_VOLUNTEERS, checked
from domain.cases.kinds import KINDS
from domain.chapters.neighbours import LONGEST_DOCUMENT
from domain.evidence import EVIDENCE_LIMIT
from domain.limits.policy import Urgency
from domain.partners import (
    Affair,
    CaseBrief,
    CaseMessage,
    Clue,
    FoundMatter,
    Handover,
    Partner,
    VolunteerTask,
)
from domain.responsibility.routing import Place
from domain.texts import TEXT_LIMIT
from integrations.affairs import AffairsGateway
from integrations.enforcement import HURRY, EnforcementGateway
from integrations.gateways import gateway_for
from integrations.port import PartnerRejected, Unreadable
from integrations.volunteers import KINDS as TASK_KINDS
from integrations.volunteers import PRIORITY, VolunteersGateway
from integrations.wire.affairs import AffairMessage
from integrations.wire.enforcement import EnforcementMessage
from integrations.wire.volunteers import VolunteerMessage
from tests.integrations.misbehaving import Behaviour, answer, connection_to, serving

BEGIN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CASE = "20261123-0000042-p1"
ITEM = "11440106007508101B4440125001000"
UNTIL = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)

CLUE = Clue(
    facts="烧烤店占道经营，每晚油烟扰民", legal_basis="《广州市市容环境卫生管理规定》", suspect="某烧烤店"
)
AFFAIR = Affair(
    item_code=ITEM, facts="申请加装电梯补贴", consent="ct-8F3A", materials=("m-1",), window="天河 3 号窗"
)
TASK = VolunteerTask(
    task_kind="visit",
    facts="探访独居长者",
    starts_at=BEGIN + timedelta(days=1),
    ends_at=BEGIN + timedelta(days=1, hours=2),
    at_least=2,
    at_most=4,
    skills=("粤语",),
    safety_note="两人同行",
)


def brief_of(partner: Partner, **changes: Any) -> CaseBrief:
    """A case to be handed to a partner."""
    handover = {Partner.ENFORCEMENT: CLUE, Partner.AFFAIRS: AFFAIR, Partner.VOLUNTEERS: TASK}[partner]
    brief = CaseBrief(
        case=CASE,
        request="20261123-0000042",
        partner=partner,
        urgency=Urgency.HIGH,
        category="0104",
        place=Place("440106012", "五山路1号", 23.15, 113.35),
        handover=handover,
        evidence=("photo-1",),
        opened_at=BEGIN,
        due_at=UNTIL,
        claim_by=None,
        poll_every=timedelta(minutes=5),
        hold_gaps=timedelta(hours=24),
    )
    return replace(brief, **changes)


def body_of(partner: Partner, kind: str, data: Mapping[str, Any], **changes: Any) -> bytes:
    """A call-back's body, as the partner writes it."""
    message = {
        "message_id": "m-1",
        "correlation_id": CASE,
        "sequence": 3,
        "sent_at": "2026-11-23T10:00:00+08:00",
        "schema_version": "1.0",
        "source": partner.value,
        "type": kind,
        "data": data,
    }
    return json.dumps(
        {name: value for name, value in (message | changes).items() if value is not None}
    ).encode()


def heard(partner: Partner, body: bytes) -> CaseMessage:
    return gateway_for(partner, connection_to("http://127.0.0.1:1")).message_in(body)


ENFORCEMENT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "clue_received",
        {"clue_number": "XS1", "officer_unit": "直属一队"},
        {"number": "XS1", "text": "直属一队"},
    ),
    (
        "clue_refused",
        {"code": "not_competent", "reason": "不属于本队职责", "suggested_unit": "住建局"},
        {"code": "not_competent", "text": "不属于本队职责", "unit": "住建局"},
    ),
    (
        "case_filed",
        {"case_number": "穗立〔2026〕1号", "filed_on": "2026-11-24", "procedure": "ordinary"},
        {"number": "穗立〔2026〕1号", "code": "ordinary", "text": "2026-11-24"},
    ),
    (
        "on_site_result",
        {
            "result": "ordered_to_correct",
            "correct_by": "2026-11-30T17:00:00+08:00",
            "note": "责令改正",
            "photos": ["p-1"],
        },
        {"code": "ordered_to_correct", "until": UNTIL, "text": "责令改正", "evidence": ("p-1",)},
    ),
    (
        "case_decided",
        {"decision_number": "穗罚〔2026〕1号", "measure": "罚款", "amount_class": "up_to_1000"},
        {"code": "up_to_1000", "text": "穗罚〔2026〕1号 罚款"},
    ),
    (
        "case_closed",
        {"case_number": "穗立〔2026〕1号", "closed_on": "2026-12-01", "result": "已改正", "photos": ["p-2"]},
        {"number": "穗立〔2026〕1号", "text": "已改正", "evidence": ("p-2",)},
    ),
]
AFFAIRS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "affair_accepted",
        {"caseNo": "BJ1", "promisedBy": "2026-11-30T17:00:00+08:00"},
        {"number": "BJ1", "until": UNTIL},
    ),
    (
        "supplement_required",
        {"materials": ["身份证", "房产证"], "until": "2026-11-30T17:00:00+08:00"},
        {"text": "身份证；房产证", "until": UNTIL},
    ),
    ("affair_progress", {"step": "现场勘查"}, {"text": "现场勘查"}),
    ("affair_decided", {"decision": "granted", "documentNo": "ZZ1"}, {"code": "granted", "text": "ZZ1"}),
    (
        "affair_decided",
        {"decision": "refused", "reason": "不符合条件"},
        {"code": "refused", "text": "不符合条件"},
    ),
    (
        "ready_for_collection",
        {
            "at": "locker",
            "where": "政务中心 2 号柜",
            "collectionCode": "8802",
            "until": "2026-11-30T17:00:00+08:00",
        },
        {"code": "8802", "text": "政务中心 2 号柜", "until": UNTIL},
    ),
    ("collected", {"collectedAt": "2026-11-29T17:00:00+08:00"}, {}),
    ("uncollected", {"returnedTo": "区住建局"}, {"text": "区住建局"}),
    (
        "affair_withdrawn",
        {"code": "withdrawn_by_applicant", "reason": "申请人撤回"},
        {"code": "withdrawn_by_applicant", "text": "申请人撤回"},
    ),
    (
        "review_posted",
        {"score": 1, "text": "等了三个小时"},
        {"code": "score_1", "text": "等了三个小时", "found": (FoundMatter("等了三个小时", score=1),)},
    ),
    ("review_posted", {"score": 5}, {"code": "score_5", "found": (FoundMatter("", score=5),)}),
]
VOLUNTEERS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("sign_up", {"volunteer": "v-01ab", "team": "街坊队", "signed_up": 2}, {"people": 2, "text": "街坊队"}),
    ("sign_up", {"volunteer": "v-01ab", "waiting": True, "signed_up": 4}, {"people": 4, "code": "waiting"}),
    ("sign_off", {"volunteer": "v-01ab", "signed_up": 1}, {"people": 1}),
    ("enrolment_closed", {"accepted": ["v-01ab", "v-01ac"], "waiting_list": ["v-01ad"]}, {"people": 2}),
    (
        "check_in",
        {"volunteer": "v-01ab", "checked_in_at": "2026-11-24T10:00:00+08:00", "present": 1},
        {"people": 1},
    ),
    (
        "check_out",
        {"volunteer": "v-01ab", "checked_out_at": "2026-11-24T12:00:00+08:00", "minutes": 90, "present": 0},
        {"hours": 1.5},
    ),
    (
        "report",
        {"result": "已探访", "photos": ["p-3"], "new_issues": ["路灯不亮"], "people": 2},
        {
            "text": "已探访\n- 路灯不亮",
            "evidence": ("p-3",),
            "people": 2,
            "found": (FoundMatter("路灯不亮"),),
        },
    ),
    (
        "report",
        {
            "result": "已探访",
            "new_issues": [
                {
                    "text": "井盖缺失",
                    "reference": "WT-7",
                    "category": "0301",
                    "place": {"area": "440106012003", "address": "五山路9号", "latitude": 23.1},
                    "photos": ["p-4"],
                },
                {"text": "路灯不亮"},
            ],
            "people": 2,
        },
        {
            "text": "已探访\n- 井盖缺失\n- 路灯不亮",
            "people": 2,
            "found": (
                FoundMatter("井盖缺失", "WT-7", "0301", Place("440106012003", "五山路9号", 23.1), ("p-4",)),
                FoundMatter("路灯不亮"),
            ),
        },
    ),
    (
        "hours_credited",
        {
            "receipt_number": "SC1",
            "credits": [{"volunteer": "v-01ab", "minutes": 90}, {"volunteer": "v-01ac", "minutes": 60}],
        },
        {"text": "SC1", "people": 2, "hours": 2.5},
    ),
    (
        "task_refused",
        {"code": "not_suitable", "reason": "不适合"},
        {"code": "not_suitable", "text": "不适合"},
    ),
    ("unclaimed", {"signed_up": 1}, {"people": 1}),
]
TABLES = {Partner.ENFORCEMENT: ENFORCEMENT, Partner.AFFAIRS: AFFAIRS, Partner.VOLUNTEERS: VOLUNTEERS}
LINES = [
    pytest.param(partner, *line, id=f"{partner}: {line[0]} {number}")
    for partner, lines in TABLES.items()
    for number, line in enumerate(lines)
]


@pytest.mark.parametrize(("partner", "kind", "data", "means"), LINES)
def test_a_message_keeps_its_envelope_and_says_the_same_in_shared_words(
    partner: Partner, kind: str, data: dict[str, Any], means: dict[str, Any]
):
    bare = CaseMessage(id="m-1", case=CASE, sequence=3, kind=kind, sent_at=BEGIN)
    assert heard(partner, body_of(partner, kind, data)) == replace(bare, **means)


@pytest.mark.parametrize(
    ("partner", "union"),
    [
        (Partner.ENFORCEMENT, EnforcementMessage),
        (Partner.AFFAIRS, AffairMessage),
        (Partner.VOLUNTEERS, VolunteerMessage),
    ],
)
def test_every_kind_of_the_wire_is_translated_here_and_has_a_meaning_for_its_case(
    partner: Partner, union: Any
):
    on_the_wire = {str(each.model_fields["type"].default) for each in get_args(get_args(union)[0])}
    assert {line[0] for line in TABLES[partner]} == on_the_wire
    assert set(KINDS[partner]) == on_the_wire


@pytest.mark.parametrize(("partner", "kind", "data", "means"), LINES)
def test_fields_of_a_later_version_are_read_past(
    partner: Partner, kind: str, data: dict[str, Any], means: dict[str, Any]
):
    later = body_of(partner, kind, data | {"mood": "good"}, schema_version="1.7", weather="fine")
    assert heard(partner, later) == heard(partner, body_of(partner, kind, data))


@pytest.mark.parametrize(("partner", "kind", "data", "means"), LINES)
def test_what_is_null_counts_as_left_out(
    partner: Partner, kind: str, data: dict[str, Any], means: dict[str, Any]
):
    model = _data_of(partner, kind)
    spelled = {field.alias or name for name, field in model.model_fields.items()}
    empty = dict.fromkeys(spelled - set(data))
    assert heard(partner, body_of(partner, kind, data | empty)) == heard(
        partner, body_of(partner, kind, data)
    )


def _data_of(partner: Partner, kind: str) -> type[BaseModel]:
    unions = {
        Partner.ENFORCEMENT: EnforcementMessage,
        Partner.AFFAIRS: AffairMessage,
        Partner.VOLUNTEERS: VolunteerMessage,
    }
    messages: tuple[type[BaseModel], ...] = get_args(get_args(unions[partner])[0])
    (message,) = (each for each in messages if each.model_fields["type"].default == kind)
    return cast("type[BaseModel]", message.model_fields["data"].annotation)


@pytest.mark.parametrize("partner", Partner)
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"no JSON", "body"),
        (b"[]", "body"),
        (b"{}", "type"),
        (b'{"type": "case_paused"}', "type"),
    ],
)
def test_a_body_of_no_kind_names_what_is_wrong(partner: Partner, body: bytes, field: str):
    with pytest.raises(Unreadable) as caught:
        heard(partner, body)
    assert caught.value.field == field


def test_a_field_is_named_as_the_partner_wrote_it():
    with pytest.raises(Unreadable) as caught:
        heard(Partner.ENFORCEMENT, body_of(Partner.ENFORCEMENT, "case_filed", {"case_number": "1"}))
    assert caught.value.field == "data.filed_on"


@pytest.mark.parametrize("partner", Partner)
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sent_at": "2026-11-23T10:00:00"}, "sent_at"),
        ({"sent_at": 1763863200}, "sent_at"),
        ({"sent_at": "1763863200"}, "sent_at"),
        ({"sent_at": "1999-12-31T23:59:59Z"}, "sent_at"),
        ({"sent_at": "9999-12-31T23:59:59-12:00"}, "sent_at"),
        ({"sequence": 0}, "sequence"),
        ({"sequence": "3"}, "sequence"),
        ({"schema_version": "2.0"}, "schema_version"),
        ({"schema_version": None}, "schema_version"),
        ({"source": "somebody"}, "source"),
        ({"source": None}, "source"),
        ({"message_id": ""}, "message_id"),
        ({"correlation_id": "../p1"}, "correlation_id"),
        ({"correlation_id": None}, "correlation_id"),
    ],
)
def test_a_body_without_a_right_envelope_is_unreadable_and_says_where(
    partner: Partner, changes: dict[str, Any], field: str
):
    kind, data, _ = TABLES[partner][0]
    with pytest.raises(Unreadable) as caught:
        heard(partner, body_of(partner, kind, data, **changes))
    assert caught.value.field.split(".")[-1] == field


@pytest.mark.parametrize(
    "data",
    [
        {"result": "ordered_to_correct", "note": "a\0b"},
        {"result": "ordered_to_correct", "photos": ["p-1", "p\0-2"]},
    ],
)
def test_a_text_that_no_database_keeps_is_unreadable(data: dict[str, Any]):
    with pytest.raises(Unreadable, match="U\\+0000"):
        heard(Partner.ENFORCEMENT, body_of(Partner.ENFORCEMENT, "on_site_result", data))


@pytest.mark.parametrize(
    ("partner", "kind", "data"),
    [
        (Partner.AFFAIRS, "review_posted", {"score": 0}),
        (Partner.AFFAIRS, "review_posted", {"score": 6}),
        (Partner.AFFAIRS, "review_posted", {"text": "慢"}),
        *(
            (Partner.VOLUNTEERS, "report", {"result": "已探访", "people": 1, "new_issues": issues})
            for issues in (
                [""],
                ["x"] * 21,
                [{"text": ""}],
                [{"text": "a\0b"}],
                [{"text": "x", "place": {"address": "五山路"}}],
                [{"text": "x", "place": {"area": "440106", "latitude": 91}}],
                [{"text": "x", "category": "路灯"}],
            )
        ),
    ],
)
def test_a_finding_that_makes_no_sense_is_unreadable(partner: Partner, kind: str, data: dict[str, Any]):
    with pytest.raises(Unreadable):
        heard(partner, body_of(partner, kind, data))


@pytest.mark.parametrize("partner", Partner)
@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"type": "case_filed"', b'{"type": "unheard_of"}'])
def test_what_is_no_message_is_unreadable(partner: Partner, body: bytes):
    with pytest.raises(Unreadable):
        heard(partner, body)


def test_the_message_of_one_partner_is_none_of_another():
    kind, data, _ = ENFORCEMENT[0]
    with pytest.raises(Unreadable):
        heard(Partner.AFFAIRS, body_of(Partner.ENFORCEMENT, kind, data))


async def handed(brief: CaseBrief) -> dict[str, Any]:
    """What the partner gets for a case."""
    yes = json.dumps({"acknowledgement": "accepted", "message_id": "key-1"})
    behaviour = Behaviour((answer(202, yes),))
    async with serving(behaviour) as connection:
        gateway = gateway_for(brief.partner, connection)
        await gateway.open(key="key-1", brief=brief)
        await gateway.aclose()
    body = json.loads(behaviour.seen[0].body)
    assert (body["message_id"], body["correlation_id"], body["sequence"]) == ("key-1", CASE, 1)
    return body["data"]


async def test_a_clue_says_what_the_team_needs_and_seals_who_reported_it():
    assert await handed(brief_of(Partner.ENFORCEMENT)) == {
        "category": "0104",
        "place": {"area": "440106012", "address": "五山路1号", "latitude": 23.15, "longitude": 113.35},
        "facts": CLUE.facts,
        "suspected_subject": CLUE.suspect,
        "legal_basis": CLUE.legal_basis,
        "photos": ["photo-1"],
        "hurry": "fast",
        "reply_requested_by": "2026-11-30T09:00:00Z",
        "reporter": "sealed",
    }


async def test_an_affair_names_the_item_and_the_citizen_by_a_token_only():
    assert await handed(brief_of(Partner.AFFAIRS)) == {
        "itemCode": ITEM,
        "consentToken": "ct-8F3A",
        "divisionCode": "440106012",
        "statement": AFFAIR.facts,
        "materials": ["m-1", "photo-1"],
        "windowPreference": "天河 3 号窗",
        "followsCaseNo": "",
        "urgent": False,
        "answerBy": "2026-11-30T09:00:00Z",
    }


async def test_a_task_says_where_when_and_how_many():
    brief = brief_of(Partner.VOLUNTEERS, claim_by=BEGIN + timedelta(hours=2))
    assert await handed(brief) == {
        "kind": "VISIT",
        "category": "0104",
        "place": {"area": "440106012", "address": "五山路1号", "latitude": 23.15, "longitude": 113.35},
        "description": TASK.facts,
        "starts_at": "2026-11-24T02:00:00Z",
        "ends_at": "2026-11-24T04:00:00Z",
        "people_min": 2,
        "people_max": 4,
        "skills": ["粤语"],
        "adults_only": True,
        "insurance": "required",
        "safety_note": "两人同行",
        "photos": ["photo-1"],
        "claim_by": "2026-11-23T04:00:00Z",
        "priority": 2,
    }


@pytest.mark.parametrize("partner", Partner)
@pytest.mark.parametrize("urgency", Urgency)
async def test_every_urgency_can_be_said_to_every_partner(partner: Partner, urgency: Urgency):
    assert await handed(brief_of(partner, urgency=urgency))


def test_no_kind_of_task_and_no_urgency_is_forgotten():
    assert set(get_args(get_type_hints(VolunteerTask)["task_kind"])) == set(TASK_KINDS)
    assert set(HURRY) == set(PRIORITY) == set(Urgency)


@pytest.mark.parametrize(
    ("brief", "field"),
    [
        (brief_of(Partner.ENFORCEMENT, handover=replace(CLUE, facts="")), "facts"),
        (brief_of(Partner.ENFORCEMENT, evidence=tuple(f"p-{n}" for n in range(51))), "photos"),
        (brief_of(Partner.AFFAIRS, handover=replace(AFFAIR, item_code="short")), "item_code"),
        (brief_of(Partner.VOLUNTEERS, handover=replace(TASK, at_most=51)), "people_max"),
        (brief_of(Partner.VOLUNTEERS, handover=CLUE), "tasks"),
        (brief_of(Partner.AFFAIRS, handover=CLUE), "affairs"),
        (brief_of(Partner.ENFORCEMENT, handover=TASK), "clues"),
    ],
)
async def test_what_a_contract_has_no_room_for_is_a_no_before_anything_is_sent(brief: CaseBrief, field: str):
    gateway = gateway_for(brief.partner, connection_to("http://127.0.0.1:1"))
    with pytest.raises(PartnerRejected, match=field) as caught:
        await gateway.open(key="key-1", brief=brief)
    assert caught.value.code == "not_sendable"


@pytest.mark.parametrize("partner", Partner)
async def test_whatever_the_rules_let_a_unit_hand_over_can_be_written(partner: Partner):
    text, code = "字" * TEXT_LIMIT, "c" * LONGEST_CODE
    codes = (code,) * MOST_ENTRIES
    longest: dict[Partner, Handover] = {
        Partner.ENFORCEMENT: Clue(text, text, text),
        Partner.AFFAIRS: Affair(ITEM, text, code, codes, code, code),
        Partner.VOLUNTEERS: replace(
            TASK,
            facts=text,
            at_least=MOST_VOLUNTEERS,
            at_most=MOST_VOLUNTEERS,
            skills=codes,
            safety_note=text,
        ),
    }
    evidence = ("p" * LONGEST_DOCUMENT,) * EVIDENCE_LIMIT
    assert await handed(brief_of(partner, handover=checked(longest[partner], BEGIN), evidence=evidence))


def test_the_adapters_are_the_ports_of_their_partners():
    adapters = (EnforcementGateway, AffairsGateway, VolunteersGateway)
    assert [adapter.partner for adapter in adapters] == list(Partner)


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-23T10:00:00Z", "a\0b"]
    )
    | st.integers(min_value=10**300, max_value=10**310)
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@given(line=st.sampled_from(LINES), changed=st.data())
def test_whatever_a_partner_sends_is_a_message_or_unreadable(line: Any, changed: st.DataObject):
    partner, kind, data, _ = line.values
    message = json.loads(body_of(partner, kind, data))
    field = changed.draw(st.sampled_from([*message, *data]))
    holder = message["data"] if field in data else message
    holder[field] = changed.draw(_VALUES)
    try:
        heard_of = heard(partner, json.dumps(message).encode())
    except Unreadable:
        return
    assert heard_of.sent_at.tzinfo is UTC
    assert json.dumps(heard_of.text + heard_of.code + heard_of.number).find("\\u0000") < 0


@given(st.binary(max_size=200) | _VALUES.map(lambda value: json.dumps(value).encode()))
def test_noise_is_unreadable(body: bytes):
    for partner in Partner:
        with pytest.raises(Unreadable):
            heard(partner, body)
