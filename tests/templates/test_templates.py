"""The template of each kind of contract: only the columns that its terms need, and filled in it is read without a question."""

from __future__ import annotations

import datetime as dt
import io
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner
from workbench import Yaml, contract, rulebook_of, settled

from settlement.cli import app
from settlement.deliveries.gather import Gathered, gather
from settlement.domain.contract import Contract, Rulebook
from settlement.domain.periods import Month
from settlement.rules.reader import read_rulebook
from settlement.templates.columns import columns_of, needs_lines
from settlement.templates.workbook import FIRST_ROW, HEADING_ROW, file_name, write_template
from settlement.wording import wording

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
MARCH = Month(2018, 3)
FIRST, LAST = dt.date(2018, 3, 1), dt.date(2018, 3, 31)


@pytest.fixture(scope="module")
def office() -> Rulebook:
    rulebook, problems = read_rulebook(ROOT / "rules")
    assert not problems
    return rulebook


def template(rulebook: Rulebook, number: str, language: str = "nl") -> bytes:
    held = rulebook.contracts[number]
    return write_template(held, MARCH, rulebook.providers[held.provider], rulebook.organisation, language)


def headings(content: bytes) -> list[str]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[1]
    return [cell.value for cell in sheet[HEADING_ROW] if cell.value]


