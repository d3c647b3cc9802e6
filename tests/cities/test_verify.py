"""The proof of Boston's clock, and every way in which a data file or a rule file is refused."""

import csv
import gzip
import io
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from cities.faults import PackFaults
from cities.limits import read_limits
from cities.pack import load_clock, pack_folder
from cities.past_requests import DataRefused, PastRequest, read_requests
from cities.verify import Outcome, Report, judge, verify
from cities.verify_screen import percent, render

SAMPLE = Path(__file__).parents[1] / "data" / "boston_sample.csv"
BOSTON = pack_folder("boston")
AS_OF = datetime(2016, 1, 13, 5, tzinfo=UTC)
FULL = BOSTON / "requests_2015_jan_may.csv.gz"
HEADER = "case_id,open_dt,target_dt,closed_dt,on_time,reason,type"


@pytest.fixture(scope="module")
def sample_report() -> Report:
    return verify("boston", SAMPLE)


def a_file(folder: Path, *rows: str, header: str = HEADER) -> Path:
    file = folder / "requests.csv"
    file.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return file


def shown(report: Report) -> str:
    console = Console(file=io.StringIO(), width=120)
    render(report, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def answers_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def due_of(kind: str, opened: str, reason: str = "") -> str:
    request = PastRequest("1", kind, reason, datetime.fromisoformat(opened), None, None, None)
    calendar = load_clock("boston").calendar
    due = judge(request, read_limits(BOSTON), calendar, AS_OF, SAMPLE).due
    return due.astimezone(ZoneInfo(calendar.zone)).isoformat() if due else ""


def test_the_deadlines_of_the_whole_file_are_reproduced() -> None:
    report = verify("boston", FULL)
    assert report.total.rows == 47_787
    assert report.total.with_target == 35_235
    assert report.total.share is not None
    assert report.total.share > 0.968
    assert report.total.share_of_verdicts is not None
    assert report.total.share_of_verdicts > 0.99
    assert report.unknown_types == ()


def test_the_sample_is_counted_consistently(sample_report: Report) -> None:
    total = sample_report.total
    assert total.rows == 398
    assert sum(tally.rows for tally in sample_report.types) == total.rows
    assert sum(tally.misses for tally in sample_report.types) == total.misses
    assert total.count(Outcome.SAME) + total.count(Outcome.NEITHER) + total.misses == total.rows
    assert sample_report.worst(3)[0].misses >= sample_report.worst(3)[-1].misses


@pytest.mark.parametrize(
    ("kind", "opened", "due"),
    [
        (
            "Sticker Request",
            "2015-02-13T10:00:00-05:00",
            "2015-02-18T10:00:00-05:00",
        ),  # 2wd over Presidents' Day
        (
            "Sticker Request",
            "2015-02-16T12:59:59-05:00",
            "2015-02-19T08:30:00-05:00",
        ),  # the last second of 2wd
        ("Sticker Request", "2015-02-16T13:00:00-05:00", "2015-02-18T08:30:00-05:00"),  # the first of 1wd
        (
            "Sticker Request",
            "2015-07-02T10:00:00-04:00",
            "2015-07-03T10:00:00-04:00",
        ),  # Friday, 3 July is worked
        (
            "Sticker Request",
            "2015-06-16T10:00:00-04:00",
            "2015-06-17T10:00:00-04:00",
        ),  # so is Bunker Hill Day
        ("Sticker Request", "2015-12-24T18:00:00-05:00", "2015-12-29T08:30:00-05:00"),
        ("Sign Repair", "2015-12-21T09:00:00-05:00", "2016-01-06T09:00:00-05:00"),  # over the year's end
        ("Rodent Activity", "2015-10-15T10:00:00-04:00", "2015-11-14T10:00:00-05:00"),  # summer time ends
        ("Notification", "2015-03-02T10:00:00-05:00", ""),
        ("A type never heard of", "2015-03-02T10:00:00-05:00", ""),
    ],
)
def test_deadlines_follow_type_period_and_calendar(kind: str, opened: str, due: str) -> None:
    assert due_of(kind, opened) == due


def test_a_type_never_heard_of_takes_the_limit_of_its_reason() -> None:
    assert due_of("Zoning violation", "2015-06-01T10:00:00-04:00", "Building") == "2015-06-08T10:00:00-04:00"


def test_every_row_is_answered_with_boston_offsets(tmp_path: Path) -> None:
    out = tmp_path / "OUT.csv"
    verify("boston", SAMPLE, answers=out)
    answers = answers_of(out)
    assert [answer["case_id"] for answer in answers] == [request.case_id for request in read_requests(SAMPLE)]
    assert {answer["late"] for answer in answers} == {"true", "false"}
    assert {answer["due"][19:] for answer in answers} == {"", "-05:00", "-04:00"}
    assert all(answer["late"] == "false" for answer in answers if not answer["due"])
    assert list(tmp_path.iterdir()) == [out]


def test_late_means_closed_or_still_open_after_our_deadline(tmp_path: Path) -> None:
    file = a_file(
        tmp_path,
        "a,2015-03-02T10:00:00-05:00,,2015-03-03T10:00:00-05:00,ONTIME,Recycling,Sticker Request",
        "b,2015-03-02T10:00:00-05:00,,2015-03-03T10:00:01-05:00,OVERDUE,Recycling,Sticker Request",
        "c,2016-01-12T10:00:00-05:00,,,ONTIME,Recycling,Sticker Request",
        "d,2016-01-11T10:00:00-05:00,,,OVERDUE,Recycling,Sticker Request",
        "e,2015-03-02T10:00:00-05:00,,,ONTIME,Notification,Notification",
    )
    out = tmp_path / "OUT.csv"
    report = verify("boston", file, answers=out)
    assert [answer["late"] for answer in answers_of(out)] == ["false", "true", "false", "true", "false"]
    assert report.total.verdicts_agreed == 5
    verify("boston", file, as_of=datetime(2016, 1, 14, tzinfo=UTC), answers=out)
    assert [answer["late"] for answer in answers_of(out)] == ["false", "true", "true", "true", "false"]


def test_outcomes_are_told_apart_at_the_tolerance(tmp_path: Path) -> None:
    opened = "2015-03-02T10:00:00-05:00,{},,ONTIME,Recycling,{}"
    sticker = [
        opened.format(target, "Sticker Request")
        for target in (
            "2015-03-03T10:02:00-05:00",
            "2015-03-03T09:57:59-05:00",
            "2015-03-03T10:02:01-05:00",
            "",
        )
    ]
    others = [opened.format(target, kind) for target, kind in (
        ("2015-03-03T10:00:00-05:00", "Notification"), ("", "Notification"), ("2015-03-03T10:00:00-05:00", "New"),
    )]  # fmt: skip
    report = verify("boston", a_file(tmp_path, *(f"{n},{row}" for n, row in enumerate([*sticker, *others]))))
    assert report.total.outcomes == dict.fromkeys(Outcome, 1)
    assert report.total.share == 1 / 5
    assert report.unknown_types == ("New",)


def test_a_gzipped_file_reads_like_a_plain_one(tmp_path: Path) -> None:
    zipped = tmp_path / "sample.bin"
    zipped.write_bytes(gzip.compress(SAMPLE.read_bytes()))
    assert list(read_requests(zipped)) == list(read_requests(SAMPLE))


def test_a_file_without_the_city_deadlines_is_answered_but_not_compared(tmp_path: Path) -> None:
    file = a_file(
        tmp_path,
        "a,2015-03-02T10:00:00-05:00,,Recycling,Sticker Request",
        header="case_id,open_dt,closed_dt,reason,type",
    )
    report = verify("boston", file, answers=tmp_path / "OUT.csv")
    assert answers_of(tmp_path / "OUT.csv")[0]["due"] == "2015-03-03T10:00:00-05:00"
    assert "nothing to compare" in shown(report)


def test_the_screen_shows_shares_and_explains_the_worst(sample_report: Report) -> None:
    text = shown(sample_report)
    assert "Deadlines reproduced within 2 minutes" in text
    assert "of the deadlines reproduced" in text
    worst = sample_report.worst(1)[0]
    assert f"{worst.name}: {worst.misses}" in text
    assert "e.g. case" in text


def test_a_share_is_never_rounded_up_to_the_whole() -> None:
    assert percent(1.0) == "100.00 %"
    assert percent(0.99999) == "99.99 %"
    assert percent(None) == "–"


GOOD = "a,2015-03-02T10:00:00-05:00,,,ONTIME,Recycling,Sticker Request"


@pytest.mark.parametrize(
    ("rows", "where", "why"),
    [
        (["a,2015-03-02 at noon,,,ONTIME,R,T"], "line 2", "open_dt is '2015-03-02 at noon'"),
        ([GOOD, "b,2015-03-02T10:00:00,,,ONTIME,R,T"], "line 3", "not a time with its offset"),
        ([GOOD, "b,,,,ONTIME,R,T"], "line 3", "open_dt is empty"),
        ([GOOD, ",2015-03-02T10:00:00-05:00,,,ONTIME,R,T"], "line 3", "case_id is empty"),
        ([GOOD, "b,2015-03-02T10:00:00-05:00,x,,ONTIME,R,T"], "line 3", "target_dt is 'x'"),
        ([GOOD, "b,2015-03-02T10:00:00-05:00,,x,ONTIME,R,T"], "line 3", "closed_dt is 'x'"),
        ([GOOD, "b,2015-03-02T10:00:00-05:00,,,LATE,R,T"], "line 3", "on_time is 'LATE'"),
        ([GOOD, "b,2015-03-02T10:00:00-05:00,,"], "line 3", "4 cells under 7 columns"),
        ([GOOD, 'b,"unclosed'], "line 3", "it is not CSV"),
        (
            [GOOD, "b,1901-03-02T10:00:00-05:00,,,ONTIME,Recycling,Sticker Request"],
            "case b",
            "years 1970 to 2299",
        ),
    ],
)
def test_a_bad_row_is_refused_by_file_row_and_reason(
    tmp_path: Path, rows: list[str], where: str, why: str
) -> None:
    file = a_file(tmp_path, *rows)
    out = tmp_path / "OUT.csv"
    with pytest.raises(DataRefused) as refused:
        verify("boston", file, answers=out)
    assert refused.value.file == file
    assert refused.value.row == where
    assert why in refused.value.reason
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"a,b\n1,2\n", "missing columns: case_id, open_dt, closed_dt, reason, type"),
        (b"case_id,open_dt,closed_dt,reason,type,type\n", "a column stands twice"),
        (b"\xff\xfe\x00\x01", "not UTF-8"),
        (gzip.compress(SAMPLE.read_bytes())[:5000], "damaged or cut short"),
        (b"\x1f\x8bnonsense", "damaged or cut short"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "wrong.csv.gz"
    file.write_bytes(content)
    with pytest.raises(DataRefused, match=why):
        verify("boston", file)


def test_a_missing_file_a_folder_and_an_unwritable_answer_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="there is no such file"):
        verify("boston", tmp_path / "nothing.csv")
    with pytest.raises(DataRefused, match="cannot be read"):
        verify("boston", tmp_path)
    with pytest.raises(DataRefused, match="answers cannot be written"):
        verify("boston", SAMPLE, answers=tmp_path / "no" / "OUT.csv")


