"""What is wrong with a city pack: every fault with its file, row, field and reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PackFault:
    """One fault. ``row`` is a table's line or the key of a record in a JSON file, empty for the file itself."""

    file: str
    row: str
    field: str
    reason: str
    expected: str = ""

    def __str__(self) -> str:
        where = f"{self.file}, {self.row}" if self.row else self.file
        named = f", {self.field}" if self.field else ""
        wanted = f" (expected {self.expected})" if self.expected else ""
        return f"{where}{named}: {self.reason}{wanted}"


class PackFaults(Exception):
    """The pack does not load; ``faults`` lists everything found."""

    def __init__(self, pack: str, faults: tuple[PackFault, ...]) -> None:
        lines = "\n".join(f"- {fault}" for fault in faults)
        super().__init__(f"the city pack {pack} has {len(faults)} faults:\n{lines}")
        self.pack = pack
        self.faults = faults


class FaultLog:
    """Collects faults while a pack is read, so that its author sees all of them at once."""

    def __init__(self, pack: str) -> None:
        self._pack = pack
        self._faults: list[PackFault] = []

    def add(self, file: str, row: str, field: str, reason: str, expected: str = "") -> None:
        """Note one fault."""
        self._faults.append(PackFault(file, row, field, reason, expected))

    def __bool__(self) -> bool:
        """Whether anything was noted."""
        return bool(self._faults)

    def refusal(self) -> PackFaults:
        """The error to raise, with all that was noted."""
        return PackFaults(self._pack, tuple(self._faults))
