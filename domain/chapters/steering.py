"""Steering from above: urging and supervision ordered by a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.chapters.handling import known_leg, promised
from domain.commands import CancelCard, ContinueStory, MovePolicy, RaiseCard, Recalculate, Supervise, Urge
from domain.events import (
    CalendarCorrected,
    CardCancelled,
    Fact,
    PolicyMoved,
    StoryContinued,
    Supervised,
    Urged,
)
from domain.levels import Level
from domain.limits.deadlines import owes_callback
from domain.limits.policy_moves import moved
from domain.refusals import Refused
from domain.request import Card, Leg, RequestState, State
from domain.responsibility.ladder import LEVEL_OF_BODY, body_of, level_of, one_higher, raised
from domain.standing import has_ended
from domain.texts import optional_text, required_text
from domain.units import Actor, Role


def urge(state: RequestState, act: Urge, by: Actor, now: datetime) -> Iterator[Fact]:
    """The unit is told that it is waited for; a citizen may do so once a local day."""
    zone = ZoneInfo(state.calendar.zone)
    last = state.citizen_urged_at
    if (
        by.role is Role.CITIZEN
        and last is not None
        and last.astimezone(zone).date() == now.astimezone(zone).date()
    ):
        raise Refused("urged_today", "by", "the request has been urged today", "again tomorrow")
    yield Urged(optional_text(act.note, "note"))


def supervise(state: RequestState, act: Supervise, by: Actor, _now: datetime) -> Iterator[Fact]:
    """A supervisor of the handling level or a higher one watches the request, with a card if wanted."""
    level = by.level or Level.CITY
    if level_of(state).is_above(level):
        raise Refused(
            "supervisor_too_low",
            "by",
            f"a supervisor of the {level} cannot supervise the {level_of(state)}",
            f"{level_of(state)} or higher",
        )
    lead = state.lead
    if act.card is not None and lead is None:
        raise Refused("nobody_to_card", "card", "no unit holds the request yet", "supervision without a card")
    if act.card is not None and lead is not None:
        _must_be_first_of_its_colour(lead, act.card)
    body = raised(state.supervised_by, body_of(level))
    yield Supervised(
        lead.id if lead else None, body, act.card, "ordered", required_text(act.reason, "reason")
    )


def cancel_card(state: RequestState, act: CancelCard, by: Actor, _now: datetime) -> Iterator[Fact]:
    """A card is taken back by a supervisor of the level that issued it, or of a higher one."""
    leg = _holder_of(state, act.leg, act.card)
    level = by.level or Level.CITY
    issuer = LEVEL_OF_BODY[leg.issuer_of(act.card)]
    if issuer.is_above(level):
        raise Refused(
            "supervisor_too_low",
            "by",
            f"a supervisor of the {level} cannot take back a card of the {issuer}",
            f"{issuer} or higher",
        )
    yield CardCancelled(leg.id, act.card, required_text(act.reason, "reason"))


def raise_card(state: RequestState, act: RaiseCard, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """The leg of a unit's second yellow card within a month gets a red one; the body above the yellow card's issuer
    supervises, as at the ladder's next step.
    """
    leg = _holder_of(state, act.leg, Card.YELLOW)
    _must_be_first_of_its_colour(leg, Card.RED)
    body = raised(state.supervised_by, one_higher(leg.issuer_of(Card.YELLOW)))
    yield Supervised(leg.id, body, Card.RED, "two_yellow_cards", required_text(act.reason, "reason"))


def _holder_of(state: RequestState, leg_id: str, card: Card) -> Leg:
    leg = known_leg(state, leg_id)
    if card not in leg.cards or card in leg.cancelled:
        raise Refused(
            "no_such_card",
            "card",
            f"leg {leg.id} has no {card}",
            ", ".join(card for card in leg.cards if card not in leg.cancelled) or "a card that was issued",
        )
    return leg


def _must_be_first_of_its_colour(leg: Leg, card: Card) -> None:
    if card in leg.cards:
        raise Refused(
            "card_issued_before", "card", f"leg {leg.id} has its {card}", "a card once per leg and colour"
        )


def recalculate(state: RequestState, act: Recalculate, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """The deadlines are counted in a corrected calendar of the same office: a newly published year, a stop of work."""
    if (act.calendar.name, act.calendar.zone) != (state.calendar.name, state.calendar.zone):
        raise Refused(
            "other_calendar", "calendar", f"{act.calendar.name} is another calendar", state.calendar.name
        )
    if act.calendar == state.calendar:
        raise Refused(
            "calendar_unchanged", "calendar", "the request counts in this calendar already", "a correction"
        )
    yield CalendarCorrected(act.calendar, required_text(act.reason, "reason"))


def move_policy(state: RequestState, act: MovePolicy, _by: Actor, now: datetime) -> Iterator[Fact]:
    """The request is put under another promise: its deadlines are read anew, its unit stays."""
    present = promised(state)
    code, version = present.policy.code, present.policy.version
    if act.seen not in (None, (code, version)):
        raise Refused(
            "changed_meanwhile",
            "policy",
            f"the request stands under {code} version {version} by now",
            "another look",
        )
    if act.snapshot == present:
        raise Refused(
            "policy_unchanged",
            "policy",
            f"the request stands under {code} version {version} already",
            "another version or policy",
        )
    reason = required_text(act.reason, "reason")
    # What the calendar cannot count is refused here: a fact is past refusing.
    moved(state, act.snapshot, now)
    yield PolicyMoved(
        policy=act.snapshot.policy.code,
        version=act.snapshot.policy.version,
        from_policy=code,
        from_version=version,
        snapshot=act.snapshot,
        reason=reason,
    )


def continue_story(state: RequestState, act: ContinueStory, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """The workflow goes on in a new run; nothing changes for people."""
    if state.state is State.MERGED and not owes_callback(state):
        raise has_ended(state)
    yield StoryContinued(act.run)
