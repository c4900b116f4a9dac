"""The summary for people: a table of tiers, a few lines, and the audit promise by promise."""

from decimal import Decimal

from rich.console import Console
from rich.table import Table

from hansa.simulate.summary import Summary


def show(console: Console, summary: Summary) -> None:
    """Print it; what is off stands out."""
    tiers = Table("Tier", title="Partners by tier")
    for name in ("Partners", "Revenue, USD", "Commission, USD"):
        tiers.add_column(name, justify="right")
    for row in summary.tiers:
        tiers.add_row(row.tier, str(row.partners), _grouped(row.revenue), _grouped(row.commission))
    tiers.add_section()
    tiers.add_row("all", str(sum(row.partners for row in summary.tiers)), _grouped(summary.revenue), _grouped(summary.commission))
    console.print(tiers)
    console.print("Deals: " + ", ".join(f"{count} {what}" for what, count in summary.deals.items()))
    console.print("Trainings: " + ", ".join(f"{count} {what}" for what, count in summary.trainings.items()))
    console.print(f"Events: {summary.events_published:,} published, {summary.events_consumed:,} consumed")
    console.print(f"Webhooks: {summary.webhooks_delivered:,} delivered and verified")
    for finding in summary.audit:
        mark = "[green]✓[/green]" if finding.holds else "[red]✗[/red]"
        console.print(f"{mark} {finding.promise}: ", end="")
        console.print(finding.detail, markup=False)
    console.print("[green]Everything holds.[/green]" if summary.holds else "[red]Something is off; see above.[/red]")


def _grouped(amount: str) -> str:
    return f"{Decimal(amount):,}"
