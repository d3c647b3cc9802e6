"""What the commands show of a stack."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from stack.embedded import EmbeddedStack

console = Console()


def report_start(name: str, seconds: float) -> None:
    """One line for each part of the stack that has come up."""
    console.print(f"  [green]✓[/green] {name} [dim]{seconds:.1f} s[/dim]", highlight=False)


def show_stack(stack: "EmbeddedStack") -> None:
    """Where the stack answers and the keys to it."""
    addresses = stack.addresses
    for title, address in (
        ("API", f"{addresses.api}/docs"),
        ("Temporal", addresses.temporal_ui),
        *((f"Simulated {partner}", address) for partner, address in addresses.partners.items()),
        ("Metrics", f"{addresses.api}/metrics  {addresses.worker_metrics}"),
        ("Database", f"{addresses.database}  (demo only: whoever may open the socket is trusted)"),
        ("Data", str(stack.data_dir.path)),
    ):
        show_line("  ", "", title, address)
    for role, key in stack.credentials.api_keys.items():
        show_line("  ", "", f"key {role}", key)


def show_line(sign: str, colour: str, title: str, text: str) -> None:
    """One line: never cut, so that addresses and keys can be copied whole."""
    console.print(Text.assemble((f"{sign} ", colour), (f"{title:<22}", "bold"), text), soft_wrap=True)
