"""Log lines hold what happened and nobody's identity."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from config.logs import configure_logs, mask_identities
from domain.numbers_of_persons import MASK


@pytest.fixture
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def masked(**event: object) -> dict[str, object]:
    return dict(mask_identities(None, "info", event))


def test_fields_with_telling_names_are_masked_at_any_depth():
    event = masked(
        request="20260301-0000001",
        caller={"name": "陈小明"},
        details={"Telephone": "x", "rows": [{"address": "体育西路1号"}], "caller_ref": "c-17"},
    )
    assert event == {
        "request": "20260301-0000001",
        "caller": MASK,
        "details": {"Telephone": MASK, "rows": [{"address": MASK}], "caller_ref": "c-17"},
    }


@pytest.mark.parametrize(
    "text",
    ["13812345678", "+86 138-1234-5678", "020-81234567", "(0755)1 / 0755 81234567", "44010619900101123X"],
)
def test_numbers_of_persons_are_masked_in_every_text(text: str):
    shown = str(masked(event=f"回访电话 {text}。")["event"])
    assert MASK in shown
    assert "1234567" not in shown
    assert "440106" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "20260301-0000001",
        "request/20261122-0000123",
        "2026-03-01T08:00:00.123456+00:00",
        "1772352000",
        "HY-4401-000017",
    ],
)
def test_numbers_of_requests_and_instants_stay_readable(text: str):
    assert masked(event=text)["event"] == text


@pytest.mark.usefixtures("restored_logging")
def test_json_lines_are_readable_chinese_and_masked_in_tracebacks_too(capsys: pytest.CaptureFixture[str]):
    configure_logs("json")
    structlog.get_logger("huying").info("派单", unit="天河区城管局", phone="13812345678")
    try:
        raise ValueError("no such number 13812345678")
    except ValueError:
        logging.getLogger("library").exception("refused %s", "13912345678")
    first, second = capsys.readouterr().err.splitlines()
    assert '"派单"' in first
    assert '"天河区城管局"' in first
    assert json.loads(first)["phone"] == MASK
    assert json.loads(second)["level"] == "error"
    assert "ValueError" in second
    assert "3812345678" not in first + second
    assert "3912345678" not in second


@pytest.mark.usefixtures("restored_logging")
def test_console_lines_are_masked_too(capsys: pytest.CaptureFixture[str]):
    configure_logs("console")
    structlog.get_logger("huying").warning("回访", mobile="13812345678", request="20260301-0000001")
    line = capsys.readouterr().err
    assert "20260301-0000001" in line
    assert "13812345678" not in line


@pytest.mark.usefixtures("restored_logging")
def test_a_call_of_a_partner_that_went_well_writes_no_line(capsys: pytest.CaptureFixture[str]):
    configure_logs("json")
    logging.getLogger("httpx2").info("HTTP Request: GET http://partner.test/clues 200 OK")
    assert capsys.readouterr().err == ""
