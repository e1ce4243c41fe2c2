"""The nouns of a run, as small records: Delivery, Refusal, Decision, Alert, Statement.

Amounts are whole cents. Nothing here holds a client but ``StatementLine`` and ``Refusal``, which go to the
provider that sent them and to nobody else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from typing import Literal

from settlement.domain.contract import CeilingDecision, Contract, Organisation, Provider, Severity
from settlement.domain.periods import Month
from settlement.domain.problems import Place

# ---- deliveries ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """What a JW323 says of itself. It names no client: a citizen service number in a number of the provider's is covered."""

    identification: str
    dated: dt.date
    """Dagtekening of the message."""
    sender: str
    """AGB code of the provider."""
    receiver: str
    """Code of the municipality."""
    claim_number: str
    claim_period: Month
    """DeclaratiePeriode; the month of the folder is the claim month."""
    submitted_cents: int
    """TotaalIngediendBedrag; negative when it is a credit."""
    rejected: str = ""
    """The national code with which it is rejected as a whole, before any line is judged; empty: it is not."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file that a provider sent for one month."""

    key: str
    """Its path relative to the inputs folder, with forward slashes: ``2018-03/maasoever.xlsx``. Unique in a run."""
    claim_month: Month
    """The month of the folder."""
    digest: str
    """SHA-256 of the bytes read, hexadecimal."""
    size: int
    contract: str | None
    """The contract of the file; ``None`` when a column names it line by line, or it could not be found."""
    version: int
    """From the name or the head block: 1 unless said."""
    sheet: str
    """The sheet with the table; empty for CSV."""
    header_row: int
    """Row of the headings, counted from 1; 0 when no table was found."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Where each recognised field stands: field name to column letters (``quantity`` → ``F``)."""
    headings: Mapping[str, str] = field(default_factory=dict)
    """The heading as the provider wrote it, by field name."""
    rows: int = 0
    """Rows of the table with something in them: the lines delivered. Accepted + refused = this."""
    used: bool = True
    """False when it was replaced by a later file or is a copy of another; its lines then count nowhere."""
    replaced_by: str | None = None
    """The key of the file that replaced it, or of which it is a copy."""
    notes: tuple[str, ...] = ()
    """Codes of what a person should know: ``hidden rows``, ``copy of``, ``totals below the table`` …"""
    message: Message | None = None
    """Of a JW323; its rows are its Prestaties, counted from 1. ``None`` for workbooks and CSV."""
    refused: bool = False
    """True when it was refused as a whole: nothing of it could be read, and it replaced nothing."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """A file that took the place of an earlier one: how many lines of one contract stood in each."""

    contract: str
    claim_month: Month
    earlier: str
    """The key of the file that was replaced: of several, the one with most lines."""
    earlier_lines: int
    later: str
    """The key of the file that replaced it."""
    later_lines: int
    """0 as well when the later one is a copy of a file that counts elsewhere."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One fault of one line (or of a whole file, when ``row`` is 0). A line with any fault is not accepted."""

    delivery: str
    contract: str | None
    sheet: str
    row: int
    cell: str
    """``F17``; empty when the fault is of the line as a whole."""
    field: str
    """Name of the field of deliveries.md; empty when of the line as a whole."""
    code: str
    """Our own, stable: ``unknown-intensity``."""
    national: str
    """The national return code, such as ``9341``; empty where there is none."""
    found: str
    """What stands there, as delivered; never a citizen service number."""
    expected: str
    """What would be accepted: a name, a list, an amount. Data, not a sentence: the sentence is in the wording."""


# ---- positions and decisions -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PositionKey:
    """Whose figures: of a service (or of the contract, when ``service`` is ``None``), in a year, up to a month."""

    contract: str
    service: str | None
    year: int
    as_of: Month


@dataclass(frozen=True, slots=True)
class Position:
    """Where a service of a contract, or the contract, stands: its measures, to date and in the month."""

    key: PositionKey
    measures: Mapping[str, Fraction | None]
    """By name of measures.py, also ``…_in_month``. Amounts in cents, shares with 1 for the whole, ``None`` absent."""


@dataclass(frozen=True, slots=True)
class Working:
    """How an amount or a signal came about: the key of a formula in the wording, and the numbers in it, in order.

    ``numbers`` maps the name of each placeholder in the formula to a figure. The unit says how it is written:
    ``amount`` (cents), ``count``, ``share`` (1 is the whole), ``quantity``, ``mark``, ``months``, ``word``.
    """

    formula: str
    numbers: Mapping[str, tuple[Fraction | str, str]]


