"""What the demo counts: each event once, lateness apart from the time in which nothing ran."""

from datetime import timedelta

import pytest

import domain.events as happened
from domain.events import Fact
from domain.levels import Level
from domain.limits.clock import ClockKind
from domain.partners import CaseStatus, Partner
from domain.request import Body, Card, Light, State
from persistence.liveness import Downtime
from stack.playing.reckoning import Agreement
from stack.playing.scoreboard import Scoreboard, lateness_of
from stack.playing.summary import ESCALATIONS, Played, summary_of
from tests.stack.playing.stories import (
    ACCEPTED,
    ASKED,
    BLOWN,
    CAME,
    NOON,
    NUMBER,
    OVER,
    PLAN,
    REGISTERED,
    SENT,
    WORKING,
    leg,
    opened,
    reported,
)


def board(**changes: object) -> Scoreboard:
    return Scoreboard(started=NOON, began=NOON + timedelta(seconds=5), **changes)  # pyright: ignore[reportArgumentType]


def fired(
    due: float, late: float, clock: ClockKind = ClockKind.SIGN, percent: int = 100
) -> happened.DeadlineFired:
    return happened.DeadlineFired(
        clock, "1", Level.GRID, percent, NOON + timedelta(seconds=due), late, "handler"
    )


def hear(on: Scoreboard, *facts: Fact, number: str = NUMBER, at: float = 10.0) -> None:
    for seq, fact in enumerate(facts, start=on.view(number).seq + 1):
        on.hear(number, seq, NOON + timedelta(seconds=at), fact)


def test_percentiles_are_those_of_the_nearest_rank():
    assert lateness_of([]).p99 == 0.0
    measured = lateness_of([float(each) for each in range(1, 101)])
    assert (measured.fired, measured.p50, measured.p99, measured.max) == (100, 50.0, 99.0, 100.0)


def test_a_deadline_that_fell_due_while_nothing_ran_is_no_lateness():
    seen = board(stops=[Downtime(NOON + timedelta(seconds=20), NOON + timedelta(seconds=30))])
    hear(seen, REGISTERED, fired(2, 300), fired(10, 0.1), fired(25, 6), fired(30, 0.2), at=31)
    assert (seen.lateness().fired, seen.lateness().max) == (2, 0.2)
    assert (seen.lateness_after_stops().fired, seen.lateness_after_stops().max) == (2, 300)


def test_an_event_heard_twice_counts_once():
    seen = board()
    hear(seen, REGISTERED, ACCEPTED, leg(1, Level.GRID))
    handed = happened.HandedUp("1", "dwell", "dwell at grid passed", release=False)
    for _ in range(2):
        seen.hear(NUMBER, 4, NOON + timedelta(seconds=20), handed)
    assert seen.escalations["handling"] == 1


def test_what_happened_before_the_start_is_known_and_not_counted():
    seen = board()
    supervised = happened.Supervised("1", Body.COMMUNITY, Card.YELLOW, "total")
    seen.hear(NUMBER, 1, NOON - timedelta(seconds=1), supervised)
    assert seen.escalations.total() == 0
    assert seen.view(NUMBER).supervised_by is Body.COMMUNITY


def test_a_request_met_in_the_middle_of_its_life_is_not_known_before_it_has_been_read_up():
    seen = board()
    hear(seen, REGISTERED)
    seen.hear(NUMBER, 4, NOON + timedelta(seconds=20), happened.LegSigned("1", automatic=False))
    assert seen.view(NUMBER).seq == 1
    view = seen.view(NUMBER)
    for seq, fact in enumerate(
        (ACCEPTED, leg(1, Level.GRID), happened.LegSigned("1", automatic=False)), start=2
    ):
        view.take(seq, NOON, fact)
    assert (view.seq, view.state) == (4, State.IN_PROGRESS)


def test_an_event_that_was_read_before_it_was_heard_still_counts():
    seen = board()
    seen.view(NUMBER).take(1, NOON + timedelta(seconds=6), fired(1, 30))
    seen.hear(NUMBER, 1, NOON + timedelta(seconds=6), fired(1, 30))
    assert seen.lateness_after_stops().fired == 1


def test_escalations_are_counted_by_kind_and_told_in_words():
    seen = board()
    seen.view(NUMBER).title = "暴露垃圾"
    hear(
        seen,
        REGISTERED,
        ACCEPTED,
        leg(1, Level.GRID),
        happened.HandedUp("1", "dwell", "dwell at grid passed", release=False),
        leg(2, Level.COMMUNITY, "handed_up"),
        happened.Supervised("2", Body.TOWN, Card.YELLOW, "total"),
        happened.Supervised("2", Body.DISTRICT, Card.RED, "total"),
        happened.Supervised("2", Body.DISTRICT, None, "total", black_list=True),
        happened.AlarmRaised("post_vacant", "duty_leader", "town: vacant"),
    )
    assert dict(seen.escalations) == {
        "handling": 1,
        "handling_by_silence": 1,
        "supervision": 3,
        "yellow_cards": 1,
        "red_cards": 1,
        "black_list": 1,
        "alarms": 1,
    }
    assert set(seen.escalations) <= set(ESCALATIONS)
    words = [telling.zh for telling in seen.tellings]
    assert words[0] == "42 暴露垃圾：网格员 超时未办，上移 居委会"
    assert "黄牌" in words[1]
    assert "红牌" in words[2]
    assert "黑榜" in words[3]
    assert len(words) == 5


