"""The story of one case with a partner (外部案件).

    The case is handed over, however long the partner cannot be reached, under a key that is the same each time.
    The partner's messages count once and in its own order, whether it sends them or is asked for them;
    whoever stays silent is asked, and when the time for an answer has passed, the request hears of it.
    What the request wants back is taken back, unless it has gone too far.
    Each turn is written down and told to the request that holds the case;
    what the partner finds besides is registered as a request of its own;
    a result is confirmed, and the story is over.

It goes on whatever becomes of its request: of its runs, its hands, its end. A message that comes when the case is over
begins the story once more, from what was written down last.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from temporalio import workflow

from activities.case_messages import FoundInCase, FoundNumbers
from domain.cases import calls, wishes
from domain.cases.calls import Call
from domain.cases.deadlines import next_instant, pass_time
from domain.cases.found import registered
from domain.cases.receiving import receive, receive_all
from domain.cases.state import CaseState, Step
from domain.cases.wishes import FollowRequest, SettleByHand, WithdrawFromPartner
from domain.errands import Errand
from domain.partners import CaseMessage
from workflows.calling import Answered, Line
from workflows.errands import Messenger
from workflows.messages import CaseEnding, CaseStory
from workflows.options import RECORD_CASE, REGISTER_FOUND
from workflows.waiting import Alarm


class Turn(StrEnum):
    """What a wait returns."""

    NEWS = "news"
    ANSWERED = "answered"
    OVERDUE = "overdue"
    LONG = "long"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody wants the partner to be asked now."""


@dataclass(frozen=True, slots=True)
class NotHeard:
    """The request would not hear a report, for the reason of this code."""

    report: str
    code: str


News = CaseMessage | WithdrawFromPartner | FollowRequest | SettleByHand | Look | NotHeard


