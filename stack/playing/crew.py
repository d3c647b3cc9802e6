"""The simulated people: who does what with which request, drawn by the seed from shares kept in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cities.pack import pack_folder
from stack.errors import StackProblem

Caller = Literal["named", "anonymous"]
Call = Literal["complete", "incomplete"]
Desk = Literal["dispatches", "leaves_it"]
UnitHabit = Literal[
    "prompt", "silent_once", "silent_twice", "hands_up", "wrong_outcome", "poor_reply", "untouched"
]
Citizen = Literal["waits", "urges", "withdraws"]
Rating = Literal["satisfied", "dissatisfied", "unconvinced", "unreachable"]
PartnerHabit = Literal["keeps_it", "waits", "goes_on"]
JointHabit = Literal["alone", "together"]
WhistleHabit = Literal["silent", "whistles"]
FieldHabit = Literal["goes_itself", "sends"]

W = TypeVar("W", bound=str)
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Fate:
    """What the people around one request will do.

    ``caller`` and ``intake`` say what the call tells, ``desk`` whether a dispatcher acts or leaves it to the system,
    ``unit`` how the units behave (``untouched``: nobody acts before the city supervises), ``citizen`` and ``callback``
    what the caller does meanwhile and says in the end. ``haste`` is the part of each limit that people take, 0 to 1.
    ``partner``, ``joint``, ``whistle`` and ``field`` say whom the unit would involve, where the matter fits.
    """

    caller: Caller = "named"
    intake: Call = "complete"
    desk: Desk = "dispatches"
    unit: UnitHabit = "prompt"
    citizen: Citizen = "waits"
    callback: Rating = "satisfied"
    haste: float = 0.5
    partner: PartnerHabit = "keeps_it"
    joint: JointHabit = "alone"
    whistle: WhistleHabit = "silent"
    field: FieldHabit = "goes_itself"


class Share(BaseModel, Generic[W]):
    """How often one of several things happens, and where that is known from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    word: W
    share: Annotated[float, Field(ge=0, le=1)]
    source: Annotated[str, Field(min_length=1)]


def _always(word: W) -> list[Share[W]]:
    return [Share[W](word=word, share=1, source="left out")]


class Crew(BaseModel):
    """The shares of a crew, by what is chosen; those of each choice make one whole. A crew whose file says nothing of
    neighbours keeps everything to itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    notice_zh: str
    notice_en: str
    caller: list[Share[Caller]]
    intake: list[Share[Call]]
    desk: list[Share[Desk]]
    unit: list[Share[UnitHabit]]
    citizen: list[Share[Citizen]]
    callback: list[Share[Rating]]
    partner: list[Share[PartnerHabit]] = Field(default_factory=lambda: _always("keeps_it"))
    joint: list[Share[JointHabit]] = Field(default_factory=lambda: _always("alone"))
    whistle: list[Share[WhistleHabit]] = Field(default_factory=lambda: _always("silent"))
    field: list[Share[FieldHabit]] = Field(default_factory=lambda: _always("goes_itself"))

    @model_validator(mode="after")
    def _make_wholes(self) -> Self:
        own = (self.caller, self.intake, self.desk, self.unit, self.citizen, self.callback)
        choices = (*own, self.partner, self.joint, self.whistle, self.field)
        for options in choices:
            whole = sum(option.share for option in options)
            if abs(whole - 1) > _ROUNDING:
                words = ", ".join(option.word for option in options)
                raise ValueError(f"the shares of {words} make {whole:g}, not 1")
        return self

    def fate(self, seed: int, case: str) -> Fate:
        """The fate of one case: the same for the same seed, whatever happens to others."""
        drawing = Random(f"{seed}/{case}")  # noqa: S311  # a play must be repeatable, not secret
        return Fate(
            caller=_drawn(drawing, self.caller),
            intake=_drawn(drawing, self.intake),
            desk=_drawn(drawing, self.desk),
            unit=_drawn(drawing, self.unit),
            citizen=_drawn(drawing, self.citizen),
            callback=_drawn(drawing, self.callback),
            haste=drawing.uniform(0.25, 0.75),
            partner=_drawn(drawing, self.partner),
            joint=_drawn(drawing, self.joint),
            whistle=_drawn(drawing, self.whistle),
            field=_drawn(drawing, self.field),
        )

    @property
    def leaves_some_untouched(self) -> bool:
        """Whether any request is left untouched at all."""
        return any(option.word == "untouched" and option.share > 0 for option in self.unit)


def read_crew(file: Path | None = None) -> Crew:
    """The crew of a file, by default the demo's own.

    Raises:
        StackProblem: the file is missing or wrong, with the first fault.
    """
    file = file or pack_folder("guangzhou") / "demo" / "crew.json"
    try:
        return Crew.model_validate_json(file.read_bytes())
    except OSError as error:
        raise StackProblem(f"{file} cannot be read ({(error.strerror or str(error)).lower()}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StackProblem(
            f"{file} does not describe a crew: {where or 'shares'}: {first['msg']}."
        ) from error


def _drawn(drawing: Random, options: Sequence[Share[W]]) -> W:
    return drawing.choices([option.word for option in options], [option.share for option in options])[0]
