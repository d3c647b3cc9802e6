"""The reconciler: once a day it holds our cases against each partner's list, and sees to what is different.

Each partner has a round of its own, so that one who does not answer keeps no other waiting. Several workers may run
one; a reconciliation is claimed by one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.service import RPCError

from config.metrics import Metrics
from domain.cases.reconciliation import Difference, Disagreement, OurSide, TheirSide, differences
from domain.partners import Partner, Via
from domain.refusals import Refused
from integrations.port import PartnerGateway, PartnerRejected, PartnerUnavailable
from persistence.engine import each_by_itself, reading, writing
from persistence.partner_cases import cases_to_compare, find_case
from persistence.partner_messages import heard_of, keep_message, sequences_of
from persistence.reconciliations import (
    Claimed,
    ask_when_due,
    claim_reconciliation,
    end_reconciliation,
    last_reconciliations,
    put_off,
)
from worker.partner_inbox import Cases
from worker.rounds import go_round
from workflows.case_client import CaseNotRunning

log = structlog.get_logger()

EVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Since when the first reconciliation compares."""

LOOK_AGAIN_AFTER = timedelta(seconds=20)
"""What differs is looked at twice: a call-back may be on its way while the lists are compared."""


class Reconciler:
    """Reconciles with each partner ``every`` so often, and whenever somebody asked for it."""

    def __init__(
        self,
        engine: AsyncEngine,
        gateways: Mapping[Partner, PartnerGateway],
        cases: Cases,
        metrics: Metrics,
        *,
        every: timedelta,
        interval: timedelta = timedelta(seconds=5),
        look_again_after: timedelta = LOOK_AGAIN_AFTER,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._gateways = gateways
        self._cases = cases
        self._metrics = metrics
        self._every = every
        self._interval = interval
        self._look_again_after = look_again_after
        self._now = now

    async def run(self) -> None:
        """Go on until cancelled; outages of the database are waited out, and those of a partner as well."""
        async with asyncio.TaskGroup() as rounds:
            rounds.create_task(go_round(self.show, self._interval, "reconciler_lost_database"))
            for partner in self._gateways:
                look = partial(self.look, partner)
                rounds.create_task(go_round(look, self._interval, "reconciler_lost_database"))

    async def look(self, partner: Partner) -> None:
        """One round with one partner: reconcile, if it is time or somebody asked."""
        async with writing(self._engine) as connection:
            await ask_when_due(connection, partner, self._every, self._now())
            claimed = await claim_reconciliation(connection, partner, self._now())
        if claimed is None:
            return
        try:
            await self._reconcile(claimed)
        except (SQLAlchemyError, OSError):
            raise
        except (PartnerUnavailable, PartnerRejected) as error:
            log.warning("reconciliation_put_off", partner=partner, reason=str(error))
            await self._put_off(claimed, str(error))
        except Exception as error:  # one partner's answer must not end the worker
            log.exception("reconciliation_failed", partner=partner)
            await self._put_off(claimed, type(error).__name__)

    async def show(self) -> None:
        """Publish what the last reconciliations found, and whose messages nobody knows."""
        async with reading(self._engine) as connection:
            heard, last = await heard_of(connection), await last_reconciliations(connection)
        for partner in self._gateways:
            kept, done = heard.get(partner), last.get(partner)
            self._metrics.partner_messages_unknown.labels(partner).set(kept.unknown if kept else 0)
            if done is not None and done.begun_at is not None:
                self._metrics.reconciliation_differences.labels(partner).set(len(done.differences))
                self._metrics.reconciliation_success.labels(partner).set(done.begun_at.timestamp())

    async def _reconcile(self, claimed: Claimed) -> None:
        gateway = self._gateways[claimed.partner]
        since = claimed.since or EVER
        known = await self._our_side(claimed.partner, since, ())
        lines = await gateway.list_cases(since=since)
        theirs = [TheirSide(line.case, line.last_sequence, line.ended) for line in lines]
        found = await self._standing_differences(claimed.partner, since, known, theirs)
        seen_to = [await self._seen_to(gateway, difference) for difference in found]
        compared = len({*known, *(each.case for each in theirs)})
        async with each_by_itself(self._engine) as connection:
            await end_reconciliation(connection, claimed, seen_to, compared=compared, at=self._now())
        tell = log.warning if seen_to else log.info
        tell("partner_reconciled", partner=claimed.partner, compared=compared, differences=len(seen_to))

    async def _standing_differences(
        self, partner: Partner, since: datetime, known: Mapping[str, OurSide], theirs: Sequence[TheirSide]
    ) -> Sequence[Difference]:
        """What differs, and still does a moment later. ``known`` is our side from before the list was asked for."""
        listed = [their.case for their in theirs]
        fresh = await self._our_side(partner, since, listed)
        # What was opened while the list was made cannot be expected to stand in it.
        ours = {**known, **{case: fresh[case] for case in listed if case in fresh}}
        suspect = {each.case for each in differences(ours, theirs)}
        if not suspect:
            return ()
        await asyncio.sleep(self._look_again_after.total_seconds())
        ours = await self._our_side(partner, since, listed)
        return [each for each in differences(ours, theirs) if each.case in suspect]

    async def _our_side(self, partner: Partner, since: datetime, listed: Iterable[str]) -> dict[str, OurSide]:
        """Our cases with a partner that are open or ended since, and those of its list that ended before."""
        async with reading(self._engine) as connection:
            cases = {row.case: row for row in await cases_to_compare(connection, partner, since)}
            for case in {*listed} - {*cases}:
                row = await find_case(connection, case)
                if row is not None and row.partner is partner:
                    cases[case] = row
            kept = await sequences_of(connection, partner, tuple(cases))
        return {case: OurSide(case, row.status, kept.get(case, 0)) for case, row in cases.items()}

    async def _seen_to(self, gateway: PartnerGateway, difference: Difference) -> Difference:
        """The difference, and whether what it needs was set going."""
        if not difference.what.is_repaired_by_us:
            return difference
        try:
            if difference.what is Disagreement.BEHIND:
                with suppress(PartnerUnavailable):
                    return replace(difference, repaired=await self._fetched(gateway, difference.case))
            # The case asks by itself, and again until it is answered.
            await self._cases.look(difference.case)
        except (PartnerRejected, CaseNotRunning, RPCError) as error:
            log.warning("difference_not_repaired", case=difference.case, error=str(error))
            return difference
        return replace(difference, repaired=True)

    async def _fetched(self, gateway: PartnerGateway, case: str) -> bool:
        """Whether the partner had messages of the case that are new; they wait for their delivery now."""
        messages = await gateway.read(case=case)
        new = 0
        for message in messages:
            try:
                async with writing(self._engine) as connection:
                    new += await keep_message(
                        connection, gateway.partner, message, Via.RECONCILIATION, self._now()
                    )
            except Refused:
                log.warning("partner_contradicts_itself", partner=gateway.partner, message=message.id)
        return new > 0

    async def _put_off(self, claimed: Claimed, why: str) -> None:
        async with each_by_itself(self._engine) as connection:
            await put_off(connection, claimed, why)
