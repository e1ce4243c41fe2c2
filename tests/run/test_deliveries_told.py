"""What a run tells of deliveries that cost lines: replaced by much smaller ones, refused as a whole, or beside another's."""

from __future__ import annotations

import json

import openpyxl
import pytest
from test_month import APRIL, FEBRUARY, JANUARY, Office, agreed, at, hours
from typer.testing import CliRunner

from settlement.cli import app
from settlement.domain.periods import Month
from settlement.domain.records import Alert
from settlement.run.computing import Computed
from settlement.run.month import draft


@pytest.fixture
def office(tmp_path) -> Office:
    return Office(tmp_path)


def made(office: Office, month: Month = JANUARY) -> Computed:
    return draft(office.workspace, month, at(month)).computed


def deliver(office: Office, month: Month, count: int, name: str) -> None:
    """So many lines; without any, the headings alone, as an empty template has them."""
    path = office.deliver(month, *(hours(each, "1", month) for each in range(count or 1)), name=name)
    if not count:
        path.write_text(path.read_text(encoding="utf-8-sig").splitlines()[0] + "\r\n", encoding="utf-8-sig")


def alert_of(computed: Computed, name: str, number: str = "A-1") -> Alert | None:
    """The only alert of this name; ``None`` without one."""
    found = [alert for alert in computed.settlement.alerts if (alert.name, alert.contract) == (name, number)]
    assert len(found) < 2
    return found[0] if found else None


def run(office: Office, month: Month, *more: str):
    folders = office.workspace
    return CliRunner().invoke(
        app, ["run", "--period", str(month), "--rules", str(folders.rules), "--inputs", str(folders.inputs), "--outputs", str(folders.outputs), *more]
    )  # fmt: skip


def paper(office: Office, path: str) -> str:
    """All text of a workbook, one cell a line."""
    book = openpyxl.load_workbook(office.workspace.outputs / path, read_only=True)
    return "\n".join(str(value) for sheet in book for row in sheet.iter_rows(values_only=True) for value in row if value is not None)


def origin(office: Office, file: str) -> list[object]:
    """The row of a file on the origin sheet of the statement of A-1: month, rows, accepted, refused, remarks."""
    book = openpyxl.load_workbook(office.workspace.outputs / "2018-01/statements/BS-2018-01-A-1.xlsx")
    (row,) = [row for row in book["Herkomst"].iter_rows(values_only=True) if row[0] == f"2018-01/{file}"]
    return list(row[2:6])


# ---- replaced by a much smaller one ----------------------------------------------------------------------


@pytest.mark.parametrize(("before", "now", "told"), [(2, 0, True), (4, 1, True), (4, 2, False), (3, 1, True), (3, 2, False), (1, 0, True), (1, 3, False)])
def test_a_delivery_that_has_fewer_than_half_of_the_lines_of_the_one_it_replaces_is_told(office, before, now, told):
    deliver(office, JANUARY, before, "levering")
    deliver(office, JANUARY, now, "levering v2")
    alert = alert_of(made(office), "delivery smaller")
    if not told:
        assert alert is None
        return
    assert alert is not None
    assert (alert.value, alert.norm) == ((now, "count"), (before, "count"))
    assert (alert.severity, alert.to) == ("high", "contract manager")
    one = {0: "0 regels", 1: "1 regel"}
    was = "1 regel" if before == 1 else f"{before} regels"
    assert alert.sources == (f"2018-01/A-1_levering v2.csv ({one[now]}) vervangt 2018-01/A-1_levering.csv ({was})",)


