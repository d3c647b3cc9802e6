"""How a play is shown on a terminal: a picture that moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from rich import box
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from domain.levels import Level
from domain.request import Light, State
from stack.playing.reckoning import progress
from stack.playing.scoreboard import Scoreboard
from stack.playing.wording import LEVELS_ZH, PARTNERS_ZH, Telling

STATES = {
    State.REGISTERED: ("已登记", "registered", "white"),
    State.AWAITING_INFO: ("待补充", "waiting for the caller", "white"),
    State.PENDING_DISPATCH: ("待分派", "to be dispatched", "cyan"),
    State.PENDING_SIGN: ("待签收", "to be signed for", "cyan"),
    State.IN_PROGRESS: ("办理中", "in progress", "blue"),
    State.AWAITING_PARTNER: ("待外部", "with a partner", "yellow"),
    State.PENDING_REVIEW: ("待审核", "under review", "magenta"),
    State.PENDING_CALLBACK: ("待回访", "to be called back", "magenta"),
    State.CLOSED: ("已办结", "closed", "green"),
    State.WITHDRAWN: ("已撤诉", "withdrawn", "green"),
}
LIGHTS = {
    Light.GREEN: ("绿灯", "green"),
    Light.YELLOW: ("黄灯", "yellow"),
    Light.RED: ("红灯", "red"),
    Light.BLACK: ("黑灯", "bright_black"),
}
_HELD = frozenset({State.PENDING_SIGN, State.IN_PROGRESS})
_LEVELS = (Level.GRID, Level.COMMUNITY, Level.TOWN, Level.DISTRICT)
_BAR = 18
_HOLDERS = 5
_ROOMY_WIDTH, _ROOMY_HEIGHT = 108, 34
_ROOMY_LINES, _NARROW_LINES = 30, 21
"""Lines of the picture without the single escalations."""
_FEWEST_TELLINGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """What stays the same while a play runs: its head and where to look further."""

    asked_for: int
    speed: float
    seed: int
    first_at: str
    api: str
    temporal_ui: str
    minutes: Callable[[], str]


def picture(board: Scoreboard, bill: Billing, ended: bool, *, width: int, height: int) -> RenderableType:
    """The whole picture at this moment, on a terminal of that size: a small one is shown less."""
    roomy = width >= _ROOMY_WIDTH and height >= _ROOMY_HEIGHT
    middle = Columns([_states(board), _holders(board)], padding=(0, 2)) if roomy else _in_words(board)
    room = max(_FEWEST_TELLINGS, height - (_ROOMY_LINES if roomy else _NARROW_LINES))
    tellings = list(board.tellings)[-room:]
    return Group(
        _head(board, bill, ended),
        _lights(board),
        middle,
        Panel(
            Group(_escalations(board), *(_line(telling) for telling in tellings)),
            title=f"升级与联动 escalations and neighbours · {len(board.open)} 件未结 open",
            box=box.ROUNDED,
            border_style="dim",
        ),
        _beside(board),
        _numbers(board),
        _where(bill),
    )


def _head(board: Scoreboard, bill: Billing, ended: bool) -> RenderableType:
    title = Text.assemble(
        ("Huying 呼应", "bold"),
        f"  演示 demo · seed {bill.seed} · speed ×{bill.speed:g} · Boston 311 from {bill.first_at} · {bill.minutes()}",
        ("  完 all closed" if ended else "", "green"),
    )
    bars = Table.grid(padding=(0, 1))
    arrived, closed = len(board.played), board.closed_of_play
    for name, done in (("到达 arrived", arrived), ("办结 closed", closed)):
        bar = ProgressBar(total=max(1, bill.asked_for), completed=done, width=48)
        bars.add_row(name, bar, f"{done}/{bill.asked_for}")
    if board.carried:
        taken = sum(board.view(number).ended for number in board.carried)
        bar = ProgressBar(total=len(board.carried), completed=taken, width=48)
        bars.add_row("接续 taken over", bar, f"{taken}/{len(board.carried)}")
    return Group(title, bars)


def _states(board: Scoreboard) -> RenderableType:
    counts = Counter(view.state for view in board.views.values())
    table = Table("诉求状态 state", "", "", box=box.SIMPLE_HEAD, padding=(0, 1))
    longest = max(counts.values(), default=1)
    for state, (zh, en, colour) in STATES.items():
        count = counts[state]
        table.add_row(f"{zh} {en}", Text(str(count), justify="right"), _bar(count, longest, colour))
    return table


def _lights(board: Scoreboard) -> RenderableType:
    counts = Counter(view.light for view in board.open)
    shown = [(f" ● {zh} {counts[light]} ", colour) for light, (zh, colour) in LIGHTS.items()]
    return Text.assemble(*shown)


def _in_words(board: Scoreboard) -> RenderableType:
    """States and holders where there is no room for tables."""
    counts = Counter(view.state for view in board.views.values())
    levels = Counter(view.holder.unit.level for view in board.open if view.holder and view.state in _HELD)
    states = "  ".join(f"{STATES[state][0]} {counts[state]}" for state in STATES if counts[state])
    held = "  ".join(f"{LEVELS_ZH[level]} {level} {levels[level]}" for level in _LEVELS if levels[level])
    return Group(Text(f"诉求状态 {states}"), Text(f"谁在办 {held}", style="dim"))


def _holders(board: Scoreboard) -> RenderableType:
    """Who holds the open requests: by level, and the units with the most."""
    holders = [view.holder.unit for view in board.open if view.holder and view.state in _HELD]
    levels = Counter(unit.level for unit in holders)
    units = Counter((unit.name_zh, unit.level) for unit in holders)
    table = Table("谁在办 who holds it", "", "", box=box.SIMPLE_HEAD, padding=(0, 1))
    longest = max(levels.values(), default=1)
    for level in _LEVELS:
        count = levels[level]
        name = f"{LEVELS_ZH[level]} {level}"
        table.add_row(name, Text(str(count), justify="right"), _bar(count, longest, "blue"))
    for (name, _level), count in units.most_common(_HOLDERS):
        table.add_row(
            Text(name, style="dim", overflow="ellipsis", no_wrap=True), Text(str(count), style="dim"), ""
        )
    return table


def _escalations(board: Scoreboard) -> RenderableType:
    counts = board.escalations
    return Text.assemble(
        (f"上移 moved up {counts['handling']}", "yellow"),
        f" ({counts['handling_by_silence']} by silence, {counts['handling_asked']} asked)  ",
        (f"督办 supervised {counts['supervision']}  ", "magenta"),
        (f"黄牌 yellow cards {counts['yellow_cards']}  ", "yellow"),
        (f"红牌 red cards {counts['red_cards']}  ", "red"),
        (f"黑榜 black list {counts['black_list']}  ", "bright_red"),
        (f"告警 alarms {counts['alarms']}", "cyan"),
    )


def _beside(board: Scoreboard) -> RenderableType:
    """Cases, joint legs, whistles and field tasks in one line: how many, and how many of them are over."""
    tally = board.beside
    agreed = "" if board.agreements is None else f"  对账差异 differences {len(board.differences)}"
    cases = "  ".join(
        f"{PARTNERS_ZH[partner]} {sum(not status.is_open for status in counts.elements())}/{counts.total()}"
        for partner, counts in tally.ends.items()
    )
    return Text(
        f"联动 {cases}  协办 joint {progress(tally.joint)}  吹哨 whistles {progress(tally.whistles)}"
        f" 到场 came {tally.came}/{tally.called}  现场 field {progress(tally.tasks)}{agreed}",
        style="cyan",
        overflow="ellipsis",
        no_wrap=True,
    )


def _line(telling: Telling) -> RenderableType:
    return Text.assemble(
        ("▲ ", telling.colour), telling.zh, "  ", (telling.en, "dim"), overflow="ellipsis", no_wrap=True
    )


def _numbers(board: Scoreboard) -> RenderableType:
    late, after = board.lateness(), board.lateness_after_stops()
    numbers = Text.assemble(
        f"准时 lateness of {late.fired} limits: p50 {late.p50:.2f} s, p99 {late.p99:.2f} s, max {late.max:.2f} s",
        f"   拒收 refused as meant {sum(board.refused.values())}, too late {sum(board.raced.values())}   ",
        (f"错误 errors {board.errors}", "red" if board.errors else "green"),
    )
    down = sum((stop.until - stop.since).total_seconds() for stop in board.stops)
    if down:
        numbers.append(
            f"\n停机 downtime since the last stop {down:.0f} s; "
            f"{after.fired} limits passed meanwhile and fired at the start",
            "yellow",
        )
    if board.last_errors:
        numbers.append(f"\n{board.last_errors[-1]}", "red")
    return numbers


def _where(bill: Billing) -> RenderableType:
    return Text(
        f"API {bill.api}/docs   Temporal {bill.temporal_ui}\n"
        f"metrics {bill.api}/metrics   keys, partners: above   Ctrl-C 停止 stops everything",
        style="dim",
    )


def _bar(count: int, longest: int, colour: str) -> Text:
    return Text("█" * round(_BAR * count / max(longest, 1)), style=colour)
