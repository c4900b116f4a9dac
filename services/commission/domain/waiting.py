"""Why a fact waits, in a sentence: its reason, and the name of what it waits for."""

_SENTENCES = {
    "deal_unknown": "Its deal, or this close of it, is not known here yet.",
    "deal_waiting": "Its deal waits itself; it goes on behind it.",
    "terms_unknown": "The terms that it was accepted under are still on their way.",
    "reopen_unknown": "The deal is closed here already, and its reopening is still on its way.",
}


def why(reason: str, waits_for: str) -> str:
    """The sentence. `waits_for` is a name such as `no_fx_rate:EUR:USD:2026-03-01`."""
    _, _, about = waits_for.partition(":")
    if reason == "no_fx_rate":
        source, target, day = about.split(":")
        return f"There is no exchange rate from {source} to {target} for {day} yet; it goes on by itself when one is recorded."
    if reason == "no_plan":
        day, _, _ = about.partition(":")
        return f"No version of the plan is in force for it on {day} yet; it goes on by itself when one is recorded."
    return _SENTENCES.get(reason, "It waits for another fact.")