def test_an_empty_template_sent_by_mistake_is_told_on_the_screen_and_in_the_alerts(office):
    deliver(office, JANUARY, 0, "levering v2")
    said = run(office, JANUARY)
    assert said.exit_code == 0
    assert origin(office, "A-1_levering v2.csv") == [0, 0, 0, "verwerkt: er staan geen regels in"]
    told = "Warning: 2018-01/A-1_levering v2.csv replaces 2018-01/A-1_levering.csv, and has 0 lines of A-1 instead of 2 lines. Is that meant?"
    assert told in " ".join(said.output.split())
    page = (office.workspace.outputs / "2018-01/alerts.html").read_text(encoding="utf-8")
    for text in (page, paper(office, "2018-01/alerts.xlsx")):
        assert "Aanlevering kleiner dan de vorige" in text
        assert "2018-01/A-1_levering v2.csv (0 regels) vervangt 2018-01/A-1_levering.csv (2 regels)" in text
    assert json.loads(run(office, JANUARY, "--json").stdout)["smaller_deliveries"] == [
        {"contract": "A-1", "file": "2018-01/A-1_levering v2.csv", "lines": 0, "replaced": "2018-01/A-1_levering.csv", "lines_before": 2}
    ]


def test_of_several_that_were_replaced_the_one_with_most_lines_counts(office):
    deliver(office, JANUARY, 5, "levering")
    deliver(office, JANUARY, 0, "levering v2")
    deliver(office, JANUARY, 1, "levering v3")
    alert = alert_of(made(office), "delivery smaller")
    assert alert is not None
    assert (alert.value, alert.norm) == ((1, "count"), (5, "count"))
    deliver(office, JANUARY, 5, "levering v4")
    assert alert_of(made(office), "delivery smaller") is None


def test_the_file_of_another_month_that_replaces_this_months_leaves_no_lines(office):
    office.deliver(FEBRUARY, hours(2, "1", FEBRUARY), hours(3, "1", FEBRUARY))
    again = office.deliver(FEBRUARY, name="levering v2")
    again.write_bytes((office.workspace.inputs / "2018-01/A-1_levering.csv").read_bytes())
    alert = alert_of(made(office, FEBRUARY), "delivery smaller")
    assert alert is not None
    assert (alert.value, alert.norm) == ((0, "count"), (2, "count"))


def test_the_same_file_sent_twice_replaces_nothing(office):
    again = office.deliver(JANUARY, name="levering v2")
    again.write_bytes((office.workspace.inputs / "2018-01/A-1_levering.csv").read_bytes())
    assert alert_of(made(office), "delivery smaller") is None


def test_a_file_that_cannot_be_read_replaces_nothing_and_is_told_as_refused(office):
    office.deliver(JANUARY, name="levering v2").write_text("Wie;Wanneer\nC-1;05-01-2018\n", encoding="utf-8")
    computed = made(office)
    assert alert_of(computed, "delivery smaller") is None
    assert alert_of(computed, "delivery missing") is None
    assert alert_of(computed, "delivery refused") is not None


def test_a_final_month_whose_delivery_is_replaced_later_is_told_until_that_is_settled(office):
    office.settle(JANUARY)
    deliver(office, JANUARY, 0, "levering v2")
    for month in (FEBRUARY, APRIL):
        office.deliver(month, hours(5, "1", month))
    alert = alert_of(made(office, FEBRUARY), "delivery smaller")
    assert alert is not None
    assert (alert.value, alert.norm) == ((0, "count"), (2, "count"))
    office.settle(FEBRUARY)
    assert alert_of(made(office, APRIL), "delivery smaller") is None


def test_lines_that_a_column_gives_to_several_contracts_are_counted_for_each(tmp_path):
    office = Office(tmp_path)
    other = agreed()
    office.rules(agreed(), {**other, "contract": "A-2", "title": "Overeenkomst A-2"})
    for path in office.workspace.inputs.rglob("*.csv"):
        path.unlink()
    head = "Contractnummer;Cliënt;Zorgvorm;Begindatum;Einddatum;Aantal;Eenheid\n"
    line = "{};C{};begeleiding;05-01-2018;05-01-2018;1;uren\n"
    folder = office.workspace.inputs / "2018-01"
    first = "".join(line.format(number, each) for number in ("A-1", "A-2") for each in range(4))
    (folder / "levering.csv").write_text(head + first, encoding="utf-8")
    (folder / "levering v2.csv").write_text(head + first.replace("A-2;C1", "A-1;C1").replace("A-2;C2", "A-1;C2").replace("A-2;C3", "A-1;C3"), encoding="utf-8")
    computed = made(office)
    assert alert_of(computed, "delivery smaller") is None
    alert = alert_of(computed, "delivery smaller", "A-2")
    assert alert is not None
    assert (alert.value, alert.norm) == ((1, "count"), (4, "count"))


