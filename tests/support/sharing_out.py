"""How the files of tests are shared out to several processes."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

_ON_REAL_PROCESSES = "tests/e2e/"
_IN_THE_TOWN = frozenset({"tests/e2e/test_partner_faults.py", "tests/e2e/test_policy_migration_deaths.py"})
"""The files with the fixture `town`; the others have the fixture `stack`."""


class InOrder(LoadFileScheduling):
    """File by file in the order of the folders, so that a long file of few tests is not left for the end.

    The tests on one running service go to one process: others would start the same service, and the last of the tests
    looks at what all of them have left.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        if not file.startswith(_ON_REAL_PROCESSES):
            return file
        return f"{_ON_REAL_PROCESSES}{'town' if file in _IN_THE_TOWN else 'stack'}"
