"""Which commands can be given to many requests at once."""

from __future__ import annotations

from dataclasses import fields

import pytest

from domain.bulk import FOR_MANY
from domain.commands import Act
from domain.lifecycle import TABLE
from domain.units import Role


@pytest.mark.parametrize("act", FOR_MANY)
def test_what_is_said_to_many_names_nothing_of_a_single_request(act: type[Act]):
    names = {field.name for field in fields(act)}
    row = TABLE[str(act.__dataclass_fields__["act"].default)]
    assert names.isdisjoint({"leg", "application", "parent"})
    assert row.who - {Role.SYSTEM}, "a person may give it"
