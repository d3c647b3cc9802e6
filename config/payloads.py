"""What the engine stores of our messages: compressed where that pays, and sealed where a key is given.

Small payloads stay plain JSON while no key is set, so that summaries remain readable in the engine's own
screen. Every sealed payload names its key, so keys can rotate: the first key writes, all of them read; an old
key must live as long as the longest request plus the retention of histories."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
    PayloadCodec,
)

from config.vocabulary import WORDS

WORTH_COMPRESSING = 100
"""Bytes below which compression gains little on our messages. Only records are compressed: a summary is a
mere text and stays readable.
"""

DEFLATED = b"binary/deflated-1"
"""Compressed with the first vocabulary."""

SEALED = b"binary/sealed"
_NONCE_BYTES = 12


class UnreadablePayload(Exception):
    """A payload was sealed with a key that is not among those given, or was altered."""


class MessageCodec(PayloadCodec):
    """Compresses messages and, with keys, seals them by AES-GCM; the key's name is part of what is
    authenticated.
    """

    def __init__(self, keys: Mapping[str, bytes] | None = None) -> None:
        self._keys = {name: AESGCM(key) for name, key in (keys or {}).items()}

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Payloads as the engine shall store them."""
        return [self._sealed(_deflated(payload)) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Payloads as they were given.

        Raises:
            UnreadablePayload: the key is unknown, or the payload was altered.
        """
        return [_inflated(self._opened(payload)) for payload in payloads]

    def _sealed(self, payload: Payload) -> Payload:
        if not self._keys:
            return payload
        name, cipher = next(iter(self._keys.items()))
        nonce = os.urandom(_NONCE_BYTES)
        sealed = cipher.encrypt(nonce, payload.SerializeToString(), name.encode())
        return Payload(metadata={"encoding": SEALED, "key": name.encode()}, data=nonce + sealed)

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != SEALED:
            return payload
        name = payload.metadata["key"].decode()
        if name not in self._keys:
            raise UnreadablePayload(f"no key named {name}")
        nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        try:
            return Payload.FromString(self._keys[name].decrypt(nonce, sealed, name.encode()))
        except InvalidTag:
            raise UnreadablePayload(f"altered since it was sealed with {name}") from None


_JSON = PydanticJSONPlainPayloadConverter()


class MessageConverter(CompositePayloadConverter):
    """JSON by pydantic. The SDK makes a converter for each workflow; the readers of our messages take milliseconds to
    build, so all converters of a process share them.
    """

    def __init__(self) -> None:
        usual = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(_JSON if isinstance(each, JSONPlainPayloadConverter) else each for each in usual))


def message_converter(keys: Mapping[str, bytes] | None = None) -> DataConverter:
    """The data converter of every client, worker and replay: JSON by pydantic, then :class:`MessageCodec`.

    With keys, the texts of failures are sealed too.
    """
    converter = DataConverter(payload_converter_class=MessageConverter, payload_codec=MessageCodec(keys))
    if keys:
        converter = replace(converter, failure_converter_class=DefaultFailureConverterWithEncodedAttributes)
    return converter


def _deflated(payload: Payload) -> Payload:
    if len(payload.data) < WORTH_COMPRESSING or not payload.data.startswith(b"{"):
        return payload
    squeezer = zlib.compressobj(level=6, zdict=WORDS)
    return Payload(
        metadata={"encoding": DEFLATED},
        data=squeezer.compress(payload.SerializeToString()) + squeezer.flush(),
    )


def _inflated(payload: Payload) -> Payload:
    if payload.metadata.get("encoding") != DEFLATED:
        return payload
    return Payload.FromString(zlib.decompressobj(zdict=WORDS).decompress(payload.data))
