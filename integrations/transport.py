"""The one way to a partner's interface: what is called, and what each kind of failure means.

Whatever leaves open whether an order had its effect is :class:`PartnerUnavailable`: the caller says the same again,
under the same key. Only an answer that says no, with a code, is :class:`PartnerRejected`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import TypeAdapter, ValidationError

from config.settings import PartnerConnection
from integrations.pace import Pace
from integrations.port import PartnerRejected, PartnerUnavailable
from integrations.wire.envelope import KEY_HEADER, Accepted, Order, Problem, Rejected, WithdrawalResult

T = TypeVar("T")
Acknowledged = TypeVar("Acknowledged", Accepted, WithdrawalResult)

LARGEST_ANSWER_BYTES = 16 * 2**20
"""More is no answer of a partner's interface."""

LONGEST_RETRY_AFTER = timedelta(hours=1)
"""A partner that asks for a longer pause is asked again after this one."""

_PROBLEM = TypeAdapter(Problem)

_NOT_OURS = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED}
)
"""A token that somebody must mend: the cases wait for that, instead of being refused one after the other."""

_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


def utc_now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def path_of(template: str, case: str) -> str:
    """A path of a partner's interface, for one case."""
    return template.format(correlation_id=quote(case, safe=""))


class Transport:
    """Calls one partner, at a pace if one is given. The connections are made at the first call and kept; :meth:`aclose`
    ends them.
    """

    def __init__(
        self,
        connection: PartnerConnection,
        *,
        pace: Pace | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._connection = connection
        self._pace = pace
        self._now = now
        self._used = False

    async def aclose(self) -> None:
        """Close the connections, if there ever were any."""
        if self._used:
            await self._client.aclose()

    async def send(
        self, path: str, order: Order, *, key: str, answer: TypeAdapter[Acknowledged | Rejected]
    ) -> Acknowledged:
        """Give an order under its key.

        Raises:
            PartnerUnavailable: nobody knows whether it had its effect; the same again.
            PartnerRejected: the partner says no.
        """
        said = await self._answer(
            answer,
            "POST",
            path,
            content=order.model_dump_json(),
            headers={KEY_HEADER: key, "Content-Type": "application/json"},
        )
        if said.message_id != key:
            raise PartnerUnavailable("the acknowledgement is of another message")
        if isinstance(said, Rejected):
            raise PartnerRejected(said.code, said.reason, said.suggested_unit)
        return said

    async def fetch(self, path: str, answer: TypeAdapter[T], wanted: dict[str, str] | None = None) -> T:
        """Read something.

        Raises:
            PartnerUnavailable: there was no whole answer; the same again.
            PartnerRejected: the partner says no.
        """
        return await self._answer(answer, "GET", path, params=wanted or {})

    @cached_property
    def _client(self) -> httpx2.AsyncClient:
        self._used = True
        token, ca_file = self._connection.token.get_secret_value(), self._connection.ca_file
        return httpx2.AsyncClient(
            base_url=self._connection.url,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=self._connection.timeout_seconds,
            limits=httpx2.Limits(
                max_connections=self._connection.calls_at_once,
                max_keepalive_connections=self._connection.calls_at_once,
            ),
            verify=ssl.create_default_context(cafile=ca_file) if ca_file else True,
            trust_env=False,
        )

    async def _answer(self, expected: TypeAdapter[T], method: str, path: str, **said: Any) -> T:
        async def called() -> T:
            return await self._heard(self._client.stream(method, path, **said), expected)

        return await (called() if self._pace is None else self._pace.keep(called))

    async def _heard(self, call: AbstractAsyncContextManager[httpx2.Response], expected: TypeAdapter[T]) -> T:
        try:
            # One limit for the whole answer: a partner that drips bytes would never meet a limit per read.
            async with asyncio.timeout(self._connection.timeout_seconds), call as response:
                body = await _whole(response)
        except TimeoutError as error:
            raise PartnerUnavailable("no answer in time") from error
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise PartnerUnavailable(f"no answer: {type(error).__name__}") from error
        if not response.is_success:
            raise self._failure(response, body)
        try:
            return expected.validate_json(body)
        except ValidationError as error:
            raise PartnerUnavailable(f"not a whole answer: {worded(error)}") from error

    def _failure(self, response: httpx2.Response, body: bytes) -> PartnerUnavailable | PartnerRejected:
        status = response.status_code
        if not response.is_client_error or status in _LATER:
            return PartnerUnavailable(f"answered {status}", self._retry_after(response))
        if status in _NOT_OURS:
            return PartnerUnavailable(f"answered {status}: our token is not accepted")
        try:
            problem = _PROBLEM.validate_json(body)
        except ValidationError as error:
            # A gateway's page or a wrong address: not the partner's no, so that no case ends by it.
            return PartnerUnavailable(f"answered {status} without a readable problem: {worded(error)}")
        return PartnerRejected(problem.code, problem.detail or problem.title, problem.suggested_unit)

    def _retry_after(self, response: httpx2.Response) -> timedelta | None:
        asked = response.headers.get("Retry-After", "").strip()
        if asked.isdecimal() and len(asked) < 10:
            pause = timedelta(seconds=int(asked))
        else:
            try:
                pause = parsedate_to_datetime(asked) - self._now()
            except (TypeError, ValueError):
                return None
        return min(max(pause, timedelta()), LONGEST_RETRY_AFTER)


async def _whole(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > LARGEST_ANSWER_BYTES:
            raise PartnerUnavailable("the answer has no end")
    return bytes(body)


def worded(error: ValidationError) -> str:
    """The first of what is wrong with a body, without repeating what it holds."""
    field, reason = first_fault(error)
    return f"{field}: {reason}"


def first_fault(error: ValidationError, *, below: int = 0) -> tuple[str, str]:
    """Where a body is wrong first, and how; nothing of what it holds is repeated but a wrong name of its kind.

    The first ``below`` steps of the way there are left out: the validator's own, which the body does not have.
    """
    fault: Any = error.errors(include_input=False, include_url=False)[0]
    way = [str(step) for step in fault["loc"][below:]]
    if fault["type"] in ("union_tag_invalid", "union_tag_not_found"):
        way.append(fault["ctx"]["discriminator"].strip("'"))
    return ".".join(way) or "body", str(fault["msg"])
