"""The story of one request (诉求).

    The call is written down and, when it says what and where, accepted.
    The responsible unit of the lowest level gets the lead leg, signs it, works and replies.
    Whoever stays silent is reminded, then passed over: the work climbs grid, community, town, district,
    and where it can climb no further, supervision climbs to the city, until somebody answers.
    The reply is reviewed by another person, the citizen is called back,
    and the request is closed, done once more, or withdrawn.
    What ended may be opened again; what follows another request ends, and is told to it.

One writer: every change is an order to the pure rules, its events are appended to the timeline, and the state
follows from what the timeline returned. Commands are updates; units answer by completing the activity in
which their leg is awaited; time is one timer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.messages import Appended, Entry, StoredAnswer
from domain.cases.wishes import wishes_of
from domain.commands import Act, Answer, ContinueStory, Order, PassTime, RefuseReply, Register, SubmitReply
from domain.errands import Errand, errands_of, when_refused
from domain.events import Event
from domain.lifecycle import decide, fold
from domain.limits.deadlines import is_over, next_due
from domain.notices.telling import Notice, notices_of
from domain.refusals import Refused
from domain.request import RequestState, begin
from domain.summary import summarize
from domain.units import SYSTEM
from workflows import attributes
from workflows.errands import Messenger
from workflows.messages import Ending, Story
from workflows.neighbours import Neighbours
from workflows.options import APPEND, LONGEST_PAUSE, RECALL
from workflows.waiting import Alarm, Arrival, Desk, Word

_TURNS_TO_THE_DESK = 4
"""An answer that arrives in one activation with a timer needs so many turns of the loop to reach the desk."""


@workflow.defn(name="Request")
class RequestWorkflow:
    """One citizen's request, from the call to its end."""

    @workflow.init
    def __init__(self, story: Story) -> None:
        self._story = story
        self._state = story.state or begin(story.intake)
        self._shown = (
            attributes.shown(story.state) if story.state else attributes.shown_at_start(story.intake)
        )
        self._messenger = Messenger(self._was_refused)
        self._neighbours = Neighbours(story.continue_after)
        self._alarm = Alarm()
        self._desk = Desk(self._state.number)
        self._pen = asyncio.Lock()
        self._answers: dict[str, StoredAnswer] = {}
        self._changed = False

    @workflow.run
    async def run(self, _story: Story) -> Ending:
        """Tell the story until the request ends, or until the run has grown long."""
        await self._begin()
        while not await self._is_over():
            match await self._wait():
                case Word.ANSWERED:
                    await self._take_answers()
                case Word.OVERDUE:
                    await self._let_time_pass()
                case Word.CHANGED:
                    continue
                case Word.LONG:
                    await self._continue_in_a_new_run()
        return Ending(self._state.number, self._state.state, self._state.ended_how, self._state.seq)

    async def _begin(self) -> None:
        if self._story.recall:
            await self._recall()
        elif self._state.seq == 0:
            await self._do(Register(), step="register")

    async def _recall(self) -> None:
        self._shown = {}
        self._state = await workflow.execute_local_activity(
            "recall", self._state.number, result_type=RequestState, **RECALL
        )

    async def _is_over(self) -> bool:
        """Whether the request has ended, nobody's decision is waited for, and nothing could open it again."""
        if not is_over(self._state):
            return False
        self._show()
        await workflow.wait_condition(lambda: not is_over(self._state) or self._nothing_is_owed())
        return is_over(self._state)

    def _nothing_is_owed(self) -> bool:
        return workflow.all_handlers_finished() and self._everybody_is_back()

    def _everybody_is_back(self) -> bool:
        return self._messenger.is_back and self._neighbours.is_back

    async def _wait(self) -> Word:
        self._changed = False
        self._desk.keep_in_step(self._state)
        self._alarm.set_for(next_due(self._state))
        self._show()
        await workflow.wait_condition(lambda: self._word() is not None)
        return self._word() or Word.CHANGED

    def _word(self) -> Word | None:
        if self._changed:
            return Word.CHANGED
        if self._desk.arrivals:
            return Word.ANSWERED
        if self._alarm.rings:
            return Word.OVERDUE
        # Errands may be out for long, and time has to go on meanwhile.
        if self._everybody_is_back() and self._has_grown_long():
            return Word.LONG
        return None

    def _has_grown_long(self) -> bool:
        return workflow.info().get_current_history_length() >= self._story.continue_after

    async def _take_answers(self) -> None:
        while self._desk.arrivals:
            await self._take_answer(self._desk.arrivals.popleft())

    async def _take_answer(self, arrival: Arrival) -> None:
        answer = arrival.answer
        if answer is None:
            cut_off = RefuseReply(arrival.leg, "not_awaited", "the awaiting activity was cut off")
            await self._do(cut_off, step=f"cut-off/{arrival.awaited}")
            return
        reply = SubmitReply(arrival.leg, answer.outcome, answer.text, answer.evidence)
        try:
            await self._write_down(Order(answer.key, answer.by, reply, answer.digest), given_at=answer.at)
        except Refused as refusal:
            refused = RefuseReply(arrival.leg, refusal.code, refusal.reason)
            if refusal.code == "idempotency_conflict":
                await self._do(refused, step=f"refused/{arrival.awaited}")
            else:
                await self._do(refused, key=answer.key, digest=answer.digest)

    async def _let_time_pass(self) -> None:
        # Time needs no key: what it has brought about is not due a second time.
        await self._do(PassTime())

    async def _continue_in_a_new_run(self) -> None:
        run = self._story.run + 1
        # Runs are counted anew after each end, within one cycle too; the engine's own id of the run is never twice.
        await self._do(ContinueStory(run), step=f"run/{workflow.info().run_id}")
        await self._finish_handlers()
        while self._desk.arrivals:
            await self._take_answers()
            await self._finish_handlers()
        if not is_over(self._state):
            workflow.continue_as_new(Story(self._story.intake, self._story.continue_after, run, self._state))

    async def _finish_handlers(self) -> None:
        # The server may drop an update that completes in the same task as a continue-as-new, so that task is
        # let go first.
        while True:
            await workflow.wait_condition(self._nothing_is_under_way)
            await workflow.sleep(0.01)
            for _ in range(_TURNS_TO_THE_DESK):
                await asyncio.sleep(0)
            if self._nothing_is_under_way():
                return

    def _nothing_is_under_way(self) -> bool:
        return self._nothing_is_owed() and self._desk.everything_posted

    async def _was_refused(self, errand: Errand, _code: str) -> None:
        act = when_refused(errand)
        # Somebody may have opened the request before; then it goes on already.
        if act is not None:
            with suppress(Refused):
                await self._write_down(Order(f"{errand.key}:refused", SYSTEM, act))

    # Messages

    @workflow.update(
        name="command",
        description="A person's command; refused before it is written, or answered after it is kept.",
    )
    async def command(self, order: Order) -> Answer:
        """Obey an order; the same key gets the first answer again."""
        await workflow.wait_condition(lambda: self._state.seq > 0)
        try:
            return await self._write_down(order)
        except Refused as refusal:
            raise _failure(refusal) from refusal

    @command.validator
    def _refuse_early(self, order: Order) -> None:
        if self._state.seq == 0 or order.key in self._answers:
            return
        try:
            decide(self._state, order, workflow.now())
        except Refused as refusal:
            raise _failure(refusal) from refusal

    # Steps

    async def _do(self, act: Act, *, step: str = "", key: str = "", digest: str = "") -> None:
        """Do something of the story's own accord, under a key that is the same when a lost task is done again.

        If somebody ended the request while the pen was awaited, there is nothing left to do.
        """
        own = Order(key or (f"{self._state.number}/{step}" if step else ""), SYSTEM, act, digest)
        try:
            await self._write_down(own)
        except Refused:
            if not self._state.state.is_terminal:
                raise

    async def _write_down(self, order: Order, given_at: datetime | None = None) -> Answer:
        """Decide, append, evolve by what the timeline returned; decide again if it held something else, or could not be
        reached: what happens while the database is away happens, and is late, when it is back.

        An order that the engine kept for us counts from the instant at which it was given.

        Raises:
            Refused: the rules say no, or another body came under the same key; nothing is written.
        """
        pause = timedelta(seconds=1)
        async with self._pen:
            while order.key not in self._answers:
                events = decide(self._state, order, self._moment(given_at))
                if not events:
                    break
                try:
                    appended = await self._append(order, events)
                except ActivityError:
                    await workflow.sleep(pause, summary="the timeline cannot be reached")
                    pause = min(pause * 2, LONGEST_PAUSE)
                    continue
                self._evolve(appended.events)
                self._answers |= {stored.key: stored for stored in appended.answers}
                self._changed = True
                if not isinstance(order.act, ContinueStory):
                    self._desk.keep_in_step(self._state)
                if appended.obeys(events):
                    return self._remember(order)
            return self._first_answer(order)

    def _evolve(self, events: tuple[Event, ...]) -> None:
        for event in events:
            self._state = fold(self._state, (event,))
            self._messenger.send(errands_of(self._state, event))
            self._neighbours.send(wishes_of(self._state, event))

    def _moment(self, given_at: datetime | None) -> datetime:
        """When an order counts: when it was given, but never in the future, nor before what has happened already."""
        now = workflow.now()
        return now if given_at is None else max(min(given_at, now), self._state.as_of)

    def _first_answer(self, order: Order) -> Answer:
        stored = self._answers.get(order.key)
        if stored is None:
            return _answer_of(self._state, order.act)
        if stored.digest != order.digest:
            raise Refused(
                "idempotency_conflict",
                "Idempotency-Key",
                "this key came with another body before",
                "a fresh key",
            )
        return stored.answer

    async def _append(self, order: Order, events: tuple[Event, ...]) -> Appended:
        after, notices = self._state, list[Notice]()
        for event in events:
            after = fold(after, (event,))
            notices.extend(notices_of(after, event))
        entry = Entry(
            number=self._state.number,
            events=events,
            summary=summarize(after),
            notices=tuple(notices),
            key=order.key or None,
            digest=order.digest,
            answer=_answer_of(after, order.act) if order.key else None,
        )
        return await workflow.execute_local_activity("append", entry, result_type=Appended, **APPEND)

    def _remember(self, order: Order) -> Answer:
        answer = _answer_of(self._state, order.act)
        if order.key:
            self._answers[order.key] = StoredAnswer(order.key, answer, order.digest)
        return answer

    def _show(self) -> None:
        """Keep the engine's own lists readable: search attributes and the current details."""
        now_shown = attributes.shown(self._state)
        if updates := attributes.changes(self._shown, now_shown):
            workflow.upsert_search_attributes(updates)  # pyright: ignore[reportUnknownMemberType]
            self._shown = now_shown
        workflow.set_current_details(_details(self._state))


def _answer_of(state: RequestState, act: Act) -> Answer:
    refused = act.code if isinstance(act, RefuseReply) else ""
    return Answer(state.number, state.state, state.seq, refused)


def _details(state: RequestState) -> str:
    lead = state.lead
    holder = f"{lead.unit.name_zh} ({lead.level})" if lead else "nobody yet"
    return f"**{state.state}**, held by {holder}, light {state.light}, event {state.seq}"


def _failure(refusal: Refused) -> ApplicationError:
    """A refusal as the engine knows it: it fails the update only, and carries the field and what would be
    right.
    """
    return ApplicationError(
        str(refusal), refusal.field, refusal.expected, type=refusal.code, non_retryable=True
    )