def test_a_red_card_says_whether_the_limit_or_a_second_yellow_card_brought_it():
    seen = board()
    hear(
        seen,
        *(REGISTERED, ACCEPTED, leg(1, Level.TOWN)),
        happened.Supervised("1", Body.DISTRICT_LEADER, Card.RED, "total"),
        happened.Supervised("1", Body.DISTRICT_LEADER, Card.RED, "two_yellow_cards"),
        happened.Supervised("1", Body.CITY, Card.RED, "ordered"),
    )
    causes = [telling.en.partition(" supervises: ")[2] for telling in seen.tellings]
    assert causes == [
        "one and a half times the total limit is used up",
        "the unit's second yellow card in a month",
        "ordered by a person",
    ]


def test_the_light_follows_the_total_limit_and_a_redo_begins_green():
    seen = board()
    hear(seen, REGISTERED, ACCEPTED, leg(1, Level.GRID), fired(60, 0.1, ClockKind.TOTAL, 150))
    assert seen.view(NUMBER).light is Light.RED
    hear(seen, happened.RedoOrdered("dissatisfied", 50, automatic=True))
    assert seen.view(NUMBER).light is Light.GREEN


def test_the_summary_says_what_was_played():
    seen = board(stops=[Downtime(NOON - timedelta(seconds=90), NOON)])
    seen.played.update({NUMBER, "20260302-0000043"})
    seen.carried.add("20260301-0000001")
    hear(seen, REGISTERED, ACCEPTED, happened.Withdrawn(""), at=8)
    hear(seen, REGISTERED, fired(3, 60), fired(11, 0.25), number="20260302-0000043", at=12)
    seen.fail("something")
    played = Played(seed=3, speed=90, asked_for=2, duration_seconds=61.2345, ended=False)
    summary = summary_of(seen, played)
    assert (summary["requests"], summary["closed"], summary["open"]) == (2, 1, 1)
    assert summary["taken_over"] == {"requests": 1, "closed": 0}
    assert summary["lateness_seconds"] == {"p50": 0.25, "p99": 0.25, "max": 0.25, "deadlines": 1}
    assert summary["fired_after_downtime"]["deadlines"] == 1
    assert summary["downtime_seconds"] == 90
    assert (summary["errors"], summary["seed"], summary["duration_seconds"]) == (1, 3, 61.234)
    assert set(summary["escalations"]) == set(ESCALATIONS)


def test_what_went_on_beside_is_counted_and_summed_up():
    seen = board()
    seen.played.update({NUMBER, "20260302-0000043"})
    hear(seen, *WORKING, opened(waits=False), BLOWN, CAME, SENT, ASKED)
    hear(
        seen,
        *WORKING,
        opened(Partner.AFFAIRS),
        reported(CaseStatus.REFUSED, "affair_decided", Partner.AFFAIRS),
        number="20260302-0000043",
    )
    hear(seen, *WORKING, opened(), number="20260302-0000044")
    seen.agreements = (
        Agreement(Partner.ENFORCEMENT, 1, ()),
        Agreement(Partner.AFFAIRS, 1, (f"{NUMBER}-p9: missing_here",)),
    )
    played = Played(seed=3, speed=90, asked_for=2, duration_seconds=1, ended=True)
    summary = summary_of(seen, played)
    none = dict.fromkeys(("opened", "done", "refused", "withdrawn", "open"), 0)
    assert summary["cases"] == {
        "enforcement": none | {"opened": 1, "open": 1},
        "affairs": none | {"opened": 1, "refused": 1},
        "volunteers": none,
    }
    assert summary["joint_legs"]["asked"] == summary["joint_legs"]["open"] == 1
    assert summary["whistles"]["blown"] == summary["whistles"]["departments_attended"] == 1
    assert summary["field_tasks"]["given"] == summary["field_tasks"]["open"] == 1
    assert summary["reconciliation"]["enforcement"] == {"compared": 1, "differences": []}
    assert seen.differences == [f"affairs {NUMBER}-p9: missing_here"]


def test_neighbours_are_told_in_words_of_both_languages():
    seen = board()
    seen.view(NUMBER).title = "占道经营"
    story = (opened(), reported(CaseStatus.DONE, "on_site_result"), BLOWN, PLAN, OVER, ASKED)
    hear(seen, *WORKING, reported(CaseStatus.HANDED_OVER, "clue_received"), *story)
    assert [(each.zh.partition("：")[2], each.en) for each in seen.tellings] == [
        ("移交综合执法，等待结果", "handed to enforcement, and waited for"),
        ("综合执法已办结", "case with enforcement: done"),
        ("街道办 吹日常哨，召集 城市管理局", "a daily whistle calls 1 department"),
        ("议定方案 1 项", "plan agreed: 1 decision"),
        ("销哨：已解决", "the whistle ended: resolved"),
        ("请 城市管理局 协办", "the district is asked to join"),
    ]


@pytest.mark.parametrize("ended", [True, False])
def test_everything_has_ended_once_each_request_of_the_play_has(ended: bool):
    seen = board()
    seen.played.add(NUMBER)
    seen.carried.add("20260301-0000001")
    hear(seen, REGISTERED, happened.Withdrawn(""), number="20260301-0000001")
    hear(seen, REGISTERED, *([happened.Withdrawn("")] if ended else []))
    assert seen.all_ended is ended
