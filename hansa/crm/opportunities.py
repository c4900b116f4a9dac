"""An export's rows as opportunities, or as rejects with their line and reason."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hansa.crm.files import Row, read
from hansa.crm.mapping import Mapping
from hansa.crm.names import Match, Names
from shared.chassis.errors import Refused
from shared.chassis.money import Money, exponent

_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Customer:
    """An account as the export knows it."""

    name: str
    country: str | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class Opportunity:
    """One row that can be imported. `amount` is net revenue, there when it is won."""

    line: int
    id: str
    partner: str
    customer: Customer
    product: str
    family: str
    stage: str
    engaged_at: datetime
    closed_at: datetime | None
    changed_at: datetime | None
    amount: Money | None
    text: str


@dataclass(frozen=True, slots=True)
class Reject:
    """One row that cannot be imported: where it stands, why, and what stood there."""

    line: int
    id: str
    reason: str
    detail: str
    text: str


@dataclass(slots=True)
class Export:
    """All that an export holds. `regions` of partners by name."""

    read: int = 0
    opportunities: list[Opportunity] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    regions: dict[str, str] = field(default_factory=dict)


class _Rejected(Exception):
    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(reason)


def read_export(folder: Path, mapping: Mapping, *, currency: str) -> Export:
    """Read the whole export. Every row is an opportunity or a reject. Raises ExportInvalid and CurrencyUnknown."""
    exponent(currency)
    reader = _Reader(folder, mapping, currency=currency)
    export = Export(regions=reader.regions)
    for row in reader.rows():
        export.read += 1
        try:
            export.opportunities.append(reader.opportunity(row))
        except _Rejected as rejected:
            column = mapping.opportunities.columns.id
            export.rejects.append(Reject(row.line, row.values.get(column, ""), rejected.reason, rejected.detail, row.text))
    export.matches = [match for names in (reader.partners, reader.products, reader.accounts) for match in names.matches()]
    return export


class _Reader:
    """Reads rows against the export's own products, accounts and partners."""

    def __init__(self, folder: Path, mapping: Mapping, *, currency: str) -> None:
        self._folder = folder
        self._mapping = mapping
        self._currency = currency
        self._seen: set[str] = set()
        self._families = self._load_products()
        self._customers = self._load_accounts()
        self.regions = self._load_partners()
        required = mapping.accounts is not None and mapping.accounts.required
        self.products = Names("product", self._families, closed=True)
        self.accounts = Names("account", self._customers, closed=required)
        self.partners = Names("partner", self.regions)

    def rows(self) -> Iterator[Row]:
        """The rows of the opportunities file."""
        columns = self._mapping.opportunities.columns
        return self._read(self._mapping.opportunities.file, *(name for name in columns.model_dump().values() if name))

    def opportunity(self, row: Row) -> Opportunity:
        """What a row says. Raises _Rejected for the first thing that is wrong with it."""
        if row.broken:
            raise _Rejected(row.broken, "bytes that are no text" if row.broken == "wrong_encoding" else "not as many fields as the header")
        columns = self._mapping.opportunities.columns
        identity = self._identity(row.values[columns.id])
        engaged_at = self._date(row.values[columns.engaged], absent="no_engage_date")
        product = self._product(row.values[columns.product])
        customer = self._customer(row.values[columns.account])
        stage = self._stage(row.values[columns.stage])
        changed = row.values[columns.changed] if columns.changed else ""
        opportunity = Opportunity(
            line=row.line,
            id=identity,
            partner=self._partner(row.values[columns.partner]),
            customer=customer,
            product=product,
            family=self._families[product],
            stage=stage,
            engaged_at=engaged_at,
            closed_at=None if stage == "open" else self._date(row.values[columns.closed], absent="no_close_date"),
            changed_at=self._date(changed, absent="") if changed else None,
            amount=self._amount(row.values[columns.value]) if stage == "won" else None,
            text=row.text,
        )
        self._seen.add(identity)
        return opportunity

    def _identity(self, text: str) -> str:
        if not text:
            raise _Rejected("missing_id", "the opportunity has no id")
        if text in self._seen:
            raise _Rejected("duplicate_id", f"{text} stands further up already")
        return text

    def _date(self, text: str, *, absent: str) -> datetime:
        if not text:
            raise _Rejected(absent, "the date is missing")
        try:
            instant = datetime.strptime(text, self._mapping.opportunities.dates)  # noqa: DTZ007 - the zone is given below
        except ValueError as error:
            raise _Rejected("broken_date", f"{text} is not a date like {self._mapping.opportunities.dates}") from error
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)

    def _product(self, text: str) -> str:
        product = self.products.find(text) if text else None
        if product is None:
            raise _Rejected("unknown_product", f"{text or 'nothing'} is not in {self._mapping.products.file}")
        return product

    def _customer(self, text: str) -> Customer:
        if not text:
            raise _Rejected("missing_account", "the opportunity names no account")
        name = self.accounts.find(text)
        if name is None:
            raise _Rejected("unknown_account", f"{text} is not among the export's accounts")
        return self._customers.get(name) or Customer(name)

    def _partner(self, text: str) -> str:
        partner = self.partners.find(text) if text else None
        if partner is None:
            raise _Rejected("missing_partner", "the opportunity names no partner")
        return partner

    def _stage(self, text: str) -> str:
        stage = self._mapping.opportunities.stages.stage_of(text)
        if stage is None:
            raise _Rejected("unknown_stage", f"{text or 'nothing'} is not a stage of the mapping")
        return stage

    def _amount(self, text: str) -> Money:
        rules = self._mapping.opportunities
        plain = text.replace(rules.group_mark, "") if rules.group_mark else text
        plain = plain.replace(rules.decimal_mark, ".") if rules.decimal_mark != "." else plain
        if not _NUMBER.fullmatch(plain) or not plain.isascii():
            raise _Rejected("broken_number", f"{text or 'nothing'} is not an amount of zero or more")
        try:
            return Money.parse(plain, self._currency)
        except Refused as error:
            raise _Rejected("broken_number", error.message) from error

    def _load_products(self) -> dict[str, str]:
        columns = self._mapping.products.columns
        rows = self._read(self._mapping.products.file, columns.name, columns.family)
        return {row.values[columns.name]: row.values[columns.family] for row in rows if not row.broken and row.values[columns.family]}

    def _load_accounts(self) -> dict[str, Customer]:
        part = self._mapping.accounts
        if part is None:
            return {}
        columns = part.columns
        found = {}
        for row in self._read(part.file, *(name for name in columns.model_dump().values() if name)):
            if row.broken:
                continue
            name = row.values[columns.name]
            country = row.values[columns.country] if columns.country else ""
            domain = row.values[columns.domain] if columns.domain else ""
            found[name] = Customer(name, part.countries.get(country, country) or None, domain or None)
        return found

    def _load_partners(self) -> dict[str, str]:
        part = self._mapping.partners
        if part.file is None or part.columns is None:
            return {}
        region = part.columns.region
        rows = self._read(part.file, part.columns.name, *([region] if region else []))
        return {row.values[part.columns.name]: row.values[region] if region else "" for row in rows if not row.broken}

    def _read(self, file: str, *columns: str) -> Iterator[Row]:
        return read(self._folder / file, encoding=self._mapping.encoding, delimiter=self._mapping.delimiter, columns=columns)
