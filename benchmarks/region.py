"""A region of a given size for the benchmark: rule files, and what its providers delivered, half CSV and half Excel.

The same arguments always give the same files. Every child, provider and figure is invented.
"""

from __future__ import annotations

import datetime as dt
import random
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

from settlement.domain.periods import Month, sundays_between

YEAR = 2018
KINDS = ("hours", "hours", "hours", "hours", "weeks", "weeks", "days", "months", "persons", "budget")
"""What the contracts are paid by, in turn: four in ten by the hour, delivered in minutes."""
_WEIGHTS = (5, 13, 8, 10, 14, 6, 9, 11, 7, 17)
"""How unequal in size the contracts are."""
_MINUTES = (20, 30, 37, 45, 50, 60, 75, 90, 120)
_INTENSITIES = ("licht", "middel", "zwaar", "intensief")
_WEEK_CENTS = (9500, 17250, 31000, 54500)
_PRICE_CHANGES = dt.date(YEAR, 2, 15)
"""The tariffs by the hour and by the day have a second step on this day: a line is priced on its own date."""

Cell = str | int | Decimal | dt.date | None
_HEADINGS = {
    "client": "Cliëntnummer",
    "service": "Zorgvorm",
    "code": "Productcode",
    "intensity": "Intensiteit",
    "allocation": "Toewijzingnummer",
    "allocation_start": "Begindatum toewijzing",
    "allocation_end": "Einddatum toewijzing",
    "start": "Begindatum",
    "end": "Einddatum",
    "quantity": "Volume",
    "unit": "Eenheid",
    "claimed": "Bedrag",
    "direction": "Debet/Credit",
    "reference": "Referentienummer",
    "previous_reference": "Vorig referentienummer",
}
_CARE = ("client", "code", "start", "end")
_COLUMNS = {
    "hours": (*_CARE, "quantity", "unit", "claimed", "direction", "reference", "previous_reference"),
    "weeks": ("client", "service", "intensity", "allocation", "allocation_start", "allocation_end", "start", "end"),
    "days": (*_CARE, "quantity", "unit", "claimed", "reference"),
    "months": ("client", "code", "allocation", "allocation_start", "start", "end"),
    "persons": _CARE,
    "budget": _CARE,
}


@dataclass(frozen=True)
class Made:
    """The folders of a region, and how many lines were delivered."""

    rules: Path
    inputs: Path
    period: Month
    lines: int


