"""How a simulated partner behaves: its pace, its answers and its bad days, as data.

`profiles.json` beside this file holds the named profiles. All lengths are in the partner's own time, which runs
``pace`` times as fast as ours; shares are from 0 (never) to 1 (always).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from integrations.simulators.chance import Chance

_FILE = Path(__file__).with_name("profiles.json")

Share = Annotated[float, Field(ge=0, le=1)]


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Span(_Plain):
    """A length of time that differs from case to case."""

    least: timedelta = Field(ge=timedelta(0))
    most: timedelta

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.most < self.least:
            raise ValueError("most must not be shorter than least")
        return self

    def drawn(self, chance: Chance, question: str) -> timedelta:
        """This case's length."""
        return chance.between(question, self.least, self.most)


class Outage(_Plain):
    """A time in which nothing of the partner answers or works, counted from when the profile was put on."""

    after: timedelta = timedelta(0)
    lasts: timedelta


AT_ONCE = Span(least=timedelta(0), most=timedelta(0))


class Profile(_Plain):
    """One way to behave."""

    zh: str
    en: str
    pace: float = Field(default=1, gt=0, description="how many times as fast as ours the partner's time runs")

    by_hand: bool = Field(default=False, description="nothing happens by itself; steps are driven by hand")
    step_after: Span = Field(default=AT_ONCE, description="from one step of a case to the next")
    steps: dict[str, Span] = Field(
        default_factory=dict[str, Span], description="the same for single steps, by the message they send"
    )
    keeps_dates: bool = Field(default=False, description="tasks begin when they were planned to, not before")
    refused: Share = Field(default=0, description="of all cases, by the partner's own judgement")
    corrected_on_site: Share = Field(default=0, description="of clues: corrected on the spot, no case filed")
    supplemented: Share = Field(default=0, description="of affairs: papers are missing at first")
    denied: Share = Field(default=0, description="of affairs: decided against the citizen")
    uncollected: Share = Field(default=0, description="of affairs: the result is never fetched")
    unclaimed: Share = Field(default=0, description="of tasks: nobody signs up")
    signed_off: Share = Field(default=0, description="of volunteers: sign off again before the start")
    absent: Share = Field(default=0, description="of volunteers: are expected and do not come")
    no_check_out: Share = Field(default=0, description="of volunteers: forget to check out")
    issues_found: Share = Field(
        default=0, description="of reports: tell a new issue, for a request of its own"
    )
    reviewed: Share = Field(default=0, description="of affairs: the citizen reviews them when they are over")
    badly_reviewed: Share = Field(default=0, description="of reviews: one or two points of five")

    answer_after: Span = Field(default=AT_ONCE, description="how long an answer takes, in our time")
    failing: Share = Field(default=0, description="of calls: answered 503, nothing done")
    half_answered: Share = Field(default=0, description="of calls: done, but the answer is cut or a 502")
    calls_per_second: float | None = Field(
        default=None, gt=0, description="more are answered 429 with Retry-After"
    )
    stalled: bool = Field(default=False, description="connections are taken and nothing is ever answered")
    outages: tuple[Outage, ...] = ()

    duplicated: Share = Field(default=0, description="of call-backs: sent twice")
    held_back: Share = Field(default=0, description="of call-backs: overtaken by those after them")
    held_back_for: Span = Field(default=AT_ONCE, description="how long such a one is held back")
    lost: Share = Field(default=0, description="of call-backs: never sent, only to be read")
    signed_with: Literal["current", "former", "foreign"] = Field(
        default="current", description="the key of call-backs: the agreed one, the one before it, nobody's"
    )
    retry_after: timedelta = Field(
        default=timedelta(seconds=1), gt=timedelta(0), description="first pause of a call-back, in our time"
    )

    def span_of(self, kind: str) -> Span:
        """How long it takes until the step that sends this message."""
        return self.steps.get(kind, self.step_after)

    def ours(self, length: timedelta) -> timedelta:
        """A length of the partner's time in our time."""
        return length / self.pace

    def is_out(self, since: datetime, now: datetime) -> bool:
        """Whether an outage lasts, of a profile that was put on at ``since``."""
        gone = (now - since) * self.pace
        return any(outage.after <= gone < outage.after + outage.lasts for outage in self.outages)

    def changed(self, changes: dict[str, Any]) -> Profile:
        """The same profile with other values for some of its fields.

        Raises:
            pydantic.ValidationError: a field is unknown or a value wrong.
        """
        return Profile.model_validate({**self.model_dump(), **changes})


@cache
def profiles() -> dict[str, Profile]:
    """The named profiles, by name."""
    return TypeAdapter(dict[str, Profile]).validate_json(_FILE.read_bytes())
