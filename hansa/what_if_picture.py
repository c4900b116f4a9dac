"""What another plan would change, as a picture (SVG): the total, the biggest winners and losers, and the cliffs. Light and dark."""

from collections.abc import Iterator
from html import escape

from services.commission.domain.what_if import Change, CliffKind, WhatIf
from shared.chassis.money import Money

SHOWN = 12
_WIDTH, _ROW, _LEFT, _MIDDLE, _REACH = 960, 26, 40, 520, 250
_STYLE = """
:root { color-scheme: light dark }
svg { --ground: #ffffff; --ink: #1c2330; --soft: #5c6675; --line: #d5dae2; --up: #1a7f4b; --down: #b3372f; --cliff: #9a5b00;
      font-family: "Inter", "Segoe UI", "DejaVu Sans", sans-serif }
@media (prefers-color-scheme: dark) { svg { --ground: #12161d; --ink: #e8ecf2; --soft: #9aa5b5; --line: #313947; --up: #4cc285;
      --down: #f0837a; --cliff: #e7b25a } }
.ground { fill: var(--ground) } text { fill: var(--ink); font-size: 13px } .title { font-size: 20px; font-weight: 600 }
.soft { fill: var(--soft) } .small { font-size: 12px } .up { fill: var(--up) } .down { fill: var(--down) } .cliff { fill: var(--cliff) }
.axis { stroke: var(--line); stroke-width: 1 } .number { font-variant-numeric: tabular-nums } .end { text-anchor: end }
"""


def picture(found: WhatIf) -> str:
    """The whole SVG; it loads nothing and names partners by their ids."""
    shown = [*found.winners[:SHOWN], *reversed(found.losers[:SHOWN])]
    rows = list(_bars(found, shown, top=150)) if shown else [_text(_LEFT, 168, "Nobody would earn more or less.")]
    below = 170 + _ROW * max(len(shown), 1)
    cliffs = list(_cliffs(found, top=below))
    height = below + 40 + 24 * len(cliffs)
    title = f"Commission under another plan, from {found.since}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            f'<rect class="ground" width="{_WIDTH}" height="{height}"/>',
            _text(_LEFT, 48, title, kind="title"),
            *_head(found),
            *rows,
            *cliffs,
            "</svg>\n",
        ]
    )


def _head(found: WhatIf) -> Iterator[str]:
    change = found.new - found.old
    parts = f"{_money(found.old, found)} becomes {_money(found.new, found)}"
    share = f" ({_signed_percent(change, found.old)})" if found.old else ""
    yield _text(_LEFT, 78, f"Total cost: {parts}, {_signed(change, found)}{share}")
    same = len(found.changes) - len(found.winners) - len(found.losers)
    yield _text(_LEFT, 102, f"{len(found.winners)} would earn more, {len(found.losers)} less, {same} the same", kind="soft")
    if left := sum(max(len(side) - SHOWN, 0) for side in (found.winners, found.losers)):
        yield _text(_LEFT, 126, f"The {SHOWN} largest changes of each side; {left} more are in the table", kind="soft small")


def _bars(found: WhatIf, shown: list[Change], *, top: int) -> Iterator[str]:
    largest = max(abs(change.difference) for change in shown)
    yield f'<line class="axis" x1="{_MIDDLE}" x2="{_MIDDLE}" y1="{top - 6}" y2="{top + _ROW * len(shown)}"/>'
    for index, change in enumerate(shown):
        y = top + index * _ROW
        length = max(abs(change.difference) * _REACH // largest, 2)
        wins = change.difference > 0
        x = _MIDDLE if wins else _MIDDLE - length
        yield _text(_LEFT, y + 15, str(change.partner_id)[:13], kind="soft small number")
        yield f'<rect class="{"up" if wins else "down"}" x="{x}" y="{y + 2}" width="{length}" height="{_ROW - 8}" rx="2">'
        yield f"<title>{change.partner_id}: {_money(change.old, found)} to {_money(change.new, found)}</title></rect>"
        at, kind = (_MIDDLE + length + 8, "small number") if wins else (_MIDDLE - length - 8, "small number end")
        yield _text(at, y + 15, _signed(change.difference, found), kind=kind)


def _cliffs(found: WhatIf, *, top: int) -> Iterator[str]:
    if not found.cliffs:
        yield _text(_LEFT, top + 24, "No cliffs: a little more revenue never pays less, nor far more.", kind="soft")
    for number, cliff in enumerate(found.cliffs):
        falls = cliff.kind is CliffKind.FALLS
        what = "falls" if falls else "jumps"
        told = f"At {_money(cliff.revenue, found)} pay {what} from {_money(cliff.before, found)} to {_money(cliff.after, found)}"
        if falls:
            told += f"; as much again at {_money(cliff.recovers_at, found)}" if cliff.recovers_at else "; never as much again"
        told += f"; {cliff.near} of the partners near it" if cliff.near else ""
        y = top + 24 + 24 * number
        mark = f"{_LEFT},{y - 10} {_LEFT + 11},{y - 10} {_LEFT + 5},{y}" if falls else f"{_LEFT},{y} {_LEFT + 11},{y} {_LEFT + 5},{y - 10}"
        yield f'<polygon class="cliff" points="{mark}"/>'
        yield _text(_LEFT + 20, y, told)


def _text(x: int, y: int, words: str, *, kind: str = "") -> str:
    return f'<text x="{x}" y="{y}"{f" class={chr(34)}{kind}{chr(34)}" if kind else ""}>{escape(words)}</text>'


def _money(minor: int, found: WhatIf) -> str:
    whole, _, rest = str(Money(abs(minor), found.currency)).partition(".")
    return f"{'−' if minor < 0 else ''}{int(whole):,}{'.' + rest if rest else ''} {found.currency}"


def _signed(minor: int, found: WhatIf) -> str:
    return f"+{_money(minor, found)}" if minor > 0 else _money(minor, found)


def _signed_percent(change: int, whole: int) -> str:
    tenths = round(1000 * change / whole)
    return f"{'+' if tenths > 0 else '−' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10} %"
