"""The commands as people give them: what they answer, what they leave behind, and their exit codes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from settlement import cli

CONTRACT = """\
contract: VBD-2018-PQ-001
title: Begeleiding individueel
funding: effort-based
municipality: Gemeente Voorbeeld
provider: voorbeeld
starts: 2018-01-01
ends: 2018-12-31

services:
  begeleiding:
    codes:
      - 45A48
    tariff:
      article: 6.1
      per: hour
      delivered_in: minutes
      amounts:
        2018-01-01: € 62,00

terms:
  ceiling:
    article: 6.5
    per: year
    above: not paid
    amounts:
      2018-01-01: € 150,00
"""
ORGANISATION = """\
name: Gemeente Voorbeeld
address: Stadsplein 1, 1234 AB Voorbeeld
iban: NL91ABNA0417164300
"""
PROVIDERS = """\
voorbeeld:
  name: Stichting Voorbeeld
  address: Havenstraat 12, 1234 AB Voorbeeld
  kvk: 12345678
  agb: 22220001
  iban: NL20INGB0001234567
  email: administratie@voorbeeld.example
"""
HEAD = "Cliënt;Productcode;Begindatum;Einddatum;Volume;Eenheid;Referentienummer\n"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small office: one contract, lines for January and February. 90 min = 93,00; 60 min = 62,00; ceiling 150,00."""
    (tmp_path / "rules").mkdir()
    for name, text in (("organisation", ORGANISATION), ("providers", PROVIDERS), ("voorbeeld", CONTRACT)):
        (tmp_path / f"rules/{name}.yaml").write_text(text, encoding="utf-8")
    deliver(tmp_path, "2018-01", "C-1;45A48;02-01-2018;31-01-2018;90;minuten;R1\n")
    deliver(tmp_path, "2018-02", "C-1;45A48;01-02-2018;28-02-2018;60;minuten;R2\nC-2;45A49;01-02-2018;28-02-2018;60;minuten;R3\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def deliver(office: Path, month: str, rows: str) -> None:
    (office / "inputs" / month).mkdir(parents=True, exist_ok=True)
    (office / "inputs" / month / "VBD-2018-PQ-001.csv").write_text(HEAD + rows, encoding="utf-8")


class Answer:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def settlement(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def give(*words: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["settlement", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return Answer(int(ended.value.code or 0), told.out, told.err)

    return give


def test_a_month_is_drafted_approved_and_the_next_pays_what_the_ceiling_leaves(office, settlement):
    january = settlement("run", "--period", "2018-01", "--json")
    assert (january.code, january.json["payable"]) == (0, {"VBD-2018-PQ-001": 9300})
    assert settlement("approve", "--period", "2018-01", "--by", "A. de Vries").code == 0
    february = settlement("run", "--period", "2018-02", "--json")
    # 93,00 + 62,00 = 155,00; the ceiling leaves 150,00; 93,00 was paid.
    assert february.json["payable"] == {"VBD-2018-PQ-001": 5700}
    assert february.json["totals"]["lines_refused"] == 1
    assert settlement("approve", "--period", "2018-02", "--by", "A. de Vries", "--json").json["paid_cents"] == 5700
    runs = settlement("ledger", "--json").json
    assert [(run["run"], run["paid_cents"]) for run in runs] == [("R-2018-01-0001", 9300), ("R-2018-02-0002", 5700)]
    assert settlement("ledger", "--verify").code == 0
    settled = settlement("ledger", "--contract", "VBD-2018-PQ-001", "--json").json
    assert (settled["paid_cents"], settled["open_cents"]) == (15000, 0)
    assert {(row["term"], row["month"], row["cents"]) for row in settled["settled"]} == {
        ("tariff", "2018-01", 9300), ("tariff", "2018-02", 6200), ("ceiling", "2018-02", -500),
    }  # fmt: skip


def test_a_preview_tells_the_same_and_writes_nothing(office, settlement):
    preview = settlement("run", "--period", "2018-01", "--preview", "--json")
    assert preview.json["payable"] == {"VBD-2018-PQ-001": 9300}
    assert not (office / "outputs").exists()


def test_a_final_month_that_is_run_again_pays_nothing_and_writes_nothing(office, settlement):
    settlement("run", "--period", "2018-01")
    settlement("approve", "--period", "2018-01", "--by", "A. de Vries")
    before = sorted((path, path.stat().st_mtime_ns) for path in (office / "outputs/2018-01").rglob("*"))
    again = settlement("run", "--period", "2018-01")
    assert "is final and nothing has changed" in again.out
    assert sorted((path, path.stat().st_mtime_ns) for path in (office / "outputs/2018-01").rglob("*")) == before


def test_explain_goes_from_the_amount_to_the_clause_the_rule_line_the_numbers_and_the_cells(office, settlement):
    settlement("run", "--period", "2018-02")
    answer = settlement("explain", "VBD-2018-PQ-001", "--period", "2018-02", "--term", "tariff", "--month", "2018-02")
    assert "article 6.1" in answer.out
    assert "rules/voorbeeld.yaml:13:5" in answer.out
    assert "2018-02/VBD-2018-PQ-001.csv" in answer.out
    assert "E2" in answer.out  # the minutes
    assert "€ 62,00" in answer.out
    cut = settlement("explain", "VBD-2018-PQ-001", "--period", "2018-02", "--amount", "-5,00", "--json").json
    assert [(row["term"], row["article"], row["is_cents"]) for row in cut["rows"]] == [("ceiling", "6.5", -500)]
    assert cut["rows"][0]["lines"][0]["cut_cents"] == 500
    assert settlement("explain", "VBD-2018-PQ-001", "--period", "2018-02", "--amount", "1,23").code == 2


def test_explain_tells_why_and_by_whom_a_payment_is_kept_back_and_where_that_stands(office, settlement):
    settlement("hold", "VBD-2018-PQ-001", "--from", "2018-01", "--reason", "onderzoek loopt", "--by", "A. de Vries")
    settlement("run", "--period", "2018-01")
    answer = settlement("explain", "VBD-2018-PQ-001", "--period", "2018-01")
    assert "payable € 93,00, to pay € 0,00" in answer.out
    assert "the payment is kept back: onderzoek loopt (A. de Vries) (rules/holds.yaml:2:" in answer.out


def test_show_tells_what_a_person_keeps_back_and_when_it_is_paid_again(office, settlement):
    def told() -> str:
        return " ".join(settlement("show", "VBD-2018-PQ-001").out.split())

    assert "aangehouden" not in told()
    settlement("hold", "VBD-2018-PQ-001", "--from", "2018-02", "--reason", "onderzoek loopt", "--by", "A. de Vries")
    assert "aangehouden vanaf leveringsmaand februari 2018: onderzoek loopt (A. de Vries). Zij blijft verschuldigd." in told()
    settlement("release", "VBD-2018-PQ-001", "--from", "2018-05", "--by", "B. Jansen")
    assert "Vanaf mei 2018 wordt weer betaald, met wat was aangehouden (B. Jansen)." in told()


def arrangements(office: Path, paid: str) -> None:
    tariff = CONTRACT[CONTRACT.index("    tariff:") : CONTRACT.index("\nterms:")]
    fee = f"""\
    arrangement_fee:
      article: 3.2
      paid:
{paid}
      amounts:
        2018-01-01: € 1.000,01
"""
    (office / "rules/voorbeeld.yaml").write_text(CONTRACT[: CONTRACT.index("\nterms:")].replace(tariff, fee), encoding="utf-8")


def test_explain_shows_the_part_of_an_arrangement_that_a_month_pays(office, settlement):
    arrangements(office, "        at_start: 50 %\n        at_result: 50 %")
    head = "Cliënt;Productcode;Begindatum;Einddatum;Resultaat;Referentienummer\n"
    for month, row in (("2018-01", "C-1;45A48;02-01-2018;;;R1\n"), ("2018-02", "C-1;45A48;02-01-2018;10-02-2018;behaald;R2\n")):
        (office / f"inputs/{month}/VBD-2018-PQ-001.csv").write_text(head + row, encoding="utf-8")
    settlement("run", "--period", "2018-02")
    # Half of 1.000,01 is 500,005 → 500,01 at the start; the rest, 500,00, at the result.
    answer = settlement("explain", "VBD-2018-PQ-001", "--period", "2018-02", "--term", "arrangement fee").out
    assert "€ 1.000,01 × 50 % = € 500,01 (50 % at the start)" in answer
    assert "€ 1.000,01 − € 500,01 = € 500,00 (50 % at the result)" in answer
    assert "1 line, together € 500,00" in answer


def test_explain_shows_the_month_of_an_arrangement_paid_by_the_month_and_not_what_was_paid_to_date(office, settlement):
    arrangements(office, "        months: 3")
    head = "Cliënt;Productcode;Begindatum;Einddatum;Referentienummer\n"
    (office / "inputs/2018-01/VBD-2018-PQ-001.csv").write_text(head + "C-1;45A48;02-01-2018;;R1\n", encoding="utf-8")
    (office / "inputs/2018-02/VBD-2018-PQ-001.csv").write_text(head, encoding="utf-8")
    settlement("run", "--period", "2018-02")
    # 1.000,01 ÷ 3 = 333,3366… → 333,34; two parts 666,6733… → 666,67, so 333,33 in February.
    answer = settlement("explain", "VBD-2018-PQ-001", "--period", "2018-02", "--month", "2018-02")
    assert "€ 1.000,01 × 2 ÷ 3 − € 333,34 = € 333,33 (month 2 of 3)" in answer.out
    assert "1 delivered line\n" in answer.out
    told = settlement("explain", "VBD-2018-PQ-001", "--period", "2018-02", "--month", "2018-02", "--json").json["rows"][0]
    assert (told["is_cents"], [line["value_cents"] for line in told["lines"]]) == (33333, [33333])


def test_explain_tells_apart_the_lines_that_count_and_those_that_were_credited(office, settlement):
    head = HEAD.replace("\n", ";Debet/Credit;Vorig referentienummer\n")
    rows = "C-1;45A48;01-02-2018;28-02-2018;60;minuten;R2;;\nC-1;45A48;02-01-2018;31-01-2018;90;minuten;R3;C;R1\n"
    (office / "inputs/2018-02/VBD-2018-PQ-001.csv").write_text(head + rows, encoding="utf-8")
    settlement("run", "--period", "2018-01")
    settlement("approve", "--period", "2018-01", "--by", "A. de Vries")
    deliver(office, "2018-01", "C-1;45A48;02-01-2018;31-01-2018;90;minuten;R1\nC-2;45A48;02-01-2018;31-01-2018;1;minuten;R9\n")
    settlement("run", "--period", "2018-02")
    answer = settlement("explain", "VBD-2018-PQ-001", "--period", "2018-02", "--month", "2018-01", "--term", "tariff").out
    assert "3 delivered lines: 1 that counts and 2 that do not (credited)" in answer
    # 1 minute: 62,00 ÷ 60 = 1,0333…
    assert "1 minute ÷ 60 × € 62,00 = € 1,03 [per hour, rules/voorbeeld.yaml:18:21]" in answer


def test_explain_shows_how_whole_hours_come_about(office, settlement):
    path = office / "rules/voorbeeld.yaml"
    path.write_text(CONTRACT.replace("      per: hour\n", "      per: hour\n      whole_hours: per period\n"), encoding="utf-8")
    deliver(office, "2018-01", "C-1;45A48;02-01-2018;02-01-2018;50;minuten;R1\nC-1;45A48;03-01-2018;03-01-2018;60;minuten;R2\n")
    settlement("run", "--period", "2018-01")
    # 110 minutes are 2 hours: 124,00, of which 50 ÷ 110 is 56,3636… and 60 ÷ 110 is 67,6363…: 56,36 and 67,64.
    answer = settlement("explain", "VBD-2018-PQ-001", "--period", "2018-01").out
    told = "(its share of 110 minutes of the client in the month, in whole hours together)"
    assert f"2 hours × € 62,00 × 50 ÷ 110 = € 56,36 {told}" in answer
    assert f"2 hours × € 62,00 × 60 ÷ 110 = € 67,64 {told}" in answer
    assert "whole_hours" not in answer


def test_check_tells_every_problem_at_once_and_writes_nothing(office, settlement):
    path = office / "rules/voorbeeld.yaml"
    path.write_text(CONTRACT.replace("€ 62,00", "62.00").replace("per: year", "per: yaer"), encoding="utf-8")
    answer = settlement("check")
    assert answer.code == 3
    assert "rules/voorbeeld.yaml:18:21" in answer.err
    assert "€ 62,00" in answer.err
    assert "year" in answer.err
    assert not (office / "outputs").exists()
    assert settlement("check", "--json").json["exit_code"] == 3


def test_without_a_contract_no_delivery_is_blamed(office, settlement):
    answer = settlement("check", "--rules", "regels")
    assert answer.code == 3
    assert answer.err.count("\n\n") == 1, "one problem: the folder that is not there"
    missing = settlement("test", "regels")
    assert (missing.code, "There is no folder regels" in missing.err) == (2, True)


def test_check_tells_refused_lines_with_their_cell(office, settlement):
    answer = settlement("check")
    assert answer.code == 4
    assert "inputs/2018-02/VBD-2018-PQ-001.csv, cell B3" in answer.err
    assert "45A48" in answer.err


def test_a_contract_with_a_problem_is_not_settled_and_the_run_says_so(office, settlement):
    (office / "rules/anders.yaml").write_text(CONTRACT.replace("PQ-001", "PQ-002").replace("per: hour", "per: uur"), encoding="utf-8")
    answer = settlement("run", "--period", "2018-01", "--json")
    assert answer.code == 3
    assert answer.json["payable"] == {"VBD-2018-PQ-001": 9300}
    assert answer.json["problems"][0]["contract"] == "VBD-2018-PQ-002"


def test_a_missing_delivery_is_told_and_the_rest_is_done(office, settlement):
    (office / "inputs/2018-02/VBD-2018-PQ-001.csv").unlink()
    answer = settlement("run", "--period", "2018-02")
    assert answer.code == 4
    assert "No delivery of VBD-2018-PQ-001 for 2018-02" in answer.out


def test_what_is_held_above_a_ceiling_is_in_no_payment_and_gives_its_own_exit_code(office, settlement):
    path = office / "rules/voorbeeld.yaml"
    path.write_text(CONTRACT.replace("above: not paid", "above: held"), encoding="utf-8")
    answer = settlement("run", "--period", "2018-02", "--json")
    assert (answer.code, answer.json["payable"], answer.json["totals"]["held_cents"]) == (5, {"VBD-2018-PQ-001": 15000}, 500)


def test_show_reads_the_contract_back_in_dutch(office, settlement):
    answer = settlement("show", "VBD-2018-PQ-001")
    assert "€ 62,00" in answer.out
    assert "€ 150,00" in answer.out
    assert "6.5" in answer.out
    near = settlement("show", "VBD-2018-PQ-011")
    assert near.code == 2
    assert "VBD-2018-PQ-001" in near.err


def test_wrong_use_says_what_to_type_and_shows_no_traceback(office, settlement):
    for words in (
        ["run", "--period", "2018-13"],
        ["run"],
        ["approve", "--period", "2018-01", "--by", "X"],
        ["approve", "--period", "2018-01", "--by", " "],
        ["explain", "VBD-2018-PQ-001", "--period", "2018-01"],
        ["explain", "VBD-2018-PQ-001", "--period", "2018-01", "--amount", "1.5,2,3"],
        ["run", "--period", "2018-01", "--rules", "regels"],
    ):
        answer = settlement(*words)
        assert answer.code == 2, words
        assert "Traceback" not in answer.err + answer.out
        assert answer.err.strip(), words


def test_no_client_stands_in_a_name_the_ledger_the_alerts_or_what_is_told(office, settlement):
    told = ""
    for month in ("2018-01", "2018-02"):
        for answer in (settlement("run", "--period", month), settlement("approve", "--period", month, "--by", "A. de Vries")):
            told += answer.out + answer.err
    assert "C-1" not in told
    assert not any(re.search(r"C-[12]\b", path.name) for path in (office / "outputs").rglob("*"))
    for path in (office / "outputs/ledger.sqlite", *(office / "outputs").glob("*/alerts.html"), *(office / "outputs").glob("*/run.json")):
        assert b"C-1" not in path.read_bytes()
        assert b"C-2" not in path.read_bytes()


def test_two_persons_have_to_approve_where_the_organisation_says_so(office, settlement):
    (office / "rules/organisation.yaml").write_text(ORGANISATION + "approval: two persons\n", encoding="utf-8")
    settlement("run", "--period", "2018-01")
    first = settlement("approve", "--period", "2018-01", "--by", "A. de Vries", "--json")
    assert first.json["final"] is False
    again = settlement("approve", "--period", "2018-01", "--by", "a. de vries")
    assert again.code == 2
    second = settlement("approve", "--period", "2018-01", "--by", "B. Jansen", "--json")
    assert (second.json["final"], second.json["approved_by"]) == (True, ["A. de Vries", "B. Jansen"])


def test_an_approval_is_refused_when_anything_has_changed_since_the_draft(office, settlement):
    def approve() -> Answer:
        return settlement("approve", "--period", "2018-01", "--by", "A. de Vries")

    settlement("run", "--period", "2018-01")
    rules = office / "rules/voorbeeld.yaml"
    rules.write_text(CONTRACT + "# een opmerking\n", encoding="utf-8")
    assert "rule file voorbeeld.yaml was changed" in approve().err
    rules.write_text(CONTRACT, encoding="utf-8")
    deliver(office, "2018-01", "C-1;45A48;02-01-2018;31-01-2018;91;minuten;R1\n")
    assert "delivery 2018-01/VBD-2018-PQ-001.csv was changed" in approve().err
    deliver(office, "2018-01", "C-1;45A48;02-01-2018;31-01-2018;90;minuten;R1\n")
    advice = office / "outputs/2018-01/payments.csv"
    kept = advice.read_bytes()
    advice.write_bytes(kept.replace(b"93,00", b"94,00"))
    assert "payments.csv was changed" in (refused := approve().err)
    assert "settlement run --period 2018-01" in refused
    advice.write_bytes(kept)
    assert approve().code == 0


def test_the_service_settles_what_came_due_while_nothing_ran_once_as_drafts(office, settlement):
    first = settlement("schedule", "--once")
    assert "2018-01 is due" in first.out
    assert sorted(path.parent.name for path in (office / "outputs").glob("*/run.json")) == ["2018-01", "2018-02", "2018-03"]
    again = settlement("schedule", "--once")
    assert "is due" not in again.out


def test_the_service_drafts_one_month_without_deliveries_and_the_next_when_that_is_final(office, settlement):
    waits = "9 months wait, 2018-04 to 2018-12: nothing was delivered for the month before, and it is not final. "
    assert waits + "Put deliveries in inputs/2018-04, or approve 2018-03." in settlement("schedule", "--once").out
    for month in ("2018-01", "2018-02", "2018-03"):
        settlement("run", "--period", month)
        assert settlement("approve", "--period", month, "--by", "A. de Vries").code == 0
    assert "2018-04 is due" in settlement("schedule", "--once").out
    assert (office / "outputs/2018-04/run.json").exists()
    assert not (office / "outputs/2018-05").exists()
    deliver(office, "2018-06", "C-1;45A48;01-06-2018;30-06-2018;60;minuten;R6\n")
    assert "2018-07 is due" in settlement("schedule", "--once").out
    assert sorted(path.parent.name for path in (office / "outputs").glob("*/run.json")) == [f"2018-0{month}" for month in range(1, 8)]


def test_the_log_of_the_service_is_an_object_a_line_for_programs(office, settlement):
    told = [json.loads(line) for line in settlement("schedule", "--once", "--json").out.splitlines()]
    assert told[1]["told"] == "2018-01 is due: settling it as a draft."
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", line["at"]) for line in told)
    (office / "rules/organisation.yaml").write_text(ORGANISATION.replace("iban", "ibann"), encoding="utf-8")
    broken = settlement("schedule", "--once", "--json")
    assert broken.code == 2
    *told, fault = (json.loads(line) for line in broken.out.splitlines())
    assert all("rules/organisation.yaml" in line["told"] for line in told)
    assert (len(told) > 0, fault["exit_code"]) == (True, 2)


def test_a_fault_is_told_to_programs_as_an_answer(office, settlement):
    mistyped = settlement("run", "--period", "2018-13", "--json")
    told = "Invalid value: '2018-13' is not a month. Write the year and the month: 2018-03"
    assert mistyped.json == {"error": told, "problems": [], "exit_code": 2}
    assert mistyped.code == 2
    assert settlement("run", "--json").json["error"] == "Missing option '--period'."
    undone = settlement("approve", "--period", "2018-01", "--by", "X", "--json")
    assert undone.json["exit_code"] == undone.code == 2
    assert "no draft of 2018-01" in undone.json["error"]
    (office / "rules/organisation.yaml").write_text(ORGANISATION.replace("iban", "ibann"), encoding="utf-8")
    broken = settlement("run", "--period", "2018-01", "--json")
    assert (broken.code, broken.json["exit_code"]) == (3, 3)
    assert {one["file"] for one in broken.json["problems"]} == {"rules/organisation.yaml"}
    assert {one["line"] for one in broken.json["problems"]} >= {3}


def test_holding_and_releasing_answer_programs(office, settlement):
    held = settlement("hold", "VBD-2018-PQ-001", "--from", "2018-01", "--reason", "Onderzoek", "--by", "A. de Vries", "--json")
    assert held.json == {"contract": "VBD-2018-PQ-001", "from": "2018-01", "reason": "Onderzoek", "by": "A. de Vries", "file": "rules/holds.yaml"}
    released = settlement("release", "VBD-2018-PQ-001", "--from", "2018-02", "--by", "A. de Vries", "--json")
    assert released.json == {"contract": "VBD-2018-PQ-001", "paid_again_from": "2018-02", "by": "A. de Vries"}
    (office / "rules/voorbeeld.yaml").write_text(CONTRACT.replace("above: not paid", "above: held"), encoding="utf-8")
    decided = settlement("release", "VBD-2018-PQ-001", "--ceiling", "2018", "--reason", "Akkoord", "--by", "A. de Vries", "--json")
    assert decided.json == {
        "contract": "VBD-2018-PQ-001", "service": None, "year": 2018, "decided": "paid", "reason": "Akkoord", "by": "A. de Vries",
    }  # fmt: skip


def test_a_template_is_written_over_only_when_asked(office, settlement):
    words = ("template", "--contract", "VBD-2018-PQ-001", "--period", "2018-01", "--out", "invullen.xlsx")
    assert settlement(*words).code == 0
    (office / "invullen.xlsx").write_bytes(b"filled in")
    refused = settlement(*words)
    assert refused.code == 2
    assert "invullen.xlsx is there already" in refused.err
    assert (office / "invullen.xlsx").read_bytes() == b"filled in"
    assert settlement(*words, "--replace").code == 0
    assert (office / "invullen.xlsx").read_bytes().startswith(b"PK")


def test_a_run_whose_reader_leaves_does_its_work_and_exits_as_it_went(office):
    code = "import sys; from settlement import cli; sys.argv = ['settlement', 'run', '--period', '2018-01']; cli.main()"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, "Error" in done.stderr, "Traceback" in done.stderr) == (0, False, False)
    assert (office / "outputs/2018-01/run.json").exists()


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("nowhere", [">/dev/full", ">&-"])
def test_an_answer_that_cannot_be_written_is_no_traceback_and_no_other_exit_code(office, nowhere, unbuffered):
    program = f"{sys.executable} -m settlement.cli"
    for words, code in (("run --period 2018-01", 0), ("approve --period 2018-01 --by X --json", 0), ("run --period 2018-13 --json", 2)):
        environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        done = subprocess.run(f"{program} {words} {nowhere}", shell=True, env=environment, stderr=subprocess.PIPE, text=True, check=False)
        assert (done.returncode, "Traceback" in done.stderr, "Error" in done.stderr) == (code, False, False), done.stderr


def test_without_a_key_it_is_said_what_is_missing(office, settlement):
    none = settlement("key")
    assert none.code == 3
    assert none.err.startswith("No key is in use: organisation.yaml names no client_key.")
    (office / "rules/organisation.yaml").write_text(ORGANISATION + "client_key: ../client.key\n", encoding="utf-8")
    lost = settlement("key")
    assert "client.key cannot be read: No such file or directory" in lost.err
    assert "Put the safe copy of it back" in lost.err


def test_a_count_has_its_noun_in_the_right_number(office, settlement):
    told = settlement("run", "--period", "2018-02").out
    assert "on 1 of 1 statement." in told
    assert "1 delivery goes back with its refusals marked" in told
    assert "1 contract can be settled; 0 problems in rule files" in settlement("check").out
    settlement("approve", "--period", "2018-02", "--by", "A. de Vries")
    assert "1 run," in settlement("ledger", "--verify").out
    assert "1 of 1 run comes out the same" in settlement("verify").out
