"""The office of a simulated partner: takes matters in once per key, moves them on in time, and words its messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pydantic import BaseModel

from integrations.simulators.chance import Chance
from integrations.simulators.life import Life
from integrations.simulators.profiles import Profile, profiles
from integrations.simulators.storage import Dossier, KeptAnswer, Storage
from integrations.wire.envelope import (
    Accepted,
    CaseEntry,
    CasePage,
    Message,
    Order,
    Problem,
    Rejected,
    WithdrawalResult,
)

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What the partner answers: a status and a body."""

    status: int
    body: dict[str, Any]


class UnknownStep(Exception):
    """A step was to be driven by hand that this partner does not know."""


class Office:
    """One partner's office on its storage. ``stir`` is called whenever there may be something new to send."""

    def __init__(
        self,
        life: Life,
        storage: Storage,
        *,
        seed: int = 1,
        profile: str = "swift",
        changes: dict[str, Any] | None = None,
        stir: Callable[[], None] = lambda: None,
    ) -> None:
        self.life = life
        self.storage = storage
        self.seed = seed
        self.stir = stir
        started = [profile, changes]
        # What was changed while it ran outlives a restart with the same arguments.
        if storage.kept("started_with") != started:
            storage.keep("started_with", started)
            self.put_on(profile, changes)
        worn: dict[str, Any] = storage.kept("profile")
        self._wear(worn)

    def put_on(self, name: str, changes: dict[str, Any] | None = None) -> None:
        """Behave differently from now on; steps that are awaited are drawn anew.

        Raises:
            KeyError: no profile of that name.
            pydantic.ValidationError: a change is none.
        """
        profile = profiles()[name].changed(changes or {})
        now = _now()
        worn = {"name": name, "since": now.timestamp(), "profile": profile.model_dump(mode="json")}
        with self.storage.transaction():
            self.storage.keep("profile", worn)
            self._wear(worn)
            for dossier in self.storage.dossiers():
                self._await_next(dossier, now)
                self.storage.save(dossier)
        self.stir()

    def hand_over(self, key: str, order: Order) -> Answer:
        """Take a matter in, once per key and once per correlation id."""
        return self._once("hand_over", key, order, lambda: self._take_in(order))

    def withdraw(self, key: str, order: Order) -> Answer:
        """Give a matter back, as long as it has not gone too far."""
        return self._once("withdraw", key, order, lambda: self._give_back(order))

    def confirm(self, key: str, order: Order) -> Answer:
        """Note that the result was received."""
        return self._once("confirm", key, order, lambda: self._note_confirmation(order))

    def entries(self, *, since: datetime | None, cursor: str) -> CasePage:
        """One page of the matters that are open or have changed since."""
        skip = int(cursor or 0)
        found = self.storage.dossiers(since=since, skip=skip, limit=_PAGE)
        return CasePage(
            cases=tuple(
                CaseEntry(
                    correlation_id=dossier.id,
                    number=dossier.number,
                    last_sequence=dossier.sequence,
                    last_type=dossier.last,
                    ended=dossier.ended,
                    changed_at=dossier.changed_at,
                )
                for dossier in found
            ),
            next_cursor=str(skip + _PAGE) if len(found) == _PAGE else "",
        )

    def move_on(self) -> None:
        """Take every step whose time has come."""
        for dossier in self.storage.due(_now()):
            step = self._next_step(dossier)
            if step is None:
                dossier.due_at = None
                self.storage.save(dossier)
            else:
                self._take(dossier, step)

    def drive(self, case: str, step: str, changes: dict[str, Any] | None = None) -> str:
        """Take a step by hand, with other words in its message if wanted; answers the message's id.

        Raises:
            KeyError: no matter of that correlation id.
            UnknownStep: the partner knows no such step.
            pydantic.ValidationError: the words make no message of this kind.
        """
        if step not in self.life.steps:
            raise UnknownStep(step)
        dossier = self.storage.dossier(case)
        if dossier is None:
            raise KeyError(case)
        return self._take(dossier, step, changes)

    @property
    def is_at_work(self) -> bool:
        """Whether anything can happen here just now."""
        return not self.profile.stalled and not self.is_out

    @property
    def is_out(self) -> bool:
        """Whether an outage of the profile lasts just now."""
        return self.profile.is_out(self.profile_since, _now())

    def _wear(self, worn: dict[str, Any]) -> None:
        self.profile_name: str = worn["name"]
        self.profile_since = datetime.fromtimestamp(worn["since"], UTC)
        self.profile = Profile.model_validate(worn["profile"])

    def _once(self, operation: str, key: str, order: Order, act: Callable[[], Answer]) -> Answer:
        asked = _digest(order)
        with self.storage.transaction():
            before = self.storage.answer_to(operation, key)
            if before is not None and before.asked != asked:
                return _problem(422, "key_reused", "同一幂等键对应了不同内容。")
            if before is not None:
                return Answer(before.status, before.body)
            answer = act()
            self.storage.keep_answer(operation, key, KeptAnswer(asked, answer.status, answer.body))
        self.stir()
        return answer

    def _take_in(self, order: Order) -> Answer:
        now = _now()
        known = self.storage.dossier(order.correlation_id)
        handed: dict[str, Any] = order.model_dump(mode="json", by_alias=False)["data"]
        if known is not None and known.handed != handed:
            return self._no(order, 409, "duplicate", "该业务编号已存在，内容不同。")
        if known is None:
            no = self.life.objection(order, now)
            if no is not None:
                return self._no(order, no.status, no.code, no.reason)
            known = Dossier(
                id=order.correlation_id,
                number=self._number(order, now),
                handed=handed,
                opened_at=now,
                changed_at=now,
            )
            self._await_next(known, now)
            self.storage.save(known)
            self.storage.effect("handed_over", known.id)
        number = self.life.shown_at_once(known)
        return _answer(self.life.interface.opened, Accepted(message_id=order.message_id, number=number))

    def _number(self, order: Order, now: datetime) -> str:
        """A new number, or that of the same matter, if somebody else has reported it and it is still open."""
        matter = self.life.matter(order)
        number = self.storage.kept(f"matter {matter}") if matter else None
        if number is None or not self.storage.is_open(number):
            number = self.life.number(order, self.storage.count_up("matters"), now)
            if matter:
                self.storage.keep(f"matter {matter}", number)
        return str(number)

    def _give_back(self, order: Order) -> Answer:
        dossier = self.storage.dossier(order.correlation_id)
        if dossier is None:
            return self._no(order, 404, "unknown_case", "没有该业务编号的案件。")
        reason = "" if dossier.withdrawn else self.life.is_irrevocable(dossier)
        if reason == "" and not dossier.withdrawn:
            dossier.withdrawn, dossier.ended, dossier.due_at = True, True, None
            dossier.changed_at = _now()
            self.storage.save(dossier)
            self.storage.effect("withdrawn", dossier.id)
        outcome = "irrevocable" if reason else "withdrawn"
        return _answer(200, WithdrawalResult(message_id=order.message_id, outcome=outcome, reason=reason))

    def _note_confirmation(self, order: Order) -> Answer:
        dossier = self.storage.dossier(order.correlation_id)
        if dossier is None:
            return self._no(order, 404, "unknown_case", "没有该业务编号的案件。")
        if not dossier.confirmed:
            dossier.confirmed = True
            self._await_next(dossier, _now())
            self.storage.save(dossier)
            self.storage.effect("confirmed", dossier.id)
        return _answer(self.life.interface.confirmed, Accepted(message_id=order.message_id))

    def _take(self, dossier: Dossier, step: str, changes: dict[str, Any] | None = None) -> str:
        now, chance = _now(), self._chance(dossier)
        effects = self.life.effects(step, dossier)
        data = self.life.say(step, dossier, chance, self.profile, now)
        if changes:
            data = type(data).model_validate_json(json.dumps({**data.model_dump(mode="json"), **changes}))
        message = self._worded(dossier, step, data, now)
        dossier.last, dossier.sequence, dossier.changed_at = step, message.sequence, now
        dossier.ended = dossier.withdrawn or self.life.ends_with(step, data)
        self._await_next(dossier, now)
        with self.storage.transaction():
            self.storage.save(dossier)
            self.storage.add_message(
                id=message.message_id,
                dossier=dossier.id,
                sequence=message.sequence,
                kind=step,
                body=message.model_dump_json(),
            )
            for effect, subject in effects:
                self.storage.effect(effect, subject)
            self._post(message, now)
        self.stir()
        return message.message_id

    def _worded(self, dossier: Dossier, step: str, data: BaseModel, now: datetime) -> Message:
        sequence = dossier.sequence + 1
        # An id made from what it names: a life lived again with the same seed says the same under the same ids.
        name = f"{self.life.partner}/{self.seed}/{dossier.id}/{sequence}"
        return self.life.steps[step].model_validate(
            {
                "message_id": str(uuid5(NAMESPACE_URL, name)),
                "correlation_id": dossier.id,
                "sequence": sequence,
                "sent_at": now,
                "data": data,
            }
        )

    def _post(self, message: Message, now: datetime) -> None:
        chance, profile = Chance(self.seed, message.message_id), self.profile
        if chance.happens("lost", profile.lost):
            return
        held = chance.happens("held_back", profile.held_back)
        later = profile.ours(profile.held_back_for.drawn(chance, "held_back_for"))
        self.storage.post(message.message_id, now + later if held else now)
        if chance.happens("duplicated", profile.duplicated):
            self.storage.post(message.message_id, now + later)

    def _await_next(self, dossier: Dossier, now: datetime) -> None:
        chance, profile = self._chance(dossier), self.profile
        dossier.due_at = None
        step = None
        if not profile.by_hand:
            step = self._next_step(dossier)
        if step is None:
            return
        wait = profile.span_of(step).drawn(chance, f"after {dossier.sequence}")
        dossier.due_at = now + profile.ours(wait)
        planned = self.life.not_before(step, dossier) if profile.keeps_dates else None
        if planned is not None:
            dossier.due_at = max(dossier.due_at, planned)

    def _next_step(self, dossier: Dossier) -> str | None:
        following = self.life.afterwards if dossier.ended else self.life.next_step
        return following(dossier, self._chance(dossier), self.profile)

    def _chance(self, dossier: Dossier) -> Chance:
        return Chance(self.seed, dossier.id)

    def _no(self, order: Order, status: int, code: str, reason: str) -> Answer:
        if self.life.interface.rejects_in_the_body:
            return _answer(200, Rejected(message_id=order.message_id, code=code, reason=reason))
        return _problem(status, code, reason)


def _problem(status: int, code: str, reason: str) -> Answer:
    return _answer(status, Problem(status=status, code=code, title=code, detail=reason))


def _answer(status: int, body: BaseModel) -> Answer:
    return Answer(status, body.model_dump(mode="json"))


def _digest(order: Order) -> str:
    # A retry is the same order, perhaps sent at another instant and in another envelope.
    return blake2b(
        order.model_dump_json(exclude={"sent_at", "message_id"}).encode(), digest_size=16
    ).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)
