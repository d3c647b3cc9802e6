"""What a partner finds besides what it was asked: which of it is a matter of its own, and that each is one only once.

Every new issue of a report becomes a request, and so does a bad review of an affair. Source: practice of volunteers'
tasks (新发现问题) and of reviews of public services (好差评).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from domain.acts.neighbours import ReportFound
from domain.cases.state import CaseState, Step
from domain.errands import Errand
from domain.partners import CaseMessage, FoundMatter, OwnMatter
from domain.responsibility.routing import Place

BAD_REVIEW = 2
"""A review of so many of the five points, or of fewer, is a complaint."""

_KEY_LENGTH = 16


def is_matter(found: FoundMatter) -> bool:
    """Whether it becomes a request: a bad review does, and whatever is no review."""
    return found.score <= BAD_REVIEW


def key_of(found: FoundMatter) -> str:
    """What makes it the same matter within its case, however often it is said: an affair has one review, an issue the
    partner's own reference, or else its words and its place.
    """
    if found.score:
        return "review"
    place = found.place
    where = () if place is None else (place.area, place.address)
    said = ("reference", found.reference) if found.reference else ("text", found.text.strip(), *where)
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:_KEY_LENGTH]


def gathered(known: tuple[OwnMatter, ...], messages: Iterable[CaseMessage]) -> tuple[OwnMatter, ...]:
    """The matters that are known, and those that the messages add."""
    matters = {matter.key: matter for matter in known}
    for message in messages:
        for found in filter(is_matter, message.found):
            key = key_of(found)
            matters.setdefault(key, OwnMatter(key, found))
    return tuple(matters.values())


def channel_of(found: FoundMatter) -> str:
    """The channel by which it came in."""
    return "bad_review" if found.score else "volunteer_report"


def type_of(found: FoundMatter) -> str:
    """The type of request that it is: a bad review complains, an issue asks that somebody see to it."""
    return "complaint" if found.score else "help"


def described(found: FoundMatter, case: str, *, place: Place, accepted: bool) -> str:
    """The description of its request, in its own words; what else is known of it stands beneath. What is not
    ``accepted`` at once waits for an agent, who is told category and place there.
    """
    known = [f"来源 found in {case}"]
    if found.score:
        known.append(f"评价 review {found.score}/5")
    if found.evidence:
        known.append(f"照片 photos {', '.join(found.evidence)}")
    if not accepted:
        known.append(f"地点 place {place.area} {place.address}".strip())
        known += [f"事项 category {found.category}"] if found.category else []
    return "\n\n".join(filter(None, (found.text.strip(), "\n".join(f"[{each}]" for each in known))))


def registered(state: CaseState, numbers: Iterable[str]) -> Step:
    """What was found is registered under these numbers, in the order of :attr:`CaseState.unregistered`; the request
    that holds the case is told.
    """
    news = tuple(numbers)
    given = dict(zip((matter.key for matter in state.unregistered), news, strict=True))
    after = replace(
        state,
        version=state.version + 1,
        found=tuple(
            replace(matter, found=None, number=given.get(matter.key, matter.number)) for matter in state.found
        ),
    )
    act = ReportFound(state.id, news)
    return Step(after, (Errand(f"{state.id}:found:{after.version}", state.request, act),))