@dataclass(frozen=True, slots=True)
class Decision:
    """One term applied to one position: an amount or a signal, with its working."""

    key: PositionKey
    term: str
    """The kind of the term; ``signal`` for a contract's own signal; ``delivery`` for the standing ones."""
    article: str
    place: Place
    outcome: str
    """What the engine said: ``reached``, ``near 90 %``, ``settled``, ``postponed``, ``band 2`` …"""
    order: int
    """The order in which the engine fired it, within the position."""
    month: Month
    """The month of service that an amount belongs to."""
    cents: int
    """What it adds to (or takes from) what the provider is entitled to; 0 for a signal."""
    working: Working


# ---- alerts ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Alert:
    """A deviation that somebody must look at; it never changes an amount. It names no client."""

    contract: str
    provider_name: str
    service: str | None
    name: str
    """``ceiling reached``, or the contract's own name for it."""
    standing: bool
    """True for the signals that every contract gives unasked: their name is translated by the wording."""
    severity: Severity
    to: str
    """The role: ``contract manager``, ``finance``, ``provider``."""
    value: tuple[Fraction | str, str] | None
    """The figure judged, with its unit as in ``Working``; ``None`` where there is none."""
    norm: tuple[Fraction | str, str] | None
    """What it was held against."""
    course: tuple[int | None, ...]
    """The figure over the last six months, oldest first, in whole units of its own (for a small drawing); may be empty."""
    article: str
    place: Place
    sources: tuple[str, ...]
    """Deliveries (keys, with cells or rows where known) that it follows from."""
    working: Working


@dataclass(frozen=True, slots=True)
class AlertSummary:
    """The run that a list of alerts comes from, for its head. It names no client."""

    period: Month
    run: str
    """The name of the run."""
    organisation: str
    language: Literal["nl", "en"]
    final: bool
    """False: a draft, and the list says so."""
    contracts: int
    deliveries: int
    """Deliveries processed: read, and not replaced."""
    deliveries_missing: int
    statements: int
    to_pay_cents: int
    """Of all statements together."""
    held: int
    """Contracts of which some of the payment is held back."""
    rules_digest: str
    """SHA-256 over all rule files read, hexadecimal."""
    deliveries_refused: int = 0
    """Refused as a whole, and not replaced by one that could be read."""
    left: tuple[tuple[str, str], ...] = ()
    """What is told in no alert, as no contract is known for it: files that were not processed, and lines; each with the reason."""


# ---- statements ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StatementRow:
    """What one term of one service gives for one month of service: now, and when it was last settled.

    Over all rows, ``is_cents − was_cents`` adds up to what this run changes.
    """

    year: int
    service: str | None
    """``None``: the contract as a whole."""
    term: str
    article: str
    place: Place
    month: Month
    is_cents: int
    was_cents: int
    working: Working | None
    """``None`` for a row that is only the absence of what was settled before (a line replaced, a term removed)."""

    @property
    def difference_cents(self) -> int:
        """What this row adds to the payment."""
        return self.is_cents - self.was_cents


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """What a month of service comes to, all its terms together: when it was last settled, and now."""

    month: Month
    was_cents: int
    is_cents: int


AT_START, AT_RESULT = 0, -1
"""Which part of an arrangement's fee: that at its start, or that at its result; a month of it has its own number."""


@dataclass(frozen=True, slots=True)
class LinePart:
    """A part of an arrangement's fee that a line earned."""

    month: Month
    """Of service."""
    part: int
    """``AT_START``, ``AT_RESULT``, or the number of the arrangement's month, from 1."""
    value_cents: int
    cut_cents: int


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One accepted line as it stands on the statement: what it says, what it earned, what a ceiling took and why."""

    delivery: str
    sheet: str
    row: int
    claim_month: Month
    service: str
    client: str
    product_code: str
    profile: str
    intensity: str
    start: dt.date
    end: dt.date | None
    quantity_milli: int | None
    unit: str
    direction: Literal["D", "C"]
    reference: str
    price_cents: int | None
    """The tariff applied; ``None`` where the line only counts."""
    value_cents: int
    """At the contract's tariffs, before any ceiling; negative for a credit."""
    cut_cents: int
    """What ceilings took, 0 or more for a debit."""
    held_cents: int
    """The part of the cut that is held until somebody decides."""
    earned_cents: int
    """value − cut, or 0 where a budget pays and the line only shows its use."""
    reason: str
    """Key of the wording for why earned differs from value: ``ceiling``, ``budget``, ``credited``, ``bound``; empty when equal."""
    parts: tuple[LinePart, ...] = ()
    """The parts of an arrangement's fee that its value adds up from, in order of month; empty for every other line."""
    previous_reference: str = ""
    """Of a credit: the reference of the line that it undoes."""