def filled(content: bytes, *rows: dict[str, object], at: int = FIRST_ROW) -> bytes:
    """The template with these rows, by heading, as a person types them."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[1]
    columns = {cell.value.partition(" (")[0]: cell.column for cell in sheet[HEADING_ROW] if cell.value}
    for row, values in enumerate(rows, at):
        for heading, value in values.items():
            sheet.cell(row, columns[heading]).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def deliver(folder: Path, rulebook: Rulebook, **files: bytes) -> Gathered:
    month = folder / "inputs" / "2018-03"
    month.mkdir(parents=True)
    for name, content in files.items():
        (month / f"{name}.xlsx").write_bytes(content)
    known = {number: held.deliveries.headings for number, held in rulebook.contracts.items()}
    return gather(folder / "inputs", MARCH, known)


def example(held: Contract, language: str) -> dict[str, object]:
    """The example line of a template, by heading."""
    found = {}
    for each in columns_of(held, MARCH, wording(language)):
        value = each.example / 1000 if isinstance(each.example, int) else each.example
        if value is not None:
            found[each.heading.partition(" (")[0]] = value
    return found


# ---- every contract of the office ------------------------------------------------------------------------


ONE_OF_EACH_KIND = ["REG-2018-JB-005", "REG-2018-PQ-016", "RTM-2018-RG-112", "UTR-AJ-2018-01", "WBW-2018-ARR-057"]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_example_of_every_template_is_read_and_accepted_without_a_question(office, tmp_path, language):
    numbers = [number for number, held in office.contracts.items() if needs_lines(held)]
    assert len(numbers) == 15
    numbers = numbers if language == "nl" else ONE_OF_EACH_KIND
    # Named so that nothing but the head block says which contract it is.
    files = {
        f"levering {at}": filled(template(office, number, language), example(office.contracts[number], language))
        for at, number in enumerate(numbers)
    }
    delivered = deliver(tmp_path, office, **files)
    assert delivered.problems == ()
    assert [one.notes for one in delivered.deliveries] == [()] * len(numbers)
    assert sorted(str(one.contract) for one in delivered.deliveries) == sorted(numbers)
    assert delivered.refusals.is_empty()
    settlement = settled(office, delivered, "2018-03")
    assert settlement.refusals.to_dicts() == []
    assert sorted(settlement.accepted.lines["contract"]) == sorted(numbers)


def test_a_template_that_is_not_filled_in_holds_no_line(office, tmp_path):
    languages = dict.fromkeys(ONE_OF_EACH_KIND, "nl") | {"WBW-2016-ARR-031": "en", "RTM-2018-RG-127": "en"}
    delivered = deliver(tmp_path, office, **{number: template(office, number, language) for number, language in languages.items()})
    assert delivered.problems == ()
    assert delivered.lines.is_empty()
    assert delivered.refusals.is_empty()
    for one in delivered.deliveries:
        assert (one.rows, one.header_row, one.version) == (0, HEADING_ROW, 1)
        assert one.sheet == ("Levering" if languages[str(one.contract)] == "nl" else "Delivery")


def test_a_template_has_the_columns_that_the_terms_need_and_no_others(office):
    correcting = ["Debet/Credit", "Referentienummer", "Vorig referentienummer"]
    # Squares with a budget and a minimum of clients: who was helped in which service, and with which of its products.
    assert headings(template(office, "UTR-AJ-2018-01")) == [
        "Cliënt", "Zorgvorm", "Productcode", "Begindatum", "Einddatum", *correcting,
    ]  # fmt: skip
    # The same without products, and a signal that counts who was turned away.
    assert headings(template(office, "UTR-AJ-2018-04")) == ["Cliënt", "Zorgvorm", "Begindatum", "Einddatum", *correcting, "Geweigerd"]
    # Two hourly tariffs in minutes: one unit, so it stands in the heading.
    assert headings(template(office, "REG-2017-PQ-009")) == [
        "Cliënt", "Zorgvorm", "Begindatum", "Einddatum", "Volume (minuten)", *correcting,
    ]  # fmt: skip
    # Hours and day parts: the unit is asked.
    assert "Eenheid" in headings(template(office, "REG-2018-PQ-016"))
    # An arrangement by profile and intensity, half at the result; a signal asks who ended.
    assert headings(template(office, "WBW-2018-ARR-057")) == [
        "Cliënt", "Zorgvorm", "Profiel", "Intensiteit", "Begindatum toewijzing", "Begindatum", "Einddatum", *correcting,
        "Resultaat", "Reden beëindiging",
    ]  # fmt: skip
    # A bonus-malus on goals reached.
    assert "Doelrealisatie" in headings(template(office, "REG-2017-TB-003"))
    # Weeks by intensity, with the provider's own headings.
    assert headings(template(office, "RTM-2018-RG-127"))[:7] == [
        "Jeugdige", "Onderdeel", "Zwaarte", "Begindatum toewijzing", "Einddatum toewijzing", "Van", "Tot en met",
    ]  # fmt: skip


def test_a_template_is_made_with_the_same_bytes_each_time(office):
    assert template(office, "WBW-2018-ARR-057") == template(office, "WBW-2018-ARR-057")


def test_lists_and_checks_stand_on_the_columns_and_speak_dutch(office):
    book = openpyxl.load_workbook(io.BytesIO(template(office, "RTM-2018-RG-112")))
    assert [(sheet.title, sheet.sheet_state) for sheet in book] == [
        ("Uitleg", "visible"), ("Levering", "visible"), ("Lijsten", "hidden"),
    ]  # fmt: skip
    sheet = book["Levering"]
    columns = {cell.value: cell.column_letter for cell in sheet[HEADING_ROW] if cell.value}
    checks = {str(each.sqref).rstrip("0123456789")[:1]: each for each in sheet.data_validations.dataValidation}
    assert {len(each.error) <= 255 and len(each.prompt) <= 255 for each in checks.values()} == {True}
    service = checks[columns["Zorgvorm"]]
    assert (service.type, service.errorStyle) == ("list", "stop")
    assert service.error == "Dit staat niet in de lijst. Kies met het pijltje naast de cel."
    first = service.formula1.partition("!")[2].replace("$", "").partition(":")[0]
    assert book["Lijsten"][first].value == "sociaal en persoonlijk functioneren"
    start, end = checks[columns["Begindatum"]], checks[columns["Einddatum"]]
    assert (start.type, start.formula1, start.formula2) == ("date", "DATE(2018,1,1)", "DATE(2018,3,31)")
    assert start.error == "Vul een datum in van 01-01-2018 tot en met 31-03-2018, zoals 01-03-2018."
    assert (end.formula1, end.formula2) == (f"${columns['Begindatum']}8", f"EOMONTH(${columns['Begindatum']}8,0)")
    assert checks[columns["Cliënttevredenheid"]].formula2 == "10"
    assert [each.error for each in checks.values() if "tariff" in each.error] == []


def explained(content: bytes) -> dict[str, str]:
    """The first sheet: what is said behind each label and each column."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return {row[0]: row[1] for row in sheet.iter_rows(values_only=True) if row[0] and row[1]}


