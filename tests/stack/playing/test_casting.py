"""Who involves whom: every way is seen in every play, by choice and not by luck."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from cities.pack import load_pack, pack_folder
from domain.field_tasks import FieldParty
from domain.limits.drill import drill
from domain.limits.policy import Policy
from domain.partners import Partner
from domain.whistles import WhistleKind
from stack.errors import StackProblem
from stack.playing.arrivals import first_morning, read_stream, taken_from
from stack.playing.casting import (
    MANY,
    Candidate,
    Casting,
    Way,
    climber_of,
    could_climb,
    is_done_at_all,
    read_neighbours,
    suited,
)
from stack.playing.company import Company
from stack.playing.crew import Crew, Fate, read_crew
from stack.playing.pairing import read_pairing
from stack.playing.tables import rows_of

PACK = load_pack("guangzhou")
PAIRING = read_pairing(PACK)
NEIGHBOURS = read_neighbours(PACK)
CREW = read_crew()
STREAM = read_stream()
DRILLS: dict[str, Policy] = {
    code: drill(policy, PACK.calendar.office_day) for code, policy in PACK.policies.items()
}
DAY = date(2026, 11, 23)


def candidate(
    category: str, fate: Fate | None = None, case: str = "1", area: str = "440106012003001"
) -> Candidate:
    found = PACK.category(category)
    return Candidate(case, found, area, fate or Fate(), could_climb(found, DRILLS[found.policy]))


def casting(*partners: Partner) -> Casting:
    return Casting(PACK, NEIGHBOURS, partners, DAY)


def play(seed: int, count: int, crew: Crew = CREW) -> list[Candidate]:
    """The first requests of a seed's play."""
    candidates = list[Candidate]()
    for arrival in taken_from(STREAM, first_morning(STREAM, seed), count):
        matter = PAIRING.matter_of(arrival)
        candidates.append(
            candidate(matter.category, crew.fate(seed, arrival.case), arrival.case, matter.area)
        )
    return candidates


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize(("count", "least"), [(10, 1), (MANY, 2)])
def test_a_play_shows_every_way(seed: int, count: int, least: int):
    chosen = casting(*Partner)
    chosen.choose(play(seed, count), CREW)
    assert {way: chosen.times[way] >= least for way in Way} == dict.fromkeys(Way, True)


@pytest.mark.parametrize("seed", range(1, 9))
def test_enough_is_left_alone_that_a_play_shows_the_climb(seed: int):
    candidates = play(seed, 10)
    cast = casting(*Partner).choose(candidates, CREW)
    climber = climber_of(candidates, cast)
    assert climber is not None
    assert climber not in cast


def test_the_climb_is_shown_by_who_is_left_untouched_anyway_or_else_by_one_that_ends_well():
    anyway = candidate("0201", Fate(unit="untouched", callback="dissatisfied"), "3")
    unhappy, well = candidate("0201", Fate(callback="dissatisfied"), "1"), candidate("0201", case="2")
    assert unhappy.quick
    assert climber_of([unhappy, well, anyway], {}) == "3"
    assert climber_of([unhappy, well, anyway], {"3"}) == "2"
    assert climber_of([unhappy, well, anyway], {"1", "2", "3"}) is None


def test_the_same_seed_casts_the_same_people():
    candidates = play(1, 30)
    assert casting(*Partner).choose(candidates, CREW) == casting(*Partner).choose(candidates, CREW)


def test_a_matter_goes_to_the_partner_that_the_catalogue_names():
    vending = candidate("0203", Fate(partner="waits"))
    company = casting(*Partner).choose([vending], quiet(partner=CREW.partner))["1"]
    assert company.handover is not None
    assert (company.handover.partner, company.handover.waits) == (Partner.ENFORCEMENT, True)


def test_a_partner_that_is_not_connected_gets_no_case():
    candidates = play(1, 30)
    cast = casting(Partner.AFFAIRS).choose(candidates, CREW)
    partners = {company.handover.partner for company in cast.values() if company.handover}
    assert partners == {Partner.AFFAIRS}


def test_departments_are_called_for_powers_of_the_list_by_the_town_of_the_place():
    chosen = casting()
    call = chosen.choose([candidate("0203")], quiet(whistle=CREW.whistle))["1"].call
    assert call is not None
    assert (call.kind, call.town) == (WhistleKind.ENFORCEMENT, "440106012-town_office")
    assert ("440106-urban_mgmt_bureau", "vending_penalty") in call.summoned
    for unit, power in call.summoned:
        assert PACK.whistles.is_listed("0203", power, unit.partition("-")[2])


def test_whoever_is_confidential_or_enquires_after_officials_involves_nobody():
    chosen = casting(*Partner)
    assert {way: chosen.fit(candidate("1401"), way) for way in Way if way is not Way.JOINT} == dict.fromkeys(
        (way for way in Way if way is not Way.JOINT), 0
    )


def test_a_crew_that_keeps_everything_to_itself_is_left_so():
    assert casting(*Partner).choose(play(1, 30, quiet()), quiet()) == {}
    assert not any(is_done_at_all(quiet(), way) for way in Way)


def test_whose_request_involves_somebody_is_there_and_waits():
    assert suited(Fate(unit="untouched", citizen="withdraws")) == Fate()
    assert suited(Fate(unit="poor_reply")) == Fate(unit="poor_reply")


def test_nobody_beside_is_no_company():
    assert not Company()
    assert Company(field_party=FieldParty.CONTRACTOR)


def test_every_row_of_the_table_has_a_reason_and_every_item_stands_in_the_catalogue():
    from integrations.simulators.catalogue import catalogue

    rows = list(
        rows_of(pack_folder("guangzhou") / "demo" / "neighbours.csv", "group", "way", "detail", "reason")
    )
    assert all(row["reason"] for row in rows)
    names = [item.name for item in catalogue().values() if not item.withdrawn]
    for row in rows:
        if row["way"] == Way.AFFAIRS:
            assert any(row["detail"] in name for name in names), row


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("gardens,affairs,居住证,x", "no group of the catalogue"),
        ("housing,telepathy,loud,x", "the way telepathy, which is none"),
        ("housing,volunteers,sing,x", "volunteers 'sing', which is none"),
    ],
)
def test_a_table_that_names_what_is_not_there_is_one_sentence(tmp_path: Path, row: str, sentence: str):
    (tmp_path / "neighbours.csv").write_text(f"group,way,detail,reason\n{row}\n", encoding="utf-8")
    with pytest.raises(StackProblem, match=sentence):
        read_neighbours(PACK, tmp_path)


def test_only_what_climbs_in_good_time_counts_as_quick():
    slow = [code for code, policy in DRILLS.items() if policy.total.elapsed > timedelta(seconds=75)]
    assert slow
    assert not any(
        could_climb(each, DRILLS[each.policy]) for each in PACK.categories.values() if each.policy in slow
    )


def quiet(**changes: object) -> Crew:
    """A crew that involves nobody, but for the changes."""
    keeps = {
        choice: [{"word": word, "share": 1, "source": "this test"}]
        for choice, word in (
            ("partner", "keeps_it"),
            ("joint", "alone"),
            ("whistle", "silent"),
            ("field", "goes_itself"),
        )
    }
    return Crew.model_validate({**CREW.model_dump(), **keeps, **changes})