def test_in_english_the_manager_reads_which_file_replaces_which_in_english(tmp_path):
    office = Office(tmp_path, language="en")
    deliver(office, JANUARY, 4, "levering v2")
    deliver(office, JANUARY, 1, "levering v3")
    alert = alert_of(made(office), "delivery smaller")
    assert alert is not None
    assert alert.sources == ("2018-01/A-1_levering v3.csv (1 line) replaces 2018-01/A-1_levering v2.csv (4 lines)",)
    assert "Delivery smaller than the one before" in paper(office, "2018-01/alerts.xlsx")


# ---- refused as a whole ----------------------------------------------------------------------------------

REASON = "In dit bestand is geen rij met herkenbare kolomkoppen gevonden, zoals Cliëntnummer, Begindatum en Volume."


def test_a_file_that_is_refused_as_a_whole_is_not_processed_but_refused_with_the_reason(office):
    for path in office.workspace.inputs.rglob("*.csv"):
        path.write_text("Wie;Wanneer\nC-1;05-01-2018\n", encoding="utf-8")
    computed = made(office)
    assert origin(office, "A-1_levering.csv") == [None, None, None, f"afgekeurd als geheel: {REASON}"]
    alert = alert_of(computed, "delivery refused")
    assert alert is not None
    assert alert.sources == (f"2018-01/A-1_levering.csv · {REASON}",)
    assert alert_of(computed, "delivery missing") is None
    assert (computed.summary.deliveries, computed.summary.deliveries_refused, computed.summary.deliveries_missing) == (0, 1, 0)
    page = (office.workspace.outputs / "2018-01/alerts.html").read_text(encoding="utf-8")
    for text in (page, paper(office, "2018-01/alerts.xlsx")):
        assert "0 aanleveringen verwerkt, 1 afgekeurd" in text
        assert "ontbreekt" not in text
        assert "Aanlevering afgekeurd" in text
        assert REASON in text


def test_a_file_with_a_wrong_total_is_processed_and_its_accepted_lines_are_counted_as_accepted(office):
    path = office.workspace.inputs / "2018-01/A-1_levering.csv"
    path.write_text(path.read_text(encoding="utf-8-sig") + ";;;;;;\r\nTotaal;;;;99;;\r\n", encoding="utf-8-sig")
    assert path.read_text(encoding="utf-8-sig").splitlines()[0].split(";")[4] == "Aantal"
    computed = made(office)
    assert [refusal.code for refusal in computed.statements[0].refusals] == ["control-total-differs"]
    assert origin(office, path.name)[:3] == [2, 2, 0]
    assert alert_of(computed, "delivery refused") is None


# ---- beside another provider's ---------------------------------------------------------------------------


def test_a_client_at_two_providers_is_found_by_file_and_row_and_never_by_number(tmp_path):
    office = Office(tmp_path)
    office.rules(agreed(), {**agreed(), "contract": "C-1", "title": "Overeenkomst C-1", "provider": "ander"})
    office.deliver(JANUARY, hours(7, "1"), hours(1, "1"), hours(2, "1"), hours(2, "0,5", reference="nog een"))
    office.deliver(JANUARY, hours(4, "1"), hours(2, "2"), name="levering").rename(office.workspace.inputs / "2018-01/x.tmp.csv")
    (office.workspace.inputs / "2018-01/x.tmp.csv").rename(office.workspace.inputs / "2018-01/C-1_levering.csv")
    office.deliver(JANUARY, hours(7, "1"), hours(1, "1"), hours(2, "1"), hours(2, "0,5", reference="nog een"))
    computed = made(office)
    own, other = (alert_of(computed, "client at two providers", number) for number in ("A-1", "C-1"))
    assert own is not None
    assert other is not None
    assert own.value == other.value == (1, "count")
    assert own.sources == ("2018-01/A-1_levering.csv · rij 4, 5 – naast 2018-01/C-1_levering.csv · rij 3",)
    assert other.sources == ("2018-01/C-1_levering.csv · rij 3 – naast 2018-01/A-1_levering.csv · rij 4, 5",)
    told = paper(office, "2018-01/alerts.xlsx") + (office.workspace.outputs / "2018-01/alerts.html").read_text(encoding="utf-8")
    assert "rij 4, 5 – naast" in told
    assert "C2" not in told