def test_the_template_of_an_arrangement_says_that_the_date_of_the_allocation_decides(office):
    # WBW-2018-ARR-057 has both columns; a line without the allocation's date goes by its own.
    said = explained(template(office, "WBW-2018-ARR-057"))
    assert said["Begindatum toewijzing"] == (
        "De eerste dag van de toewijzing, zoals het toewijzingsbericht die noemt. Het is het begin van het arrangement: "
        "deze dag bepaalt van welk jaar het is en welk bedrag geldt."
    )
    assert said["Begindatum"] == (
        "Verplicht. De dag waarop het arrangement begon. Staat de begindatum van de toewijzing in de regel, dan telt die als begin."
    )
    english = explained(template(office, "WBW-2018-ARR-057", "en"))
    assert "this day decides of which year it is, and which fee holds" in english["Allocation start"]
    # A weekly tariff is no arrangement.
    assert "arrangement" not in str(explained(template(office, "RTM-2018-RG-127")))


def test_a_template_forbids_names_without_saying_that_they_are_recognised(office):
    assert explained(template(office, "UTR-AJ-2018-01"))["Geen bsn"] == (
        "Gebruik uw eigen cliëntnummers. Vul nergens een burgerservicenummer, naam of geboortedatum in. "
        "Een bestand met burgerservicenummers wordt geweigerd; namen en geboortedatums worden niet herkend, en horen er evenmin in."
    )


def test_the_choices_of_a_level_are_those_in_force(office):
    (intensity,) = [each for each in columns_of(office.contracts["RTM-2018-RG-112"], MARCH, wording("nl")) if each.field == "intensity"]
    assert intensity.choices == tuple(intensity.of_service["stoornis en gedragsproblemen"])
    assert "dagbesteding" not in intensity.of_service


# ---- the amounts -----------------------------------------------------------------------------------------

HOURS: Yaml = contract("T-1", {
    "begeleiding": {"codes": ["45A48", "45A49"], "tariff": {"article": "1", "per": "hour", "delivered_in": "minutes", "amounts": {"2018-01-01": "€ 61,20"}}},
    "dagdeel groep": {"tariff": {"article": "2", "per": "day_part", "amounts": {"2018-01-01": "€ 40,00"}}},
}, funding="effort-based")  # fmt: skip

HOUR_LINES = [
    # 90 minutes × € 61,20 an hour = € 91,80
    {"Cliënt": "K-1", "Zorgvorm": "begeleiding", "Productcode": "45A49", "Begindatum": FIRST, "Einddatum": LAST, "Volume": 90,
     "Eenheid": "minuten", "Referentienummer": "0007"},
    # 3 × € 40,00 = € 120,00
    {"Cliënt": "K-2", "Zorgvorm": "dagdeel groep", "Begindatum": FIRST, "Einddatum": LAST, "Volume": 3, "Eenheid": "dagdelen"},
]  # fmt: skip


def test_a_filled_template_is_paid_the_right_amounts(tmp_path):
    rulebook = rulebook_of(HOURS)
    settlement = settled(rulebook, deliver(tmp_path, rulebook, levering=filled(template(rulebook, "T-1"), *HOUR_LINES)), "2018-03")
    assert settlement.refusals.to_dicts() == []
    assert settlement.accepted.lines["value_cents"].to_list() == [91_80, 120_00]
    assert settlement.accepted.lines["reference"].to_list() == ["0007", None]
    assert settlement.entitled() == {"T-1": 211_80}