def make_region(folder: Path, providers: int, lines: int, months: int) -> Made:
    """Writes a region of so many providers (one contract each) and lines, delivered over the first months of the year."""
    rules, inputs = folder / "rules", folder / "inputs"
    (rules / "contracts").mkdir(parents=True)
    for month in range(1, months + 1):
        (inputs / f"{YEAR}-{month:02d}").mkdir(parents=True)
    (rules / "organisation.yaml").write_text(_ORGANISATION, encoding="utf-8")
    with (rules / "providers.yaml").open("w", encoding="utf-8") as file:
        file.writelines(_provider(number) for number in range(providers))
    total = 0
    for number, size in enumerate(_sizes(providers, lines)):
        kind = KINDS[number % len(KINDS)]
        by_month, claimed = _delivered(number, kind, size, months)
        (rules / "contracts" / f"{_number(number).lower()}.yaml").write_text(_contract(number, kind, claimed), "utf-8")
        for month, rows in enumerate(by_month, 1):
            total += len(rows)
            path = inputs / f"{YEAR}-{month:02d}" / f"{_number(number)} {month:02d}"
            write = _write_csv if (number + number // len(KINDS)) % 2 == 0 else _write_workbook
            write(path, _number(number), _COLUMNS[kind], rows)
    return Made(rules, inputs, Month(YEAR, months), total)


def _number(number: int) -> str:
    return f"BM-{YEAR}-{number:04d}"


def _sizes(providers: int, lines: int) -> list[int]:
    """The lines of each contract; they add up."""
    weights = [_WEIGHTS[number * 3 // 7 % len(_WEIGHTS)] for number in range(providers)]
    whole, until, sizes = sum(weights), 0, []
    for weight in weights:
        sizes.append(lines * (until + weight) // whole - lines * until // whole)
        until += weight
    return sizes


# ---- lines -----------------------------------------------------------------------------------------------


def _delivered(number: int, kind: str, size: int, months: int) -> tuple[list[list[dict[str, Cell]]], int]:
    """The rows of each month of a contract, and roughly what they come to in cents: its ceiling is set by that."""
    chance = random.Random(number)
    rows: list[list[dict[str, Cell]]] = []
    claimed = 0
    for month in range(1, months + 1):
        count = size * month // months - size * (month - 1) // months
        if kind == "hours":
            before = rows[-1] if rows else []
            made, cents = _hours(number, chance, count, month, before)
        else:
            made, cents = _by_client(number, kind, chance, count, month)
        rows.append(made)
        claimed += cents
    return rows, claimed


def _child(number: int, client: int) -> str:
    """The pseudonym of a child; one in two hundred goes to more than one provider."""
    return f"G{client:07d}" if client % 200 == 0 else f"K{number:04d}{client:06d}"


def hour_cents(service: int, day: dt.date) -> int:
    """The price of an hour of one of the two services."""
    return (7250, 9840)[service] + (0 if day < _PRICE_CHANGES else 220)


def day_cents(service: int, day: dt.date) -> int:
    """The price of a day of one of the two services."""
    return (24810, 17195)[service] + (0 if day < _PRICE_CHANGES else 745)


def _hours(
    number: int, chance: random.Random, count: int, month: int, before: Sequence[dict[str, Cell]]
) -> tuple[list[dict[str, Cell]], int]:
    """Sessions in minutes: some of the month before, some credits with their corrections, a few faults."""
    clients, days = max(count // 12, 1), Month(YEAR, month).last_day.day
    rows: list[dict[str, Cell]] = []
    total = 0
    undone = [row for row in before[:: max(len(before) // (count // 200 + 1), 1)] if row["unit"] == "minuten"]
    for row in undone[: count // 200] if before else ():
        if row["direction"] == "D":
            rows.append({**row, "direction": "C", "reference": f"{month}C{row['reference']}",
                         "previous_reference": row["reference"]})  # fmt: skip
    while len(rows) < count:
        at = len(rows)
        late = month > 1 and chance.random() < 0.02
        day = dt.date(YEAR, month - late, chance.randint(1, 28 if late else days))
        client = chance.randrange(clients)
        service, minutes = client % 2, chance.choice(_MINUTES)
        cents = (2 * hour_cents(service, day) * minutes + 60) // 120
        total += cents
        faulty = chance.random() < 0.002
        rows.append({
            "client": _child(number, client), "code": ("45A04", "45A55")[service], "start": day, "end": day,
            "quantity": minutes, "unit": "stuks" if faulty else "minuten", "claimed": Decimal(cents) / 100,
            "direction": "D", "reference": f"{month}R{at:07d}",
        })  # fmt: skip
    return rows, total


def _by_client(
    number: int, kind: str, chance: random.Random, count: int, month: int
) -> tuple[list[dict[str, Cell]], int]:
    """One line for each child and month."""
    first, last = Month(YEAR, month).first_day, Month(YEAR, month).last_day
    rows: list[dict[str, Cell]] = []
    total = 0
    for client in range(count):
        service = client % 2
        row: dict[str, Cell] = {"client": _child(number, client), "start": first, "end": last}
        match kind:
            case "weeks":
                begins = dt.date(YEAR - 1, 10, 2) + dt.timedelta(days=client % 80)
                ends = dt.date(YEAR, 12, 31) - dt.timedelta(days=client % 60)
                level = client % 4
                total += _WEEK_CENTS[level] * sundays_between(first, last)
                row |= {
                    "service": ("zelfstandigheid", "gedrag en opvoeding")[service], "intensity": _INTENSITIES[level],
                    "allocation": f"T{client:06d}", "allocation_start": begins, "allocation_end": ends,
                }  # fmt: skip
            case "days":
                start = first.replace(day=1 + chance.randrange(20))
                days = (last - start).days + 1
                cents = day_cents(service, start) * days
                total += cents
                row |= {
                    "code": ("43A05", "44A12")[service], "start": start, "quantity": days, "unit": "etmalen",
                    "claimed": Decimal(cents) / 100, "reference": f"{month}V{client:06d}",
                }  # fmt: skip
            case "months":
                broken = client % 10 == month
                start = first.replace(day=1 + 13 * broken)
                row |= {"code": "45A30", "allocation": f"T{client:06d}", "allocation_start": start, "start": start}
            case "persons":
                row |= {"code": "41A11"}
            case _:
                row |= {"code": ("45A03", "46A03")[service]}
        rows.append(row)
    return rows, total


# ---- files -----------------------------------------------------------------------------------------------


def _write_csv(path: Path, _: str, columns: Sequence[str], rows: Sequence[dict[str, Cell]]) -> None:
    def written(cell: Cell) -> str:
        match cell:
            case None:
                return ""
            case dt.date():
                return f"{cell.day:02d}-{cell.month:02d}-{cell.year}"
            case Decimal():
                return f"{cell:.2f}".replace(".", ",")
            case _:
                return str(cell)

    with path.with_suffix(".csv").open("w", encoding="cp1252", newline="\r\n") as file:
        file.write(";".join(_HEADINGS[column] for column in columns) + "\n")
        file.writelines(";".join([written(row.get(column)) for column in columns]) + "\n" for row in rows)


_EXCEL_DAY_ZERO = dt.date(1899, 12, 30)


def _write_workbook(path: Path, contract: str, columns: Sequence[str], rows: Sequence[dict[str, Cell]]) -> None:
    """As Excel writes it: shared strings, days as numbers with a date format."""
    strings: dict[str, int] = {}
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

    def cell(address: str, value: Cell) -> str:
        match value:
            case None:
                return ""
            case str():
                return f'<c r="{address}" t="s"><v>{strings.setdefault(value, len(strings))}</v></c>'
            case dt.date():
                return f'<c r="{address}" s="1"><v>{(value - _EXCEL_DAY_ZERO).days}</v></c>'
            case _:
                return f'<c r="{address}"><v>{value}</v></c>'

    def table() -> Iterator[str]:
        yield f'<row r="1">{cell("A1", "Contractnummer")}{cell("B1", contract)}</row>'
        headings = [cell(f"{letters[at]}3", _HEADINGS[column]) for at, column in enumerate(columns)]
        yield f'<row r="3">{"".join(headings)}</row>'
        named = list(zip(letters, columns, strict=False))
        for number, row in enumerate(rows, 4):
            cells = "".join([cell(f"{letter}{number}", row.get(column)) for letter, column in named])
            yield f'<row r="{number}">{cells}</row>'

    sheet = "".join(table())
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
    parts = {
        **_PARTS,
        "xl/sharedStrings.xml": f'{_XML}<sst xmlns="{_MAIN}" uniqueCount="{len(strings)}">{shared}</sst>',
        "xl/worksheets/sheet1.xml": f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>{sheet}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path.with_suffix(".xlsx"), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2018, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED, 1)


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Levering" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId3" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    "xl/styles.xml": f'{_XML}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
}


# ---- rule files ------------------------------------------------------------------------------------------

_ORGANISATION = """name: Betaalkantoor Meetregio
address: Meetplein 1, 1234 AB Meetstad
iban: NL46BNGH0285100471
first_year: 2018
"""


def _provider(number: int) -> str:
    account = f"BANK{number:010d}"
    digits = "".join(str(int(each, 36)) for each in f"{account}NL00")
    return f"""aanbieder-{number:04d}:
  name: Aanbieder {number:04d}
  address: Zorgpad {number + 1}, 1234 AB Meetstad
  kvk: {40000000 + number}
  agb: {22000000 + number}
  iban: NL{98 - int(digits) % 97:02d}{account}
  email: administratie@aanbieder-{number:04d}.example
  creditor: {100000 + number}
"""


def _euros(cents: int) -> str:
    return f"€ {cents // 100:,},{cents % 100:02d}".replace(",", ".", f"{cents // 100:,}".count(","))


_FUNDING = {"weeks": "output-based", "persons": "person-following", "budget": "task-based"}


def _contract(number: int, kind: str, claimed: int) -> str:
    """The rule file of a contract; the ceiling of every third of those that have one is below what is claimed."""
    head = f"""contract: {_number(number)}
title: Jeugdhulp van aanbieder {number:04d}
funding: {_FUNDING.get(kind, "effort-based")}
municipality: Gemeente Meetstad
provider: aanbieder-{number:04d}
starts: {YEAR}-01-01
ends: {YEAR}-12-31

services:
"""
    limit = max(claimed * (8 if number % 3 == 0 else 15) // 10, 1)
    match kind:
        case "hours":
            by_service = number % 2 == 0
            body = "".join(
                _service(name, code)
                + _tariff("hour", hour_cents, service, "      delivered_in: minutes\n")
                + (_ceiling(limit // 2, "    ") if by_service else "")
                for service, (name, code) in enumerate((("begeleiding", "45A04"), ("behandeling", "45A55")))
            )
            end = "" if by_service else "terms:\n" + _ceiling(limit, "  ")
        case "weeks":
            prices = "".join(
                f"          {name}: {_euros(cents)}\n" for name, cents in zip(_INTENSITIES, _WEEK_CENTS, strict=True)
            )
            body = "".join(
                f"  {name}:\n    weekly_tariff:\n      article: 5.1\n      by: intensity\n      weeks: sundays\n"
                f"      amounts:\n        {YEAR}-01-01:\n{prices}"
                for name in ("zelfstandigheid", "gedrag en opvoeding")
            )
            end = "terms:\n" + _ceiling(limit, "  ")
        case "days":
            body = "".join(
                _service(name, code) + _tariff("overnight_day", day_cents, service) + _ceiling(limit // 2, "    ")
                for service, (name, code) in enumerate((("verblijf", "43A05"), ("gezinshuis", "44A12")))
            )
            end = ""
        case "months":
            body = _service("dagbehandeling", "45A30") + (
                "    monthly_tariff:\n      article: 2.3\n      first_broken_month: pro rata\n"
                f"      last_broken_month: in full\n      amounts:\n        {YEAR}-01-01: € 812,00\n"
            )
            end = ""
        case "persons":
            body = _service("dagbesteding", "41A11") + (
                "    person_fee:\n      article: 4.4\n      per: client and month\n      counted_on: first day\n"
                f"      amounts:\n        {YEAR}-01-01: € 385,00\n"
            )
            end = ""
        case _:
            body = "".join(
                _service(name, code)
                + "    budget:\n      article: 4.1\n      paid: twelfths\n      amounts:\n"
                + f"        {YEAR}-01-01: {_euros(240_000_000 + 1_000_000 * number)}\n"
                + "    minimum_clients:\n      article: 4.2\n      counts: distinct clients\n      signal_below: 90 %\n"
                + f"      settles: never\n      amounts:\n        {YEAR}-01-01: {100 + number}\n"
                for name, code in (("ondersteuning", "45A03"), ("crisiszorg", "46A03"))
            )
            end = ""
    return head + body + end + "deliveries:\n  claim_deadline: 3 months\n"


def _service(name: str, code: str) -> str:
    return f"  {name}:\n    codes:\n      - {code}\n"


def _tariff(per: str, cents: object, service: int, delivered_in: str = "") -> str:
    assert callable(cents)
    return (
        f"    tariff:\n      article: 6.1\n      per: {per}\n{delivered_in}      amounts:\n"
        f"        {YEAR}-01-01: {_euros(cents(service, dt.date(YEAR, 1, 1)))}\n"
        f"        {_PRICE_CHANGES}: {_euros(cents(service, _PRICE_CHANGES))}\n"
    )


def _ceiling(cents: int, indent: str) -> str:
    return (
        f"{indent}ceiling:\n{indent}  article: 6.5\n{indent}  per: year\n{indent}  above: not paid\n"
        f"{indent}  signal_at:\n{indent}    - 90 %\n{indent}  amounts:\n{indent}    {YEAR}-01-01: {_euros(cents)}\n"
    )
