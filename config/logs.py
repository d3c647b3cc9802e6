"""Log lines: one structured event each, in Chinese as it is written, and never with a caller's identity.

Two nets hold identities back. Fields with telling names are masked whatever they hold; in every other text,
mainland telephone and identity-card numbers are masked wherever they stand, tracebacks included.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from domain.numbers_of_persons import MASK, without_numbers

IDENTITY_FIELDS = frozenset(
    {
        "address", "caller", "caller_address", "caller_name", "caller_phone", "citizen", "contact", "email",
        "full_name", "id_card", "id_number", "identity", "mobile", "name", "phone", "phone_number", "tel", "telephone",
        "authorization", "api_key", "password", "secret", "token",
    }
)  # fmt: skip
"""Fields whose values never reach a log line. Secrets of the service itself are treated alike."""


def mask_identities(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The event with every identity replaced by `***`, at any depth."""
    return {key: _masked(key, value) for key, value in event.items()}


def configure_logs(form: Literal["console", "json"], level: str = "info") -> None:
    """Send all log lines of this process, ours and the libraries', to standard error in one form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                mask_identities,
                _renderer(form),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # It tells of every call that went well; of those that did not, whoever made them tells.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def _renderer(form: Literal["console", "json"]) -> Processor:
    if form == "console":
        return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return structlog.processors.JSONRenderer(ensure_ascii=False, default=str)


def _masked(key: str, value: object) -> object:
    if key.lower() in IDENTITY_FIELDS and value is not None:
        return MASK
    return _masked_value(value)


def _masked_value(value: object) -> object:
    if isinstance(value, str):
        return without_numbers(value)
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, object]", value)
        return {key: _masked(str(key), inner) for key, inner in entries.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_masked_value(inner) for inner in cast("Sequence[object]", value)]
    if value is None or isinstance(value, bool | int | float):
        return value
    # Whatever else is logged ends as its text, and so is looked at as its text.
    return without_numbers(str(value))
