"""The stream of arrivals is real, begins where the seed says, and is never played twice on the same data."""

from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from stack.errors import StackProblem
from stack.playing.arrivals import Arrival, first_morning, offsets, read_stream, taken_from

STREAM = read_stream()


def arrival(at: str) -> Arrival:
    return Arrival("1", datetime.fromisoformat(at), "Graffiti Removal", "Self Service", "Roxbury/8", "1 A St")


def test_the_stream_holds_every_request_in_the_order_they_came():
    assert len(STREAM) == 47_787
    assert all(earlier.at <= later.at for earlier, later in pairwise(STREAM))


@pytest.mark.parametrize("seed", range(20))
def test_a_first_play_begins_on_a_weekday_morning_without_snow(seed: int):
    first = STREAM[first_morning(STREAM, seed)]
    assert first.at.weekday() <= 4
    assert first.at.hour >= 9
    assert first.at.month in {4, 5}
    assert first_morning(STREAM, seed) == first_morning(STREAM, seed)


def test_seeds_begin_on_different_days():
    assert len({STREAM[first_morning(STREAM, seed)].at.date() for seed in range(20)}) > 10


def test_after_the_last_arrival_comes_the_first():
    taken = taken_from(STREAM, len(STREAM) - 1, 3)
    assert [each.case for each in taken] == [STREAM[-1].case, STREAM[0].case, STREAM[1].case]


def test_arrivals_keep_their_real_distances_made_shorter():
    came = [arrival("2015-04-13T09:00:00-04:00"), arrival("2015-04-13T09:10:00-04:00")]
    assert offsets(came, speed=60) == [0.0, 10.0]


def test_where_the_stream_begins_again_arrivals_go_on_at_once():
    came = [arrival("2015-05-31T23:00:00-04:00"), arrival("2015-01-01T00:00:00-05:00")]
    assert offsets(came, speed=60) == [0.0, 0.0]


def test_a_missing_stream_is_one_sentence(tmp_path: Path):
    with pytest.raises(StackProblem, match=r"requests\.csv\.gz cannot be read"):
        read_stream(tmp_path / "requests.csv.gz")


def test_a_damaged_stream_is_one_sentence(tmp_path: Path):
    file = tmp_path / "requests.csv.gz"
    file.write_bytes(b"not gzip at all")
    with pytest.raises(StackProblem, match="cannot be read"):
        read_stream(file)
