"""What the demo prints and answers."""

from rich.console import Console

from hansa.simulate.audit import Finding
from hansa.simulate.show import show
from hansa.simulate.summary import Summary, TierRow

HOLDS = Finding("The books balance", True, "to the cent")
OFF = Finding("No event was lost", False, "tiering lacks one [sic]")


def summary(*audit: Finding) -> Summary:
    return Summary(
        tiers=[TierRow("platinum", 1, "1234567.89", "98765.43")],
        revenue="1234567.89",
        commission="98765.43",
        deals={"won": 3, "lost": 1},
        trainings={"completed": 2},
        events_published=1200,
        events_consumed=1800,
        by_topic={"deal.closed": 4},
        webhooks_delivered=7,
        audit=list(audit),
    )


def printed(of: Summary) -> str:
    console = Console(record=True, width=120, file=None, quiet=False)
    with console.capture() as capture:
        show(console, of)
    return capture.get()


def test_show_when_all_holds_then_figures_are_grouped_and_it_says_so() -> None:
    text = printed(summary(HOLDS))
    assert "1,234,567.89" in text
    assert "1,200 published, 1,800 consumed" in text
    assert "Everything holds." in text


def test_show_when_something_is_off_then_it_is_named_as_written() -> None:
    text = printed(summary(HOLDS, OFF))
    assert "✗ No event was lost: tiering lacks one [sic]" in text
    assert "Something is off" in text


def test_summary_when_anything_is_off_then_not_ok() -> None:
    assert (summary(HOLDS).as_json()["ok"], summary(HOLDS, OFF).as_json()["ok"]) == (True, False)
