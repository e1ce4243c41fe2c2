"""The alerts as a workbook and as a page: in order, escaped, without a client, the same each time."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser

import openpyxl
from alert_samples import alert, alerts, judged, summary

from settlement.alerts.page import render_alerts
from settlement.alerts.workbook import bars, in_order, write_alerts
from settlement.domain.problems import Place
from settlement.domain.records import Working


def book(found=None, told=None):
    return openpyxl.load_workbook(io.BytesIO(write_alerts(alerts() if found is None else found, told or summary())))


def rows(sheet):
    headings = [cell.value for cell in sheet[7]]
    return [dict(zip(headings, row, strict=True)) for row in sheet.iter_rows(min_row=8, max_row=13, values_only=True)]


class Read(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


# ---- the workbook


def test_alerts_stand_by_severity_then_contract():
    found = [(row["Ernst"], row["Contract"]) for row in rows(book()["Signalen"])]
    assert found == [
        ("Hoog", "BRB-2018-HV-03"), ("Hoog", "RTM-2018-RG-112"), ("Hoog", "UTR-AJ-2018-07"),
        ("Middel", "UTR-AJ-2018-07"), ("Middel", "WBW-2016-ARR-031"), ("Laag", "UTR-AJ-2018-07"),
    ]  # fmt: skip


def test_the_list_is_printed_on_a3_without_the_note_below_it():
    sheet = book()["Signalen"]
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (8, "landscape")
    # Six alerts from row 8 on; the note stands in row 15.
    assert sheet.print_area == "'Signalen'!$A$1:$N$13"
    assert sheet["A15"].value == "Deze lijst bevat geen gegevens van jeugdigen."


def test_an_alert_shows_figure_norm_deviation_working_and_sources():
    row = rows(book()["Signalen"])[1]
    assert row["Signaal"] == "Plafond bereikt"
    assert (row["Waarde"], row["Norm"], row["Afwijking"]) == ("€ 1.041.220,00", "€ 1.000.000,00", "+€ 41.220,00")
    assert row["Ingevuld"] == "€ 1.041.220,00 tegenover € 1.000.000,00"
    assert row["Bron"].splitlines()[0] == "2018-03/maasoever.xlsx"
    assert row["Artikel"] == "6.5"


def test_the_head_counts_by_severity_and_names_the_total_to_pay():
    sheet = book()["Signalen"]
    assert [sheet.cell(4, column).value for column in (1, 3, 4, 5, 7)] == [3, 2, 1, 3812406.23, 2]
    assert "37 aanleveringen verwerkt, 1 ontbreekt" in sheet["A2"].value
    assert sheet["A2"].value.startswith("CONCEPT")
    assert not book(told=replace(summary(), final=True))["Signalen"]["A2"].value.startswith("CONCEPT")


def test_contracts_are_counted_with_the_most_pressing_first():
    sheet = book()["Per contract"]
    counted = [row for row in sheet.iter_rows(min_row=4, values_only=True) if row[0]]
    assert counted[0][0] == "BRB-2018-HV-03" or counted[0][2] == 1
    assert {row[0]: row[5] for row in counted} == {
        "BRB-2018-HV-03": 1, "RTM-2018-RG-112": 1, "UTR-AJ-2018-07": 3, "WBW-2016-ARR-031": 1
    }  # fmt: skip


def test_what_is_done_about_an_alert_may_be_typed_and_nothing_else():
    sheet = book()["Signalen"]
    assert sheet.protection.sheet
    assert not sheet["N8"].protection.locked
    assert sheet["A8"].protection.locked


def test_a_course_is_drawn_in_text():
    assert bars((17, 34, 52, 70, 88, 104)) == "▂▃▄▅▆█"
    assert bars((None, None, None, 3, 5, 7)) == "···▄▆█"
    assert bars((0, 0)) == "▁▁"
    assert bars((-5, 0, 5)) == "▁▄█"
    assert bars((3,)) == bars(()) == bars((None, 4)) == ""


def test_a_month_without_alerts_says_so():
    assert book([])["Signalen"]["A7"].value == "Er zijn geen signalen in deze maand."
    assert "Er zijn geen signalen in deze maand." in render_alerts([], summary())


def test_text_of_an_alert_cannot_become_a_formula():
    hostile = alert(contract="=1+1", provider_name="@x", service="-2", name="+3", standing=False, sources=("=cmd",))
    for sheet in book([hostile]).worksheets:
        for row in sheet.iter_rows():
            assert not any(cell.data_type == "f" for cell in row)


# ---- the page


def test_the_page_needs_nothing_but_itself():
    read = Read(render_alerts(alerts(), summary()))
    for tag, attributes in read.tags:
        assert tag not in {"link", "img", "iframe", "object", "base", "form"}
        assert not {"src", "href", "onclick", "action"} & set(attributes)
    assert not re.search(r"https?://|@import|url\(", render_alerts(alerts(), summary()))


def test_the_page_shows_every_alert_with_its_working():
    page = render_alerts(alerts(), summary())
    assert page.count("<details>") == 6
    assert "€ 1.041.220,00 tegenover € 1.000.000,00" in page
    assert "11 van de ten minste 20 antwoorden" in page
    assert "rules/rotterdam/maasoever.yaml:61:5" in page
    assert "€ 3.812.406" in page
    assert '<p class="draft">CONCEPT</p>' in page
    assert "CONCEPT" not in render_alerts(alerts(), replace(summary(), final=True))


def test_text_from_outside_is_escaped_on_the_page():
    script = "<script>alert('x')</script>"
    hostile = alert(
        contract=script, provider_name='"><img src=x>', service="{{ 7*7 }}", name="a\x00b\ud800", standing=False, sources=(script,),
        article="&lt;", place=Place(script, 1, 1), working=Working("<b>", {"<i>": ("<u>", "word")}),
    )  # fmt: skip
    page = render_alerts([hostile], summary())
    page.encode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "{{ 7*7 }}" in page
    assert "\x00" not in page
    assert [tag for tag, _ in Read(page).tags].count("script") == 1


def test_a_course_is_drawn_with_its_norm_inside_the_picture():
    page = render_alerts([judged(7, 12, "count", course=(None, 1, 3, 5, 6, 7))], summary())
    points = re.search(r'points="([^"]+)"', page)
    assert points is not None
    pairs = [tuple(map(Fraction, pair.split(","))) for pair in points[1].split()]
    assert len(pairs) == 5
    assert all(0 <= x <= 104 and 0 <= y <= 30 for x, y in pairs)
    # Upwards is less y; the norm of 12 lies above all.
    assert [y for _, y in pairs] == sorted((y for _, y in pairs), reverse=True)
    norm = re.search(r'class="norm"[^>]*y1="([^"]+)"', page)
    assert norm is not None
    assert Fraction(norm[1]) < min(y for _, y in pairs)
    assert 'aria-label="Verloop 6 mnd: 1, 3, 5, 6, 7"' in page


def test_more_than_three_sources_are_counted_and_named_on_demand():
    page = render_alerts([alert(sources=tuple(f"2018-0{n}/a.xlsx" for n in range(1, 6)))], summary())
    assert "en 2 andere" in page
    assert "2018-05/a.xlsx" in page


def test_both_papers_speak_english_on_request():
    told = replace(summary(), language="en")
    assert book(told=told).sheetnames == ["Alerts", "By contract", "Run"]
    page = render_alerts(alerts(), told)
    assert "Alerts March 2018" in page
    assert "Ceiling reached" in page


# ---- the same again


def test_the_order_in_which_alerts_come_does_not_matter():
    assert in_order(alerts()) == in_order(reversed(alerts()))
    assert write_alerts(alerts(), summary()) == write_alerts(alerts()[::-1], summary())
    assert render_alerts(alerts(), summary()) == render_alerts(alerts()[::-1], summary())