def test_a_template_that_libreoffice_saved_is_paid_the_same(tmp_path):
    """``data/filled-by-libreoffice.xlsx`` is the filled template of HOURS, converted by LibreOffice 7.4 and kept."""
    rulebook = rulebook_of(HOURS)
    kept = (DATA / "filled-by-libreoffice.xlsx").read_bytes()
    delivered = deliver(tmp_path, rulebook, levering=kept)
    assert delivered.problems == ()
    assert delivered.deliveries[0].notes == ()
    settlement = settled(rulebook, delivered, "2018-03")
    assert settlement.refusals.to_dicts() == []
    assert settlement.entitled() == {"T-1": 211_80}
    book = openpyxl.load_workbook(io.BytesIO(kept))
    assert book["Lijsten"].sheet_state == "hidden"
    assert len(book["Levering"].data_validations.dataValidation) >= 6


@pytest.mark.campaign
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_filled_template_of_every_contract_survives_libreoffice(office, tmp_path):
    numbers = [number for number, held in office.contracts.items() if needs_lines(held)]
    for number in numbers:
        (tmp_path / f"{number}.xlsx").write_bytes(filled(template(office, number), example(office.contracts[number], "nl")))
    converted = tmp_path / "converted"
    command = ["soffice", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx",
               "--outdir", converted, *sorted(tmp_path.glob("*.xlsx"))]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    delivered = deliver(tmp_path / "all", office, **{path.stem: path.read_bytes() for path in converted.glob("*.xlsx")})
    assert delivered.problems == ()
    settlement = settled(office, delivered, "2018-03")
    assert settlement.refusals.to_dicts() == []
    assert sorted(settlement.accepted.lines["contract"]) == sorted(numbers)


def test_lines_below_the_yellow_rows_are_read_too(tmp_path):
    rulebook = rulebook_of(HOURS)
    lines = [{**HOUR_LINES[1], "Cliënt": f"K-{at}"} for at in range(300)]
    delivered = deliver(tmp_path, rulebook, levering=filled(template(rulebook, "T-1"), *lines))
    # 300 × € 120,00
    assert settled(rulebook, delivered, "2018-03").entitled() == {"T-1": 36_000_00}


def test_a_new_version_in_the_head_replaces_the_first(tmp_path):
    rulebook = rulebook_of(HOURS)
    first = filled(template(rulebook, "T-1"), *HOUR_LINES)
    book = openpyxl.load_workbook(io.BytesIO(filled(template(rulebook, "T-1"), HOUR_LINES[0])))
    book.worksheets[1]["B5"] = "2"
    out = io.BytesIO()
    book.save(out)
    delivered = deliver(tmp_path, rulebook, **{"zzz eerste": first, "aaa tweede": out.getvalue()})
    assert {one.key: one.used for one in delivered.deliveries} == {"2018-03/aaa tweede.xlsx": True, "2018-03/zzz eerste.xlsx": False}
    assert settled(rulebook, delivered, "2018-03").entitled() == {"T-1": 91_80}


# ---- the command -----------------------------------------------------------------------------------------


def test_the_command_writes_a_file_named_after_contract_and_month(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["template", "--contract", "UTR-AJ-2018-01", "--period", "2018-03", "--rules", str(ROOT / "rules")])
    assert done.exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["UTR-AJ-2018-01-2018-03.xlsx"] == [file_name("UTR-AJ-2018-01", MARCH)]


@pytest.mark.parametrize(
    ("number", "period", "said"),
    [
        ("UTR-AJ-2018-1", "2018-03", "Did you mean UTR-AJ-2018-01?"),
        ("UTR-AJ-2018-01", "2019-03", "does not hold in 2019-03"),
        ("UTR-AJ-2018-01", "maart", "is not a month"),
    ],
)
def test_a_template_that_cannot_be_is_wrong_use_and_says_why(tmp_path, number, period, said):
    done = CliRunner().invoke(app, ["template", "--contract", number, "--period", period, "--rules", str(ROOT / "rules"), "--out", str(tmp_path / "x.xlsx")])
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())
    assert not (tmp_path / "x.xlsx").exists()


def test_a_contract_that_needs_no_lines_has_no_template(office):
    assert [number for number, held in office.contracts.items() if not needs_lines(held)] == ["REG-2018-BE-003", "UTR-BT-2018-01"]
