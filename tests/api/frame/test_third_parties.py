"""Numbers of persons in free text: the centre and the leading unit read them, who only joins in does not."""

from tests.api.conftest import BUREAU, TOWN, City

TELEPHONE = "13800138000"
SAID = f"路灯不亮，请联系邻居 {TELEPHONE}"


async def read_by(city: City, who: str, number: str) -> str:
    """Whatever somebody reads of the request: on the board, in the inbox, by its number, on its timeline, and in what
    was asked for.
    """
    one = f"/v1/requests/{number}"
    paths = (f"/v1/requests?q={number}", "/v1/legs", one, f"{one}/timeline", f"{one}/applications")
    answers = [await city.get(who, path) for path in paths]
    assert [answer.status_code for answer in answers] == [200] * len(paths)
    return "".join(answer.text for answer in answers)


async def test_a_joint_unit_reads_free_text_without_the_numbers_of_persons(running_city: City):
    number = await running_city.in_progress(description=SAID)
    joint = {"unit": BUREAU, "task": "请协助"}
    await running_city.post("operator", f"/v1/requests/{number}/start-joint", joint)
    asked = {"reason": "several_units", "explanation": f"请电 {TELEPHONE}", "evidence": ["纪要-1"]}
    await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/extend", asked)
    await running_city.post("operator", f"/v1/requests/{number}/comment", {"text": f"又来电：{TELEPHONE}"})
    for who in ("operator", f"unit:{TOWN}"):
        assert (await read_by(running_city, who, number)).count(TELEPHONE) >= 6, who
    read = await read_by(running_city, f"unit:{BUREAU}", number)
    assert TELEPHONE not in read
    assert "请联系邻居 ***" in read
    assert "又来电：***" in read