@workflow.defn(name="PartnerCase")
class PartnerCase:
    """One case, from its handing over to its end."""

    @workflow.init
    def __init__(self, story: CaseStory) -> None:
        self._story = story
        self._state = story.state
        self._recorded = story.recorded
        self._news: deque[News] = deque()
        self._line = Line(story.state.brief.partner)
        self._messenger = Messenger(self._was_not_heard)
        self._alarm = Alarm()

    @workflow.run
    async def run(self, _story: CaseStory) -> CaseEnding:
        """Tell the story until the case is over, or until the run has grown long."""
        await self._go(Step(self._state))
        while (turn := await self._wait()) is not Turn.OVER:
            match turn:
                case Turn.NEWS:
                    await self._take_news()
                case Turn.ANSWERED:
                    await self._take_answer()
                case Turn.OVERDUE:
                    await self._go(pass_time(self._state, workflow.now()))
                case _:
                    await self._continue_in_a_new_run()
        return CaseEnding(self._state.id, self._state.status, self._state.version)

    # Waiting

    async def _wait(self) -> Turn:
        self._line.keep_to(self._state)
        self._alarm.set_for(next_instant(self._state))
        workflow.set_current_details(_details(self._state))
        await workflow.wait_condition(lambda: self._turn() is not None)
        return self._turn() or Turn.NEWS

    def _turn(self) -> Turn | None:
        if self._news:
            return Turn.NEWS
        if self._line.answered is not None:
            return Turn.ANSWERED
        if self._state.is_over:
            return Turn.OVER if self._nothing_is_owed() else None
        if self._alarm.rings:
            return Turn.OVERDUE
        if self._has_grown_long() and self._messenger.is_back:
            return Turn.LONG
        return None

    def _nothing_is_owed(self) -> bool:
        return self._line.is_silent and self._messenger.is_back and workflow.all_handlers_finished()

    def _has_grown_long(self) -> bool:
        return workflow.info().get_current_history_length() >= self._story.continue_after

    async def _continue_in_a_new_run(self) -> None:
        # Whatever call is under way is made again in the new run, under its key.
        self._line.hang_up()
        await workflow.wait_condition(lambda: self._line.answered is not None or self._line.is_silent)
        while self._news or not self._nothing_is_owed():
            await self._take_answer()
            await self._take_news()
            await workflow.wait_condition(self._nothing_is_owed)
        workflow.continue_as_new(CaseStory(self._state, self._story.continue_after, self._recorded))

    # Steps

    async def _take_news(self) -> None:
        while self._news:
            await self._go(self._heard(self._news.popleft()))

    def _heard(self, news: News) -> Step:
        now = workflow.now()
        match news:
            case CaseMessage():
                return receive(self._state, news, now)
            case WithdrawFromPartner(reason=reason):
                return wishes.take_back(self._state, reason)
            case FollowRequest(request=request):
                return wishes.follow(self._state, request)
            case SettleByHand():
                return wishes.settle(self._state, news.status, news.note, news.number, now)
            case Look():
                return wishes.look(self._state)
            case NotHeard(report=report, code=code):
                return Step(calls.noted(self._state, f"report {report} refused: {code}"))

    async def _take_answer(self) -> None:
        answered = self._line.take()
        if answered is not None:
            await self._go(self._answered(answered))

    def _answered(self, answered: Answered) -> Step:
        now, answer = workflow.now(), answered.answer
        if answer is None:
            return Step(self._state)
        if answer.no is not None:
            return calls.refused(self._state, answered.call, answer.no, now)
        match answered.call:
            case Call.OPEN:
                return calls.opened(self._state, answer.number, now)
            case Call.READ:
                return receive_all(self._state, answer.messages, now)
            case Call.WITHDRAW if answer.irrevocable:
                return calls.irrevocable(self._state, answer.reason)
            case Call.WITHDRAW:
                return calls.withdrawn(self._state, now)
            case Call.CONFIRM:
                return calls.confirmed(self._state)

    async def _go(self, step: Step) -> None:
        """Write down what has changed, tell the request, and register what was found."""
        self._state = step.state
        if self._state.version > self._recorded:
            await workflow.execute_local_activity("record_case", self._state, **RECORD_CASE)
            self._recorded = self._state.version
        self._messenger.send(step.reports)
        if self._state.unregistered:
            await self._go(registered(self._state, await self._register_found()))

    async def _register_found(self) -> tuple[str, ...]:
        brief = self._state.brief
        numbers = await workflow.execute_activity(
            "register_found",
            FoundInCase(brief.case, brief.place, self._state.unregistered),
            result_type=FoundNumbers,
            summary=f"{brief.case} found",
            **REGISTER_FOUND,
        )
        return numbers.numbers

    async def _was_not_heard(self, report: Errand, code: str) -> None:
        self._news.append(NotHeard(report.key, code))

    # Messages

    @workflow.signal(name="message", description="A message of the partner about this case.")
    def message(self, message: CaseMessage) -> None:
        """Take a message of the partner; one that came before changes nothing."""
        self._news.append(message)

    @workflow.signal(name="withdraw", description="The request wants the case back.")
    def withdraw(self, wish: WithdrawFromPartner) -> None:
        """Take the case back from the partner."""
        self._news.append(wish)

    @workflow.signal(name="follow", description="Another request holds the case from now on.")
    def follow(self, wish: FollowRequest) -> None:
        """Report to another request from now on."""
        self._news.append(wish)

    @workflow.signal(name="settle", description="Somebody typed in how the case stands.")
    def settle(self, settled: SettleByHand) -> None:
        """Take what people know of the case."""
        self._news.append(settled)

    @workflow.signal(name="look", description="The partner is to be asked now.")
    def look(self) -> None:
        """Ask the partner at once what it has said; a case that it does not know is handed over again."""
        self._news.append(Look())


def _details(state: CaseState) -> str:
    number = f" {state.number}" if state.number else ""
    held = ", ".join(str(each.message.sequence) for each in state.held)
    waiting = f" ({held} held back)" if held else ""
    return (
        f"**{state.status}**{number}, message {state.applied}{waiting}, "
        f"version {state.version}, for {state.request}"
    )