def test_of_six_clients_at_two_providers_each_is_named_whatever_number_of_services_they_share(tmp_path):
    office = Office(tmp_path)
    two = agreed()
    two["services"]["wonen"] = {"tariff": {"article": "6.2", "per": "hour", "amounts": {"2018-01-01": "€ 60,00"}}}
    office.rules(two, {**two, "contract": "C-1", "title": "Overeenkomst C-1", "provider": "ander"})
    both = [hours(each, "1", service=service, reference=f"{each}-{service}") for each in range(7) for service in ("begeleiding", "wonen")]
    office.deliver(JANUARY, *both).rename(office.workspace.inputs / "2018-01/C-1_levering.csv")
    office.deliver(JANUARY, *both)
    alert = alert_of(made(office), "client at two providers")
    assert alert is not None
    assert alert.value == (7, "count")
    assert alert.sources == tuple(
        f"2018-01/A-1_levering.csv · rij {row}, {row + 1} – naast 2018-01/C-1_levering.csv · rij {row}, {row + 1}" for row in range(2, 14, 2)
    )


# ---- into the folder of a month that is final ------------------------------------------------------------


def test_what_arrives_in_the_folder_of_a_final_month_is_told_with_the_next_one_as_what_arrives_in_time(office):
    made(office)
    assert office.approve(JANUARY) is not None
    office.deliver(JANUARY, hours(0, "2,5"), hours(1, "4"), hours(2, "veel"), name="levering v2")
    office.deliver(FEBRUARY, hours(5, "1", FEBRUARY))
    computed = made(office, FEBRUARY)
    (statement,) = (one for one in computed.statements if one.contract.number == "A-1")
    assert [(line.delivery, line.quantity_milli) for line in statement.lines] == [
        ("2018-01/A-1_levering v2.csv", 2500), ("2018-01/A-1_levering v2.csv", 4000), ("2018-02/A-1_levering.csv", 1000),
    ]  # fmt: skip
    assert (statement.accepted_lines, statement.refused_lines) == (3, 1)
    assert [(one.delivery, one.row, one.code) for one in statement.refusals] == [("2018-01/A-1_levering v2.csv", 4, "not-a-number")]
    assert [(one.key, one.used) for one in statement.deliveries] == [
        ("2018-01/A-1_levering v2.csv", True), ("2018-01/A-1_levering.csv", False), ("2018-02/A-1_levering.csv", True),
    ]  # fmt: skip
    alert = alert_of(computed, "lines refused")
    assert alert is not None
    assert (alert.value, alert.sources) == ((1, "count"), ("2018-01/A-1_levering v2.csv · E4",))
    assert (computed.summary.deliveries, list(computed.returned.files)) == (2, ["returned/A-1-2018-01-v3.xlsx"])
    assert office.approve(FEBRUARY) is not None
    told = made(office, Month(2018, 3))
    assert [one.deliveries for one in told.statements if one.contract.number == "A-1"] == [()]
    assert told.returned.files == {}
    assert alert_of(told, "lines refused") is None


def test_a_file_that_is_refused_as_a_whole_in_the_folder_of_a_final_month_is_told_with_the_next_one(office):
    made(office)
    assert office.approve(JANUARY) is not None
    (office.workspace.inputs / "2018-01/A-1_levering v2.csv").write_text("Wie;Wat\nC1;iets\n")
    computed = made(office, FEBRUARY)
    alert = alert_of(computed, "delivery refused")
    assert alert is not None
    assert "A-1_levering v2.csv" in alert.sources[0]
    assert computed.summary.deliveries_refused == 1


# ---- of no contract, or of another month -----------------------------------------------------------------


