"""What the engine stores of our messages."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from temporalio.api.common.v1 import Payload

from config.payloads import DEFLATED, SEALED, MessageCodec, UnreadablePayload, message_converter
from domain.commands import Dispatch, Order
from domain.request import RequestState
from domain.simulator import Simulation
from domain.units import Role
from tests.support.builders import MONDAY_MORNING, actor, intake
from workflows.messages import Story

KEYS = {"k2": b"2" * 32, "k1": b"1" * 32}


def payload(record: object) -> Payload:
    """A record as the JSON converter writes it."""
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(record, ensure_ascii=False).encode())


RECORD = payload({"number": "20261122-0000001", "text": "路面塌陷" * 40})


@pytest.mark.parametrize("keys", [None, KEYS])
async def test_what_is_encoded_comes_back(keys: dict[str, bytes] | None) -> None:
    codec = MessageCodec(keys)
    assert await codec.decode(await codec.encode([RECORD, payload("x")])) == [RECORD, payload("x")]


async def test_records_are_compressed_and_summaries_stay_readable() -> None:
    record, summary = await MessageCodec().encode([RECORD, payload("天河区 城管局 " * 30)])
    assert record.metadata["encoding"] == DEFLATED
    assert len(record.data) < len(RECORD.data) / 2
    assert summary.metadata["encoding"] == b"json/plain"


async def test_with_keys_everything_is_sealed_and_an_old_key_still_reads() -> None:
    old = MessageCodec({"k1": KEYS["k1"]})
    sealed = await old.encode([RECORD, payload("x")])
    assert {each.metadata["encoding"] for each in sealed} == {SEALED}
    assert "塌陷".encode() not in sealed[0].data
    assert await MessageCodec(KEYS).decode(sealed) == [RECORD, payload("x")]


async def test_without_the_key_or_after_a_change_nothing_is_read() -> None:
    (sealed,) = await MessageCodec(KEYS).encode([RECORD])
    with pytest.raises(UnreadablePayload, match="no key named k2"):
        await MessageCodec({"k1": KEYS["k1"]}).decode([sealed])
    sealed.data = sealed.data[:-1] + bytes([sealed.data[-1] ^ 1])
    with pytest.raises(UnreadablePayload, match="altered"):
        await MessageCodec(KEYS).decode([sealed])


def climbed() -> RequestState:
    """The state of a request that climbed to the city."""
    story = Simulation.of(intake())
    story.wait_until(MONDAY_MORNING + timedelta(days=3))
    return story.state


@pytest.mark.parametrize(
    "message",
    [
        Story(intake(), 4000),
        Story(intake(), 4000, run=2, state=climbed()),
        Order("key", actor(Role.DISPATCHER), Dispatch(), digest="0" * 64),
    ],
)
async def test_our_own_messages_round_trip_equal(message: object) -> None:
    converter = message_converter()
    encoded = await converter.encode([message])
    assert await converter.decode(encoded, [type(message)]) == [message]