@dataclass(frozen=True, slots=True)
class MonthCourse:
    """One month of the contract year, for the course and its charts. ``None``: not yet settled."""

    month: Month
    claimed_cents: int | None
    """Value of the lines with this month of service."""
    entitled_cents: int | None
    """Entitled for this month of service."""
    paid_cents: int | None
    """Paid in the run of this claim month; for the month of the statement, what this statement pays."""
    limit_to_date_cents: int | None
    """The ceiling of the year, or the budget to date; ``None`` when there is neither."""
    clients_to_date: int | None
    minimum_to_date: Fraction | None


def has_priced_lines(course: Iterable[MonthCourse]) -> bool:
    """Whether any line of the year has a value of its own: where a task is paid, lines only count."""
    return any(each.claimed_cents for each in course)


def running_totals(amounts: Sequence[int | None]) -> list[int | None]:
    """Running totals up to the last month that has a figure; empty after it."""
    known = [index for index, cents in enumerate(amounts) if cents is not None]
    if not known:
        return [None] * len(amounts)
    totals = list(accumulate(cents or 0 for cents in amounts[: known[-1] + 1]))
    return [*totals, *[None] * (len(amounts) - len(totals))]


@dataclass(frozen=True, slots=True)
class ServicePosition:
    """Where one service stands in the year, for the first page."""

    service: str
    clients: int
    minimum_to_date: Fraction | None
    claimed_cents: int
    entitled_cents: int
    budget_cents: int | None
    ceiling_cents: int | None
    quantity: Fraction | None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a provider is paid for one contract and month, line by line, and why."""

    number: str
    """``BS-2018-03-UTR-AJ-2018-07``: unique for a contract and month."""
    period: Month
    contract: Contract
    provider: Provider
    organisation: Organisation
    final: bool
    """False: a draft, and it says so on every page."""
    rows: tuple[StatementRow, ...]
    """In order of year, service (as in the contract), term and month."""
    lines: tuple[StatementLine, ...]
    """The lines that arrived for this claim month, and all others with this month of service; by service, start, delivery, row."""
    carried_cents: int
    """Settled before and not yet paid: positive what was held, negative what was paid too much and is still open."""
    payable_cents: int
    """carried + the differences of all rows; may be negative."""
    held_cents: int
    """Kept back above a ceiling with ``above: held`` until somebody decides; in no amount payable. 0 or more."""
    held_reason: str
    """Key of the wording for why; empty when nothing is held."""
    to_pay_cents: int
    """What the payment advice says: payable, or 0 when that is negative or on hold."""
    payment_reference: str
    """The description on the bank statement: at most 35 characters, from our own numbers only."""
    pay_by: dt.date
    entitled_to_date_cents: int
    """Of the year of the period."""
    paid_before_cents: int
    """Paid for the year's contract in earlier final runs, all years."""
    services: tuple[ServicePosition, ...]
    course: tuple[MonthCourse, ...]
    """Every month of the contract year of the period."""
    alerts: tuple[Alert, ...]
    """Those that concern the provider."""
    deliveries: tuple[Delivery, ...]
    """The files of this claim month for this contract, the replaced ones too."""
    refusals: tuple[Refusal, ...]
    """Of those deliveries."""
    accepted_lines: int
    refused_lines: int
    rules_file: str
    rules_digest: str
    lines_file: str
    """Name of the Parquet file beside the workbook that holds every line to date."""
    lines_digest: str
    other_months: tuple[MonthTotal, ...] = ()
    """The months other than the period of which any row changes, each as a whole; in order."""
    on_hold: str = ""
    """Why the payment as a whole is kept back, in a person's own words; empty when it is not."""
    decided: tuple[CeilingDecision, ...] = ()
    """What was decided about what lies above ceilings of the year that would keep it back."""

    @property
    def language(self) -> Literal["nl", "en"]:
        """In which it is written: the provider's, or the organisation's."""
        return self.organisation.language_for(self.provider)


@dataclass(frozen=True, slots=True)
class Payment:
    """One row of the payment advice. ``cents`` is above 0."""

    statement: str
    contract: str
    provider_name: str
    creditor: str
    iban: str
    cents: int
    reference: str
    pay_by: dt.date