def test_a_file_that_is_refused_belongs_to_the_contract_that_its_head_block_names(office):
    (office.workspace.inputs / "2018-01/A-1_levering.csv").unlink()
    (office.workspace.inputs / "2018-01/maart.csv").write_text("Contractnummer;a-1\n\nBurgerservicenr.;Begindatum;Volume\n111222333;2018-01-05;1\n")
    computed = made(office)
    alert = alert_of(computed, "delivery refused")
    assert alert is not None
    assert alert.sources[0].startswith("2018-01/maart.csv · Kolom 'Burgerservicenr.' bevat burgerservicenummers.")
    assert computed.summary.left == ()
    assert list(computed.returned.files) == ["returned/A-1-2018-01-v2.xlsx"]


def test_what_was_delivered_and_is_of_no_contract_stands_below_the_alerts_with_the_reason(office):
    folder = office.workspace.inputs / "2018-01"
    (folder / "verslag.pdf").write_bytes(b"%PDF-1.7")
    (folder / "wie weet.csv").write_text("Wie;Wat\nC1;iets\n")
    (folder / "alles.csv").write_text("Contractnummer;Cliënt;Begindatum;Einddatum;Volume;Eenheid\nA-1;C8;05-01-2018;05-01-2018;1;uren\nX-9;C9;05-01-2018;05-01-2018;1;uren\n")
    (office.workspace.inputs / "los.csv").write_text("Wie;Wat\n")
    computed = made(office)
    assert computed.summary.left == (
        ("2018-01/alles.csv", "1 regel noemt geen contract dat bekend is: rij 3"),
        ("2018-01/verslag.pdf", "Dit bestand wordt niet gelezen: het is geen .xlsx, geen .ods, geen .csv en geen JW323."),
        ("2018-01/wie weet.csv", REASON),
        ("los.csv", "Dit bestand ligt niet in de map van een maand."),
    )
    page = (office.workspace.outputs / "2018-01/alerts.html").read_text(encoding="utf-8")
    for text in (page, paper(office, "2018-01/alerts.xlsx")):
        assert "Niet verwerkt, en van geen contract" in text
        assert "verslag.pdf" in text
    assert origin(office, "alles.csv") == [1, 1, 0, "in dit bestand staan ook regels van andere contracten"]


@pytest.mark.parametrize("says", ["maart 2018", "2018-03", "3-2018", "Mrt 2018"])
def test_a_delivery_of_another_month_pushes_out_none_of_this_one(office, says):
    body = "Contractnummer;A-1\nLeveringsmaand;{month}\nVersie;{version}\n\nCliënt;Begindatum;Einddatum;Volume;Eenheid\nC{version};05-01-2018;05-01-2018;1;uren\n"
    folder = office.workspace.inputs / "2018-01"
    (folder / "A-1_levering.csv").write_text(body.format(month="januari 2018", version=1))
    (folder / "laat.csv").write_text(body.format(month=says, version=2))
    computed = made(office)
    assert [(one.key, one.used, one.refused) for one in computed.delivered.deliveries] == [
        ("2018-01/A-1_levering.csv", True, False), ("2018-01/laat.csv", True, True),
    ]  # fmt: skip
    assert computed.delivered.lines["client"].to_list() == ["C1"]
    alert = alert_of(computed, "delivery refused")
    assert alert is not None
    assert alert.sources[0].startswith("2018-01/laat.csv · Dit bestand zegt de levering van maart 2018 te zijn, maar is aangeleverd voor januari 2018.")
    assert "Move it to the folder of 2018-03" in computed.delivered.problems[0].help


def test_a_delivery_of_another_month_by_its_name_pushes_out_none_of_this_one(office):
    office.deliver(JANUARY, hours(4, "1"), name="2018-03-v2")
    folder = office.workspace.inputs / "2018-01"
    (folder / "A-1_2018-03-v2.csv").rename(folder / "A-1-2018-03-v2.csv")
    computed = made(office)
    assert [one.key for one in computed.delivered.deliveries if one.refused] == ["2018-01/A-1-2018-03-v2.csv"]
    assert computed.delivered.lines["client"].to_list() == ["C0", "C1"]

