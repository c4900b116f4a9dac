"""Paper for statements: A4 pages with a masthead, headings, tables that go on over pages, and a foot."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

Color = tuple[int, int, int]
INK: Color = (24, 32, 51)
FAINT: Color = (110, 119, 138)
ACCENT: Color = (17, 94, 117)
NEGATIVE: Color = (166, 33, 44)
_TINT: Color = (236, 243, 246)
_RULE: Color = (210, 216, 224)
_WHITE: Color = (255, 255, 255)
_FONTS = Path(__file__).parent / "fonts"
_FAMILY = "DejaVuSansCondensed"
_MARGIN = 16.0
_FOOT = 18.0
_LEADING = 4.3
_SMALL = 3.7

# It warns of each letter that the fonts lack, and tells of every table that it cuts out of them.
logging.getLogger("fontTools").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Cell:
    """Text in a row; `under` stands below it, smaller."""

    text: str
    right: bool = False
    bold: bool = False
    color: Color = INK
    under: str = ""


class _Pages(FPDF):
    """The library's document with our foot on each page."""

    def __init__(self, title: str, foot: str) -> None:
        super().__init__(format="A4")
        self._title, self._foot = title, foot

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font(_FAMILY, size=7.5)
        self.set_text_color(*FAINT)
        # The number of pages is written in at the end and has another width, so that it cannot stand flush right.
        self.cell(0, 4, f"Page {self.page_no()} of {{nb}}", align="L")
        self.set_x(_MARGIN)
        self.cell(0, 4, f"{self._title}  ·  {self._foot}", align="R")


