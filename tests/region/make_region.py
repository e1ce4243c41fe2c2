"""Makes what the providers of the example region delivered, January to June 2018: the same bytes each time.

    python tests/region/make_region.py            writes inputs/: 2018-01 to 2018-06, and README.md
    python tests/region/make_region.py --to DIR   writes into another folder

Every child, provider and figure is invented. ``region_children.py`` holds the children and their stays,
``region_books.py`` what each provider delivers, ``region_sheets.py`` how its office writes that down.
README.md, which is made too, tells where the odd things stand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# The folder of deliveries is no place for compiled files.
sys.dont_write_bytecode = True

import region_books as books  # noqa: E402 - after the line above
from region_children import MONTHS, NAMES, SEEN, YEAR, Book, Row, euros  # noqa: E402
from region_sheets import SHEETS, Sheet, write_csv, write_workbook  # noqa: E402

BOOKS: dict[str, Callable[[Book], None]] = {
    "UTR-AJ-2018-01": books.de_linde,
    "UTR-AJ-2018-04": books.vecht_en_vaart,
    "RTM-2018-RG-112": books.maasoever,
    "RTM-2018-RG-127": books.noordereiland,
    "RTM-2018-VB-040": books.maasoever_verblijf,
    "WBW-2016-ARR-031": books.markdal,
    "WBW-2018-ARR-057": books.de_zoom,
    "REG-2017-PQ-009": books.wilgenrijs,
    "REG-2018-PQ-016": books.kompaspunt,
    "REG-2018-GZ-011": books.kompaspunt_ggz,
    "REG-2018-ED-022": books.leeskracht,
    "REG-2018-PV-014": books.boshoeve,
    "REG-2018-LO-015": books.boshoeve_logeren,
    "REG-2018-JB-005": books.de_schakel,
    "REG-2017-TB-003": books.samen_verder,
}
"""What fills the book of each contract, in the order in which children get their pseudonyms."""


@dataclass
class Region:
    """The files of the half year, and what is to be said of them."""

    files: dict[str, bytes] = field(default_factory=dict)
    """By path below the folder of inputs."""
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    """File, rows and what is odd there."""
    rows: dict[str, list[int]] = field(default_factory=dict)
    """Rows delivered, by contract and month."""

    def add(self, contract: str, sheet: Sheet, month: int, rows: Sequence[Row], path: str) -> None:
        """Writes one file and notes what is odd in it."""
        write = write_csv if sheet.separator else write_workbook
        written = write(contract, sheet, month, rows)
        self.files[path] = written.data
        odd: dict[str, list[int]] = {}
        for row, place in zip(rows, written.places, strict=True):
            if "note" in row:
                odd.setdefault(str(row["note"]), []).append(place)
        for note, places in odd.items():
            said = f"row {places[0]}" if len(places) == 1 else f"rows {', '.join(map(str, places))}"
            self.notes.append((path, said, note))


def make_region() -> Region:
    """Everything that was delivered."""
    SEEN.clear()
    region = Region()
    for contract, fill in BOOKS.items():
        book, sheet = Book(contract), SHEETS[contract]
        fill(book)
        region.rows[contract] = [len(book.months[month]) for month in MONTHS]
        for month, rows in book.months.items():
            path = f"{YEAR}-{month:02d}/{sheet.file.format(month=f'{month:02d}', name=NAMES[month])}"
            if not rows:
                continue
            if contract == "RTM-2018-VB-040" and month == 3:
                _first_version(region, contract, sheet, rows, path)
                path = path.replace(".xlsx", "_v2.xlsx")
            region.add(contract, sheet, month, rows, path)
            if contract == "WBW-2016-ARR-031" and month == 2:
                copy = path.replace("2018-02/", "2018-02/nagezonden/").replace(".csv", " (kopie).csv")
                region.files[copy] = region.files[path]
                region.notes.append((copy, "file", f"the same bytes as `{path}`: counts once"))
            if contract == "REG-2018-PV-014" and month == 3:
                region.notes.append(("2018-02", "–", "no file of REG-2018-PV-014: the delivery of February is missing"))
                region.notes.append((path, "rows of February", "the lines of February came with those of March: paid then"))
    return region


def _first_version(region: Region, contract: str, sheet: Sheet, rows: Sequence[Row], path: str) -> None:
    """The file of March that was replaced: three children were forgotten, and one stay is two days short."""
    first = [dict(row) for number, row in enumerate(rows) if number not in {11, 12, 30}]
    short = int(str(first[4]["quantity"])) - 2
    first[4] |= {"quantity": short, "claimed": euros(books.ETMALEN_040[str(first[4]["code"])] * short)}
    region.add(contract, sheet, 3, first, path)
    region.notes.append(
        (path, "file", "replaced as a whole by its version `_v2`, which has three more lines and one other amount")
    )


def readme(region: Region) -> str:
    """README.md: what stands here, and where the odd things are."""
    total = sum(map(sum, region.rows.values()))
    lines = [
        "# What the providers delivered",
        "",
        "Made by `python tests/region/make_region.py`, which gives the same bytes each time. Every child, provider and",
        "figure is invented. To change a file, change the script and run it again: a test compares them.",
        "",
        f"{len(region.files)} files, {total} delivered rows (files that were replaced or sent twice not counted):",
        "",
        "| contract | " + " | ".join(f"2018-{month:02d}" for month in MONTHS) + " |",
        "|---|" + "--:|" * len(MONTHS),
    ]
    for contract, counts in sorted(region.rows.items()):
        lines.append(f"| {contract} | " + " | ".join(str(count) if count else "–" for count in counts) + " |")
    lines += [
        "",
        "UTR-BT-2018-01 (neighbourhood teams) and REG-2018-BE-003 (availability) are paid without lines and deliver",
        "none. REG-2018-LO-015 begins in February.",
        "",
        "## What is odd in them, and where",
        "",
        "| file | where | what |",
        "|---|---|---|",
    ]
    ordered = sorted(region.notes, key=lambda note: note[0])
    lines += [f"| `{path}` | {where} | {note} |" for path, where, note in ordered]
    lines += [
        "",
        "And without a row of its own:",
        "",
        "* De Linde's specialised support stays below 90 % of its minimum from February to April: only a signal.",
        "* Vecht & Vaart's crisis care is below 80 % of its minimum in March and April: settled, given back in May.",
        "* Wilgenrijs passes 70 % of its ceiling in March and 90 % in April; in May it is full.",
        "* Leeskracht passes its ceiling in June; what lies above is held.",
        "* Kompaspunt's consultations pass the ceiling of a month in January, April and May: above it 40 % is paid.",
        "* REG-2018-LO-015 has more in credits than in lines in April: its payment is negative.",
        "",
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Writes the region into a folder."""
    parser = argparse.ArgumentParser(description="Makes the deliveries of the example region.")
    parser.add_argument("--to", type=Path, default=Path(__file__).parents[2] / "inputs", help="the folder to write into")
    folder: Path = parser.parse_args(arguments).to
    region = make_region()
    for path, data in region.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (folder / "README.md").write_bytes(readme(region).encode())
    sys.stdout.write(f"{len(region.files)} files, {sum(map(sum, region.rows.values()))} rows in {folder}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