def test_an_as_of_without_an_offset_is_refused() -> None:
    with pytest.raises(DataRefused, match="has no offset"):
        verify("boston", SAMPLE, as_of=AS_OF.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (",T,,,5w,1,1,", "limit: '5w'"),
        (",T,,,0wd,1,1,", "limit: '0wd'"),
        (",T,2015-01-01,,5wd,1,1,", "valid_from"),
        (",T,2015-01-02T00:00:00Z,2015-01-01T00:00:00Z,5wd,1,1,", "is not after valid_from"),
        (",Sign Repair,,2015-01-01T00:00:00Z,5wd,1,1,", "two rules for Sign Repair hold at the same time"),
        ("Health,Some,,,5wd,1,1,", "a rule names a type or a reason"),
        (",,,,5wd,1,1,", "a rule names a type or a reason"),
    ],
)
def test_a_bad_rule_is_refused_by_file_and_row(tmp_path: Path, rule: str, why: str) -> None:
    pack = tmp_path / "city"
    pack.mkdir()
    for name in ("city.json", "calendar.csv", "sla_rules.csv", "verification.json"):
        shutil.copyfile(BOSTON / name, pack / name)
    with (pack / "sla_rules.csv").open("a", encoding="utf-8") as text:
        text.write(rule + "\n")
    with pytest.raises(PackFaults) as refused:
        verify(pack, SAMPLE)
    assert why in str(refused.value)
    assert "sla_rules.csv, line" in str(refused.value)


def test_a_pack_without_limits_is_refused() -> None:
    with pytest.raises(PackFaults, match=r"verification.json: the file is missing"):
        verify("guangzhou", SAMPLE)


def test_a_verification_without_an_instant_is_refused(tmp_path: Path) -> None:
    pack = tmp_path / "city"
    shutil.copytree(BOSTON, pack, ignore=shutil.ignore_patterns("*.gz"))
    (pack / "verification.json").write_text('{"rules": "sla_rules.csv", "tolerance_seconds": 120}')
    with pytest.raises(PackFaults, match="as_of"):
        verify(pack, SAMPLE)


def test_the_limits_hold_the_tolerance_and_instant_of_the_pack() -> None:
    book = read_limits(BOSTON)
    assert (book.as_of, book.tolerance) == (AS_OF, timedelta(minutes=2))
