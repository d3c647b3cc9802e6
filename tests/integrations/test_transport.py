"""What each kind of failure of a partner means: the same again, or a person's decision."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import TypeAdapter, ValidationError

from integrations.adapter import ACCEPTED
from integrations.port import PartnerRejected, PartnerUnavailable
from integrations.transport import LARGEST_ANSWER_BYTES, LONGEST_RETRY_AFTER, Transport, path_of
from integrations.wire.enforcement import ConfirmationData, ResultConfirmed
from integrations.wire.envelope import Accepted, CasePage
from tests.integrations.misbehaving import Behaviour, answer, connection_to, serving

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
KEY = "20261123-0000042-p1:confirm"
PAGE = TypeAdapter(CasePage)
YES = json.dumps({"acknowledgement": "accepted", "message_id": KEY, "number": "XS1"})
NO = {"acknowledgement": "rejected", "message_id": KEY, "code": "unknown_item", "reason": "没有这个事项"}
PROBLEM = {"status": 422, "code": "not_competent", "detail": "不属于本局职责", "suggested_unit": "住建局"}


def order() -> ResultConfirmed:
    return ResultConfirmed(
        message_id=KEY,
        correlation_id="20261123-0000042-p1",
        sequence=3,
        sent_at=NOW,
        data=ConfirmationData(note="已答复"),
    )


@asynccontextmanager
async def calling(behaviour: Behaviour, *, patience: float = 0.5) -> AsyncGenerator[Transport]:
    async with serving(behaviour, patience=patience) as connection:
        transport = Transport(connection, now=lambda: NOW)
        yield transport
        await transport.aclose()


async def sent_to(behaviour: Behaviour, *, patience: float = 0.5) -> Accepted:
    async with calling(behaviour, patience=patience) as transport:
        return await transport.send("/clues", order(), key=KEY, answer=ACCEPTED)


async def unavailable(behaviour: Behaviour, *, patience: float = 0.5) -> PartnerUnavailable:
    with pytest.raises(PartnerUnavailable) as caught:
        await sent_to(behaviour, patience=patience)
    return caught.value


async def test_an_order_carries_token_and_key_and_its_acknowledgement_the_partners_number():
    behaviour = Behaviour((answer(202, YES),))
    assert (await sent_to(behaviour)).number == "XS1"
    [seen] = behaviour.seen
    assert seen.line == "POST /clues HTTP/1.1"
    assert seen.headers["authorization"] == "Bearer token-of-huying"
    assert seen.headers["idempotency-key"] == KEY
    body = json.loads(seen.body)
    assert (body["message_id"], body["source"], body["schema_version"]) == (KEY, "huying", "1.0")
    assert body["sent_at"] == "2026-11-23T02:00:00Z"


@pytest.mark.parametrize(
    "url", ["", "enforcement", "ftp://there", "http://there/", "http://there?x", "http://a b"]
)
def test_an_address_that_leads_nowhere_is_found_when_it_is_set(url: str):
    with pytest.raises(ValidationError, match="url"):
        connection_to(url)


async def test_an_address_may_have_a_port_and_a_path():
    behaviour = Behaviour((answer(202, YES),))
    async with serving(behaviour) as connection:
        there = connection_to(f"{connection.url}/base/v1")
        transport = Transport(there)
        await transport.send("/clues", order(), key=KEY, answer=ACCEPTED)
        await transport.aclose()
    assert behaviour.seen[0].line == "POST /base/v1/clues HTTP/1.1"


async def test_nobody_listening_is_unavailable():
    transport = Transport(connection_to("http://127.0.0.1:1"))
    with pytest.raises(PartnerUnavailable, match="ConnectError"):
        await transport.send("/clues", order(), key=KEY, answer=ACCEPTED)
    await transport.aclose()


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(Behaviour(silent=True), id="accepts the connection and never answers"),
        pytest.param(Behaviour((b"H", b"T", b"T", b"P") * 9, pause=0.05), id="drips its answer"),
        pytest.param(
            Behaviour((answer(202, YES[:10], length=len(YES)),), silent=True), id="stops in the middle"
        ),
    ],
)
async def test_no_whole_answer_in_time_is_unavailable(behaviour: Behaviour):
    assert str(await unavailable(behaviour, patience=0.2)) == "no answer in time"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="the connection is closed without an answer"),
        pytest.param(b"garbage\r\n\r\n", id="no HTTP at all"),
        pytest.param(answer(202, YES[:10], length=len(YES)), id="half the body, then closed"),
        pytest.param(answer(202, YES[:-1]), id="JSON without its end"),
        pytest.param(answer(202, "<html>ok</html>"), id="a page"),
        pytest.param(answer(202, "{}"), id="an acknowledgement that says nothing"),
        pytest.param(answer(202, YES.replace(KEY, "another")), id="an acknowledgement of another message"),
        pytest.param(answer(204), id="no body"),
        pytest.param(answer(302, Location="/login"), id="sent to a page of login"),
        pytest.param(answer(500, json.dumps(PROBLEM)), id="a server's error, whatever its body says"),
        pytest.param(answer(502), id="a gateway's error"),
        pytest.param(answer(401, json.dumps(PROBLEM)), id="our token is not accepted"),
        pytest.param(answer(403, json.dumps(PROBLEM)), id="our address is not accepted"),
        pytest.param(answer(404, "<html>not found</html>"), id="a wrong address"),
        pytest.param(answer(408), id="too slow for the partner"),
    ],
)
async def test_whatever_leaves_the_effect_open_is_unavailable(said: bytes):
    assert (await unavailable(Behaviour((said,)))).retry_after is None


async def test_an_answer_without_end_is_cut_off():
    piece = b"x" * 2**20
    flood = Behaviour((answer(200, length=2**40), *(piece for _ in range(LARGEST_ANSWER_BYTES // 2**20 + 1))))
    assert "no end" in str(await unavailable(flood, patience=5))


@pytest.mark.parametrize(
    ("asked", "pause"),
    [
        ("7", timedelta(seconds=7)),
        ("0", timedelta()),
        ("Mon, 23 Nov 2026 02:01:00 GMT", timedelta(minutes=1)),
        ("Mon, 23 Nov 2026 01:00:00 GMT", timedelta()),
        ("86400", LONGEST_RETRY_AFTER),
        ("999999999999999999", None),
        ("soon", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_partner_says_when_to_come_again(asked: str, pause: timedelta | None, status: int):
    said = answer(status, json.dumps(PROBLEM), Retry_After=asked)
    assert (await unavailable(Behaviour((said,)))).retry_after == pause


@pytest.mark.parametrize("status", [400, 404, 409, 422])
async def test_a_problem_with_a_code_is_the_partners_no(status: int):
    said = answer(status, json.dumps(PROBLEM | {"status": status}), Content_Type="application/problem+json")
    with pytest.raises(PartnerRejected) as caught:
        await sent_to(Behaviour((said,)))
    no = caught.value
    assert (no.code, no.reason, no.unit) == ("not_competent", "不属于本局职责", "住建局")


@pytest.mark.parametrize(
    "said",
    [
        {"code": "insufficient"},
        {"code": "insufficient", "status": None, "detail": None, "suggested_unit": None},
    ],
)
async def test_a_problem_need_not_say_more_than_its_code(said: dict[str, None]):
    with pytest.raises(PartnerRejected) as caught:
        await sent_to(Behaviour((answer(422, json.dumps(said)),)))
    assert (caught.value.code, caught.value.reason, caught.value.unit) == ("insufficient", "", "")


async def test_a_problem_that_cannot_be_read_is_shown_with_what_is_wrong():
    failure = await unavailable(Behaviour((answer(422, json.dumps(PROBLEM | {"detail": "长" * 5000})),)))
    assert str(failure).startswith("answered 422 without a readable problem: detail:")


async def test_a_no_in_the_body_counts_as_much_as_one_by_status():
    with pytest.raises(PartnerRejected) as caught:
        await sent_to(Behaviour((answer(200, json.dumps(NO)),)))
    assert (caught.value.code, caught.value.unit) == ("unknown_item", "")


async def test_a_partner_with_a_certificate_of_the_citys_own_is_believed_if_the_connection_says_so(
    tmp_path: Path,
):
    own, context = certificate(tmp_path)
    async with serving(Behaviour((answer(202, YES),)), tls=context) as connection:
        stranger = Transport(connection)
        with pytest.raises(PartnerUnavailable, match="ConnectError"):
            await stranger.send("/clues", order(), key=KEY, answer=ACCEPTED)
        await stranger.aclose()
        known = Transport(connection.model_copy(update={"ca_file": own}))
        assert (await known.send("/clues", order(), key=KEY, answer=ACCEPTED)).number == "XS1"
        await known.aclose()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for this machine that it signed itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, key_file = folder / "city.pem", folder / "key.pem"
    file.write_bytes(signed.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key_file)
    return file, context


async def test_what_a_partner_writes_as_null_is_left_out():
    said = YES.replace('"XS1"', "null")
    assert (await sent_to(Behaviour((answer(202, said),)))).number == ""


async def test_a_readers_faults_say_where_and_repeat_nothing_of_the_body():
    behaviour = Behaviour((answer(200, json.dumps({"cases": [{"correlation_id": "13812345678 "}]})),))
    async with calling(behaviour) as transport:
        with pytest.raises(PartnerUnavailable) as caught:
            await transport.fetch("/clues", PAGE)
    assert "cases.0.correlation_id" in str(caught.value)
    assert "13812345678" not in str(caught.value)


async def test_a_case_is_one_step_of_a_path_whatever_its_name():
    assert path_of("/clues/{correlation_id}/messages", "a/../b?c") == "/clues/a%2F..%2Fb%3Fc/messages"
