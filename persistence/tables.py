"""The tables, as SQLAlchemy Core knows them. Migrations make them; a test holds the two against each other.

Instants are ``timestamptz`` and read back in UTC. Closed lists are text with a CHECK, since a native enum is hard to
change. Codes and numbers compare byte by byte (collation C), so that "lies within" is a range of an index.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from domain.bulk import ItemResult
from domain.card_pairs import PairResult
from domain.levels import Level
from domain.operations import Operation
from domain.request import Body, Card, Exclusion, LegRole, LegState, Light, State, Visibility
from domain.whistles import WhistleKind
from persistence.columns import OPEN, Code, Degrees, Instant, TransactionId, metadata, one_of
from persistence.partner_tables import affair_items, partner_cases, partner_messages, reconciliations

request_numbers = Sequence("request_numbers", metadata=metadata)
"""The seven digits of a request's number; gaps are allowed, repetition is not."""

intake = Table(
    "intake",
    metadata,
    Column("number", Code, primary_key=True),
    Column("query_code", Code, nullable=False, unique=True),
    Column("key", Text, nullable=False, unique=True),
    Column("digest", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("caller_ref", Text),
    Column("description", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Index(None, "received_at"),
    Index("ix_intake_by_caller", "caller_ref", postgresql_where=text("caller_ref IS NOT NULL")),
)

waiting_intake = Table(
    "waiting_intake",
    metadata,
    Column("number", Code, primary_key=True),
    Column("received_at", Instant, nullable=False),
    Column("free_at", Instant, nullable=False, server_default=text("now()")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Index(None, "free_at", "number"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("number", Code, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("actor", JSONB, nullable=False),
    Column("fact", JSONB, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("feed_tx", TransactionId, nullable=False, server_default=text("pg_current_xact_id()")),
    Column("feed_id", BigInteger, Identity(always=True), nullable=False),
    CheckConstraint("seq > 0", name="seq"),
    Index(None, "feed_tx", "feed_id"),
    Index("ix_timeline_rulings", "at", postgresql_where=text("kind = 'dispute_ruled'")),
    Index(
        "ix_timeline_yellow_cards",
        "at",
        postgresql_where=text("kind = 'supervised' AND fact ->> 'card' = 'yellow_card'"),
    ),
)

requests = Table(
    "requests",
    metadata,
    Column("number", Code, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("request_type", Text, nullable=False),
    Column("category", Code),
    Column("category_group", Code),
    Column("area", Code),
    Column("latitude", Degrees),
    Column("longitude", Degrees),
    Column("district", Code),
    Column("policy", Text),
    Column("policy_version", Integer),
    Column("urgency", Text),
    Column("level", Text),
    Column("unit", Code),
    Column("unit_zh", Text),
    Column("unit_en", Text),
    Column("light", Text, nullable=False),
    Column("card", Text),
    Column("supervised_by", Text),
    Column("black_listed_at", Text),
    Column("received_at", Instant, nullable=False),
    Column("accepted_at", Instant),
    Column("submitted_at", Instant),
    Column("ended_at", Instant),
    Column("ended_how", Text),
    Column("entered_at", Instant, nullable=False),
    Column("next_due_at", Instant),
    Column("total_due_at", Instant),
    Column("total_due_provisional", Boolean, nullable=False),
    Column("urge_count", Integer, nullable=False),
    Column("outcome", Text),
    Column("solved", Boolean),
    Column("satisfied", Boolean),
    Column("applications", Text, nullable=False),
    Column("reassignments", Integer, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("exclusion", Text),
    Column("parent", Code),
    Column("repeat_of", Code),
    Column("group_matter", Boolean, nullable=False),
    Column("commitment_due", Instant),
    one_of("state", State),
    one_of("visibility", Visibility),
    one_of("exclusion", Exclusion),
    one_of("light", Light),
    one_of("card", Card),
    one_of("level", Level),
    one_of("supervised_by", Body),
    one_of("black_listed_at", Body),
    Index("ix_requests_by_arrival", "received_at", "number"),
    Index("ix_requests_by_district", "district", "received_at", "number"),
    Index("ix_requests_open_by_arrival", "received_at", "number", postgresql_where=OPEN),
    Index(
        "ix_requests_open_by_due",
        text("coalesce(total_due_at, 'infinity'::timestamptz)"),
        "number",
        postgresql_where=OPEN,
    ),
    Index("ix_requests_open_by_unit", "unit", "received_at", "number", postgresql_where=OPEN),
    Index("ix_requests_by_parent", "parent", postgresql_where=text("parent IS NOT NULL")),
    Index("ix_requests_by_repeat", "repeat_of", postgresql_where=text("repeat_of IS NOT NULL")),
    Index("ix_requests_open_by_matter", "category_group", "area", "received_at", postgresql_where=OPEN),
    Index(
        "ix_requests_open_by_place",
        "category_group",
        "latitude",
        postgresql_where=text("ended_at IS NULL AND latitude IS NOT NULL"),
    ),
    Index("ix_requests_undecided", "received_at", "number", postgresql_where=text("applications <> ''")),
    Index("ix_requests_by_commitment", "commitment_due", postgresql_where=text("commitment_due IS NOT NULL")),
    Index("ix_requests_by_next_due", "next_due_at", postgresql_where=text("next_due_at IS NOT NULL")),
    # The row is rewritten at each step; room on the page keeps most rewrites off the indexes.
    postgresql_with={"fillfactor": 80},
)

legs = Table(
    "legs",
    metadata,
    Column("number", Code, primary_key=True),
    Column("leg", Code, primary_key=True),
    Column("role", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("unit", Code, nullable=False),
    Column("unit_zh", Text, nullable=False),
    Column("unit_en", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("area", Code, nullable=False),
    Column("duty_entry", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("awaits", Integer, nullable=False),
    Column("dispatched_at", Instant, nullable=False),
    Column("signed_at", Instant),
    Column("auto_signed_at", Instant),
    Column("first_contact_at", Instant),
    Column("replied_at", Instant),
    Column("ended_at", Instant),
    Column("ended_how", Text),
    Column("late", Text, nullable=False),
    Column("sign_due_at", Instant),
    Column("dwell_due_at", Instant),
    Column("task", Text, nullable=False),
    Column("delegated_by", Code),
    Column("seq", Integer, nullable=False),
    Column("joint_due_at", Instant),
    Column("mandatory", Boolean),
    Column("outcome", Text),
    one_of("role", LegRole),
    one_of("state", LegState),
    one_of("level", Level),
    Index("ix_legs_by_unit", "unit", "dispatched_at", "number", "leg"),
    Index("ix_legs_by_area", "area", "dispatched_at", "number", "leg"),
    Index("ix_legs_open_by_unit", "unit", "dispatched_at", "number", "leg", postgresql_where=OPEN),
    Index("ix_legs_open_by_area", "area", "dispatched_at", "number", "leg", postgresql_where=OPEN),
    postgresql_with={"fillfactor": 80},
)

summonses = Table(
    "summonses",
    metadata,
    Column("number", Code, primary_key=True),
    Column("summons", Code, primary_key=True),
    Column("whistle", Code, nullable=False),
    Column("kind", Text, nullable=False),
    Column("unit", Code, nullable=False),
    Column("unit_zh", Text, nullable=False),
    Column("unit_en", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("area", Code, nullable=False),
    Column("town", Code, nullable=False),
    Column("town_zh", Text, nullable=False),
    Column("town_en", Text, nullable=False),
    Column("power", Text, nullable=False),
    Column("power_zh", Text, nullable=False),
    Column("power_en", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("called_at", Instant, nullable=False),
    Column("ack_due_at", Instant),
    Column("attend_due_at", Instant),
    Column("acknowledged_at", Instant),
    Column("arrived_at", Instant),
    Column("authority", Boolean, nullable=False),
    Column("missed_at", Instant),
    Column("ended_at", Instant),
    Column("ended_how", Text),
    Column("rate_until", Instant),
    Column("rated", Boolean, nullable=False),
    Column("seq", Integer, nullable=False),
    one_of("kind", WhistleKind),
    one_of("level", Level),
    Index("ix_summonses_by_unit", "unit", "called_at", "number", "summons"),
    Index("ix_summonses_by_town", "town", "called_at", "number", "summons"),
    postgresql_with={"fillfactor": 80},
)
"""Who was called by a whistle: a projection, as board and inboxes are."""

answers = Table(
    "answers",
    metadata,
    Column("key", Text, primary_key=True),
    Column("number", Code, nullable=False),
    Column("digest", Text, nullable=False),
    Column("answer", JSONB, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "number"),
)

notices = Table(
    "notices",
    metadata,
    Column("key", Text, primary_key=True),
    Column("number", Code, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("recipient", Code, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text_zh", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("read_at", Instant),
    Index("ix_notices_by_recipient", "recipient", "at", "key"),
    Index("ix_notices_unread", "recipient", "at", "key", postgresql_where=text("read_at IS NULL")),
)

policies = Table(
    "policies",
    metadata,
    Column("code", Code, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", JSONB, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("active_from", Instant, nullable=False),
    CheckConstraint("version > 0", name="version"),
)

identity = Table(
    "identity",
    metadata,
    Column("caller_ref", Text, primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("name", LargeBinary),
    Column("telephone", LargeBinary),
    Column("address", LargeBinary),
    Column("fingerprint", LargeBinary),
    Column("created_at", Instant, nullable=False),
    Column("erased_at", Instant),
    Index(
        "ix_identity_by_fingerprint",
        "fingerprint",
        "created_at",
        postgresql_where=text("fingerprint IS NOT NULL"),
    ),
)

identity_reads = Table(
    "identity_reads",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("caller_ref", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "caller_ref", "at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
    Column("principal", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("unit", Code),
    Column("level", Text),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    UniqueConstraint("hash"),
    one_of("level", Level),
)

bulk_jobs = Table(
    "bulk_jobs",
    metadata,
    Column("id", Code, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("digest", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("actor", JSONB, nullable=False),
    Column("act", JSONB),
    Column("total", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("paused_at", Instant),
    Column("cancel_asked_at", Instant),
    Column("ended_at", Instant),
    Column("free_at", Instant, nullable=False, server_default=text("now()")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Index("ix_bulk_jobs_waiting", "free_at", "id", postgresql_where=text("started_at IS NULL")),
)

bulk_items = Table(
    "bulk_items",
    metadata,
    Column("job", Code, primary_key=True),
    Column("number", Code, primary_key=True),
    Column("act", JSONB),
    Column("result", Text, nullable=False, server_default=text("'pending'")),
    Column("code", Text, nullable=False, server_default=text("''")),
    Column("detail", Text, nullable=False, server_default=text("''")),
    Column("state", Text),
    Column("seq", Integer),
    Column("at", Instant),
    one_of("result", ItemResult),
)

card_pairs = Table(
    "card_pairs",
    metadata,
    Column("unit", Code, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("pair", Integer, primary_key=True, autoincrement=False),
    Column("earlier_number", Code, nullable=False),
    Column("earlier_leg", Code, nullable=False),
    Column("later_number", Code, nullable=False),
    Column("later_leg", Code, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("result", Text, nullable=False, server_default=text("'pending'")),
    Column("given_to", Code),
    Column("code", Text, nullable=False, server_default=text("''")),
    Column("settled_at", Instant),
    one_of("result", PairResult),
    Index("ix_card_pairs_pending", "found_at", postgresql_where=text("result = 'pending'")),
)

anchors = Table(
    "anchors",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("until_tx", TransactionId, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("stories", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("prev_digest", Text, nullable=False),
    Column("digest", Text, nullable=False),
    CheckConstraint("id > 0", name="id"),
)

surges = Table(
    "surges",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("area", Code, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Column("substitutions", JSONB, nullable=False),
    Column("begun_by", Text, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ended_by", Text),
    Column("ended_at", Instant),
)

operations = Table(
    "operations",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    one_of("what", Operation),
    Index(None, "subject", "id"),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)

uptime = Table(
    "uptime",
    metadata,
    Column("started_at", Instant, primary_key=True),
    Column("last_seen_at", Instant, nullable=False),
)

APPEND_ONLY = (intake, timeline, policies, identity_reads, anchors, operations)
"""A trigger refuses every UPDATE, DELETE and TRUNCATE of these tables."""

OF_PARTNERS = (partner_cases, partner_messages, reconciliations, affair_items)
"""The tables of what is shared with the neighbouring systems; the metadata is whole with them."""
