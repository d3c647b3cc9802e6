"""Identities: unreadable at rest, masked in general, read with a purpose, and forgotten when asked."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engine import reading, writing
from persistence.identity import Caller, Seal, UnknownKey, erase, mask, read_identity, read_masked, reads_of
from tests.persistence.conftest import rows
from tests.support.stories import draft, taken_in

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
SEAL = Seal(KEY)
CALLER = Caller("欧阳询", "13812341234", "广州市天河区天河路385号2楼")
NOW = datetime(2026, 3, 2, tzinfo=UTC)


async def kept(engine: AsyncEngine, caller: Caller = CALLER) -> str:
    ref = (await taken_in(engine, caller=SEAL.seal(caller))).caller_ref
    assert ref is not None
    return ref


async def test_nothing_at_rest_shows_who_called(engine: AsyncEngine) -> None:
    await kept(engine)
    everything = str(
        [await rows(engine, f"SELECT t::text FROM {table} t") for table in ("identity", "intake")]
    )
    for secret in ("欧阳询", "13812341234", "天河路"):
        assert secret not in everything
        assert secret.encode().hex() not in everything
    assert "欧阳询" not in repr(CALLER)
    assert "13812341234" not in str(draft(caller=SEAL.seal(CALLER)))


async def test_every_reading_is_written_down_with_its_purpose(engine: AsyncEngine) -> None:
    ref = await kept(engine)
    for purpose in ("callback", "first contact"):
        async with writing(engine) as connection:
            read = await read_identity(connection, SEAL, ref, who="agent-3", purpose=purpose, at=NOW)
        assert read == CALLER
    async with reading(engine) as connection:
        seen = await reads_of(connection, ref)
    assert [(one.who, one.purpose, one.at) for one in seen] == [
        ("agent-3", "callback", NOW),
        ("agent-3", "first contact", NOW),
    ]


async def test_nobody_reads_without_a_purpose(engine: AsyncEngine) -> None:
    ref = await kept(engine)
    async with writing(engine) as connection:
        with pytest.raises(ValueError, match="purpose"):
            await read_identity(connection, SEAL, ref, who="agent-3", purpose=" ", at=NOW)


async def test_the_log_of_readings_cannot_be_changed(engine: AsyncEngine) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        async with engine.begin() as connection:
            await connection.execute(text("DELETE FROM identity_reads"))


async def test_a_masked_look_is_open_to_all_and_tells_nobody(engine: AsyncEngine) -> None:
    ref = await kept(engine)
    async with reading(engine) as connection:
        masked = await read_masked(connection, SEAL, ref)
        assert await reads_of(connection, ref) == []
    assert masked == Caller("欧**", "138****1234", "广州市天河区***")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (Caller("陈大文", "13800001234", None), Caller("陈**", "138****1234", None)),
        (Caller("陈", "110", "天河路"), Caller("陈*", "****", "天***")),
        (Caller(None, "020-8312 3456", ""), Caller(None, "020****3456", "")),
        (Caller("", "83123456", None), Caller("", "****3456", None)),
    ],
)
def test_masks_never_show_the_whole(given: Caller, shown: Caller) -> None:
    assert mask(given) == shown


async def test_a_forgotten_caller_cannot_be_read_again(engine: AsyncEngine) -> None:
    ref = await kept(engine)
    async with writing(engine) as connection:
        assert await erase(connection, ref, NOW)
        assert not await erase(connection, ref, NOW)
        assert await read_identity(connection, SEAL, ref, who="a", purpose="callback", at=NOW) is None
    async with reading(engine) as connection:
        assert await read_masked(connection, SEAL, ref) is None
    (row,) = await rows(engine, "SELECT name, telephone, address, fingerprint, erased_at FROM identity")
    assert row == {"name": None, "telephone": None, "address": None, "fingerprint": None, "erased_at": NOW}


async def test_a_value_moved_to_another_caller_does_not_open(engine: AsyncEngine) -> None:
    one = await kept(engine)
    async with writing(engine) as connection:
        await connection.execute(text("UPDATE identity SET telephone = name"))
        with pytest.raises(InvalidTag):
            await read_identity(connection, SEAL, one, who="a", purpose="p", at=NOW)


def test_keys_rotate_and_unknown_ones_are_named() -> None:
    sealed = SEAL.seal(CALLER)
    rotated = Seal(OTHER_KEY, key_id="2", older={"1": KEY})
    assert rotated.unseal(sealed) == CALLER
    assert rotated.seal(CALLER).key_id == "2"
    with pytest.raises(UnknownKey, match="1"):
        Seal(OTHER_KEY, key_id="2").unseal(sealed)


def test_sealing_twice_looks_different() -> None:
    first, second = SEAL.seal(CALLER), SEAL.seal(CALLER)
    assert first.ref != second.ref
    assert first.name != second.name


@pytest.mark.parametrize(
    "written", ["13812341234", "138 1234 1234", "138-1234-1234", "+8613812341234", "0086 138 1234 1234"]
)
def test_a_number_leaves_one_fingerprint_however_it_is_written(written: str) -> None:
    assert SEAL.fingerprints(written) == SEAL.fingerprints("13812341234")


def test_other_numbers_leave_other_fingerprints() -> None:
    written = ["13812341234", "13812341235", "020-8612 3456", "8612 3456", "+1 617 635 4500"]
    assert len({bytes(SEAL.fingerprints(one)[0]) for one in written}) == len(written)


@pytest.mark.parametrize("written", [None, "", "110", "12345", "+86 110"])
def test_a_number_that_is_nobodys_own_leaves_none(written: str | None) -> None:
    assert SEAL.fingerprints(written) == []
    assert SEAL.seal(Caller("陈", written, None)).fingerprint is None


def test_an_anonymous_caller_leaves_no_fingerprint() -> None:
    assert SEAL.seal(CALLER, recognizable=False).fingerprint is None


def test_a_fingerprint_is_no_hash_that_anybody_could_make() -> None:
    (mine,) = SEAL.fingerprints("13812341234")
    for key in (b"", KEY):
        assert mine != sha256(b"13812341234").digest()
        assert mine != hmac.digest(key, b"13812341234", "sha256")
    assert mine not in Seal(OTHER_KEY).fingerprints("13812341234")


def test_a_caller_of_before_the_rotation_is_recognized_after_it() -> None:
    rotated = Seal(OTHER_KEY, key_id="2", older={"1": KEY})
    assert SEAL.seal(CALLER).fingerprint in rotated.fingerprints(CALLER.telephone)
    assert rotated.seal(CALLER).fingerprint in rotated.fingerprints(CALLER.telephone)


async def test_the_fingerprint_is_kept_beside_the_sealed_identity(engine: AsyncEngine) -> None:
    await kept(engine)
    (row,) = await rows(engine, "SELECT fingerprint FROM identity")
    assert [row["fingerprint"]] == SEAL.fingerprints(CALLER.telephone)
