"""How the terms of an exception are shown: with reasons in both languages, so that a screen can offer them."""

from __future__ import annotations

from pydantic import BaseModel, Field

from domain.exceptions.terms import ByUrgency, Reason, Terms, Window


class ReasonShown(BaseModel):
    """One entry of a closed list. `longest` limits what is asked for; `at_once` takes effect without a decision."""

    code: str
    zh: str
    en: str
    longest: str | None
    for_hurried: bool = Field(description="critical and urgent matters may give it too")
    at_once: bool


class WithinShown(BaseModel):
    """How long the decision may take, by urgency."""

    critical: str
    urgent: str
    others: str


class WindowShown(BaseModel):
    """Until when one may ask: before so much of a clock is used, and within a time from the leg's dispatch."""

    clock: str | None
    percent: int
    since_dispatch: str | None


class TermsShown(BaseModel):
    """Everything that governs one kind of exception. `door` is where it is asked for; the rules ask the others."""

    kind: str
    zh: str
    en: str
    door: str | None
    states: list[str]
    asked_by: list[str]
    needs: list[str]
    reasons: list[ReasonShown]
    decided_by: list[str]
    decided_at: str
    within: WithinShown
    silence: str = Field(description="what it means that nobody decides in time")
    per_leg: int | None
    per_request: int | None
    hurried_window: WindowShown | None
    window: WindowShown | None
    in_sum: str | None


def terms_shown(terms: Terms, door: str | None) -> TermsShown:
    """The terms with the door at which the kind is asked for."""
    return TermsShown(
        kind=terms.kind,
        zh=terms.zh,
        en=terms.en,
        door=door,
        states=[*terms.states],
        asked_by=[*terms.asked_by],
        needs=[*terms.needs],
        reasons=[_reason(reason) for reason in terms.reasons],
        decided_by=[*terms.decided_by],
        decided_at=terms.decided_at,
        within=_within(terms.within),
        silence=terms.silence,
        per_leg=terms.per_leg,
        per_request=terms.per_request,
        hurried_window=_window(terms.hurried_window),
        window=_window(terms.window),
        in_sum=str(terms.in_sum) if terms.in_sum else None,
    )


def _reason(reason: Reason) -> ReasonShown:
    longest = str(reason.longest) if reason.longest else None
    return ReasonShown(
        code=reason.code,
        zh=reason.zh,
        en=reason.en,
        longest=longest,
        for_hurried=reason.for_hurried,
        at_once=reason.at_once,
    )


def _within(limits: ByUrgency) -> WithinShown:
    return WithinShown(critical=str(limits.critical), urgent=str(limits.urgent), others=str(limits.others))


def _window(window: Window | None) -> WindowShown | None:
    if window is None:
        return None
    since = str(window.since_dispatch) if window.since_dispatch else None
    return WindowShown(clock=window.clock, percent=window.percent, since_dispatch=since)