class Paper:
    """Pages that are written from top to bottom. `made_at` is the only time in them, so equal content gives equal bytes."""

    def __init__(self, title: str, *, foot: str, made_at: datetime) -> None:
        pdf = self._pdf = _Pages(title, foot)
        pdf.set_creation_date(made_at)
        pdf.set_title(title)
        pdf.set_lang("en")
        pdf.add_font(_FAMILY, fname=_FONTS / f"{_FAMILY}.ttf")
        pdf.add_font(_FAMILY, style="B", fname=_FONTS / f"{_FAMILY}-Bold.ttf")
        pdf.set_margins(_MARGIN, _MARGIN)
        pdf.set_auto_page_break(True, margin=_FOOT)
        pdf.add_page()
        self._head: tuple[Sequence[Cell], Sequence[float]] | None = None

    def masthead(self, what: str, period: str) -> None:
        """The band at the top of the first page."""
        pdf = self._pdf
        pdf.set_fill_color(*ACCENT)
        pdf.rect(0, 0, pdf.w, 30, style="F")
        pdf.set_xy(_MARGIN, 10)
        self._type(_WHITE, 19, bold=True)
        pdf.cell(0, 10, what)
        pdf.set_xy(_MARGIN, 10)
        self._type(_WHITE, 11)
        pdf.cell(0, 10, period, align="R")
        pdf.set_y(38)

    def title(self, name: str, under: str) -> None:
        """Whose paper it is; a long name goes on over lines."""
        self._type(INK, 15, bold=True)
        self._write(name, 6.6)
        self._type(FAINT, 9)
        self._write(under, 5)
        self._pdf.ln(3)

    def facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Short facts side by side."""
        pdf = self._pdf
        width, top = pdf.epw / len(pairs), pdf.get_y()
        for index, (name, value) in enumerate(pairs):
            pdf.set_xy(_MARGIN + index * width, top)
            self._type(FAINT, 7.5)
            pdf.cell(width, 4, name)
            pdf.set_xy(_MARGIN + index * width, top + 4.2)
            self._type(INK, 10, bold=True)
            pdf.cell(width, 5, value)
        pdf.set_xy(_MARGIN, top + 13)

    def heading(self, text: str) -> None:
        """A heading that stays with what follows."""
        self._room(24)
        self._pdf.ln(4)
        self._type(ACCENT, 11.5, bold=True)
        self._write(text, 6)
        self._pdf.ln(1)

    def note(self, text: str) -> None:
        """A paragraph of small print."""
        self._pdf.ln(1)
        self._type(FAINT, 8.5)
        self._write(text, 4.4)

    def pair(self, name: str, value: str) -> None:
        """A name and a value beside it."""
        pdf = self._pdf
        self._room(6)
        self._type(FAINT, 8.5)
        pdf.cell(34, 5, name)
        self._type(INK, 8.5)
        pdf.cell(0, 5, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    @contextmanager
    def table(self, head: Sequence[Cell], widths: Sequence[float]) -> Iterator[None]:
        """Rows within the block stand under `head`, which is repeated on each page."""
        self.header(head, widths)
        self._head = head, widths
        try:
            yield
        finally:
            self._head = None

    def header(self, cells: Sequence[Cell], widths: Sequence[float]) -> None:
        """The head of a table."""
        pdf, x = self._pdf, _MARGIN
        top = pdf.get_y()
        for cell, width in zip(cells, widths, strict=True):
            pdf.set_xy(x, top)
            self._type(FAINT, 8)
            pdf.cell(width, 5, cell.text, align="R" if cell.right else "L")
            x += width
        self._line(top + 5.5, INK)
        pdf.set_xy(_MARGIN, top + 6.3)

    def row(self, cells: Sequence[Cell], widths: Sequence[float], *, tinted: bool = False) -> None:
        """A row; it is never cut in two by the end of a page."""
        height = max(self._height(cell, width) for cell, width in zip(cells, widths, strict=True)) + 1.8
        if self._room(height) and self._head is not None:
            self.header(*self._head)
        pdf, x = self._pdf, _MARGIN
        top = pdf.get_y()
        if tinted:
            pdf.set_fill_color(*_TINT)
            pdf.rect(_MARGIN, top, sum(widths), height, style="F")
        for cell, width in zip(cells, widths, strict=True):
            pdf.set_xy(x, top + 0.9)
            self._print(cell, width)
            x += width
        self._line(top + height, _RULE)
        pdf.set_xy(_MARGIN, top + height)

    def attach(self, name: str, content: bytes) -> None:
        """Put a file into the PDF."""
        self._pdf.embed_file(basename=name, bytes=content, desc="What this paper was made from", compress=True)

    def finish(self) -> bytes:
        """The bytes of the PDF."""
        return bytes(self._pdf.output())

    def _print(self, cell: Cell, width: float) -> None:
        pdf, x = self._pdf, self._pdf.get_x()
        self._type(cell.color, 8.8, bold=cell.bold)
        pdf.multi_cell(width, _LEADING, cell.text, align="R" if cell.right else "L", new_x=XPos.LEFT, new_y=YPos.NEXT)
        if cell.under:
            pdf.set_x(x)
            self._type(FAINT, 7.5)
            pdf.multi_cell(width, _SMALL, cell.under, align="L", new_x=XPos.LEFT, new_y=YPos.NEXT)

    def _height(self, cell: Cell, width: float) -> float:
        self._type(INK, 8.8, bold=cell.bold)
        high = self._lines(cell.text, width) * _LEADING
        if cell.under:
            self._type(INK, 7.5)
            high += self._lines(cell.under, width) * _SMALL
        return high

    def _lines(self, text: str, width: float) -> int:
        lines = self._pdf.multi_cell(width, 1, text, dry_run=True, output="LINES") if text else None
        return len(lines) if isinstance(lines, list) else 1

    def _room(self, height: float) -> bool:
        """Begin a page unless `height` mm are left; whether one was begun."""
        if self._pdf.will_page_break(height):
            self._pdf.add_page()
            return True
        return False

    def _line(self, y: float, color: Color) -> None:
        self._pdf.set_draw_color(*color)
        self._pdf.set_line_width(0.2)
        self._pdf.line(_MARGIN, y, self._pdf.w - _MARGIN, y)

    def _type(self, color: Color, size: float, *, bold: bool = False) -> None:
        self._pdf.set_font(_FAMILY, style="B" if bold else "", size=size)
        self._pdf.set_text_color(*color)

    def _write(self, text: str, leading: float) -> None:
        self._pdf.multi_cell(0, leading, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
