"""The tables of what is shared with the neighbouring systems: cases, messages, reconciliations, items."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from domain.partners import CaseStatus, Delivery, Partner, Via
from persistence.columns import OPEN, Code, Hours, Instant, metadata, one_of

partner_cases = Table(
    "partner_cases",
    metadata,
    Column("case_id", Code, primary_key=True),
    Column("request", Code, nullable=False),
    Column("partner", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("last_sequence", Integer, nullable=False),
    Column("last_kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("people", Integer, nullable=False),
    Column("hours", Hours, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("overdue", Boolean, nullable=False),
    Column("heard_at", Instant),
    Column("ended_at", Instant),
    Column("note", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("state", JSONB, nullable=False),
    one_of("partner", Partner),
    one_of("status", CaseStatus),
    Index(None, "partner", "opened_at", "case_id"),
    Index("ix_partner_cases_open", "partner", "status", postgresql_where=OPEN),
)
"""Where each case with a partner stands, by the last word of its own story; ``state`` is all that the story knows."""

partner_messages = Table(
    "partner_messages",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("partner", Text, nullable=False),
    Column("message", Code, nullable=False),
    Column("case_id", Code, nullable=False, index=True),
    Column("sequence", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("via", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("free_at", Instant),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("delivered_at", Instant),
    Column("assigned_by", Text),
    Column("assigned_at", Instant),
    one_of("partner", Partner),
    one_of("via", Via),
    one_of("delivery", Delivery),
    UniqueConstraint("partner", "message"),
    Index("ix_partner_messages_waiting", "free_at", "id", postgresql_where=text("free_at IS NOT NULL")),
    Index("ix_partner_messages_undelivered", "partner", "id", postgresql_where=text("delivered_at IS NULL")),
)
"""What partners sent, as their adapters translated it, once per message."""

reconciliations = Table(
    "reconciliations",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("partner", Text, nullable=False),
    Column("asked_by", Text),
    Column("asked_at", Instant, nullable=False),
    Column("since", Instant),
    Column("begun_at", Instant),
    Column("ended_at", Instant),
    Column("compared", Integer, nullable=False, server_default=text("0")),
    Column("differences", JSONB, nullable=False, server_default=text("'[]'")),
    Column("repaired", Integer, nullable=False, server_default=text("0")),
    Column("failure", Text, nullable=False, server_default=text("''")),
    Column("free_at", Instant, nullable=False, server_default=text("now()")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    one_of("partner", Partner),
    Index("uq_reconciliations_under_way", "partner", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index(None, "partner", "id"),
)

affair_items = Table(
    "affair_items",
    metadata,
    Column("code", Code, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("legal_days", Integer, nullable=False),
    Column("promised_days", Integer, nullable=False),
    Column("channels", ARRAY(Text), nullable=False),
    Column("version", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("changed_at", Instant, nullable=False),
    one_of("audience", ("persons", "enterprises", "both")),
    Index(None, "changed_at"),
)
"""The affairs platform's catalogue of items, as it was last read."""
