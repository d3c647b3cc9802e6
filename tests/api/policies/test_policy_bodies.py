"""Policies as bodies: what is shown can be published again as it is."""

from __future__ import annotations

from dataclasses import replace

from api.policies.bodies import body_of, policy_of
from domain.levels import Level
from domain.limits.policy import Extension, Thresholds
from domain.time.durations import Duration
from tests.support.builders import policy


def test_nothing_of_a_policy_is_lost_where_it_is_shown_and_published_again() -> None:
    told = policy(
        confirm_hand_up=Duration.parse("2h"),
        extension=Extension(2, Duration.parse("1h"), Level.TOWN),
        thresholds=Thresholds((60, 80), 110, 160, 210),
    )
    assert policy_of(body_of(told)) == replace(told, version=0)
