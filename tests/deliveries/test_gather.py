import os
import random
import re
from pathlib import Path

import pytest
from delivered_files import CONTRACT, HEADINGS, MARCH, codes, line, month_folder, read, write_csv, write_workbook

import settlement
from settlement.deliveries.contracts import version_of_name
from settlement.deliveries.faults import FILE_FAULTS
from settlement.deliveries.gather import gather
from settlement.domain.periods import Month

HEAD = "Cliëntnummer;Begindatum;Volume;Eenheid\n"


def csv_of(*clients: str) -> str:
    return HEAD + "".join(f"{client};2018-03-01;1;uur\n" for client in clients)


def used(gathered):
    return {delivery.key.partition("/")[2]: delivery.used for delivery in gathered.deliveries}


def clients(gathered):
    return sorted(gathered.lines["client"].to_list())


# ---- which files


def test_files_lie_in_any_depth_of_the_folders_of_months_up_to_the_last(tmp_path):
    write_csv(month_folder(tmp_path, "2018-01") / f"{CONTRACT}.csv", csv_of("jan"))
    write_csv(month_folder(tmp_path, "2018-03/a/b") / f"{CONTRACT}.csv", csv_of("mrt"))
    write_csv(month_folder(tmp_path, "2018-04") / f"{CONTRACT}.csv", csv_of("apr"))
    gathered = read(tmp_path)
    assert [delivery.key for delivery in gathered.deliveries] == [
        f"2018-01/{CONTRACT}.csv",
        f"2018-03/a/b/{CONTRACT}.csv",
    ]
    assert gathered.lines.select("claim_month", "client").rows() == [
        (Month(2018, 1).index, "jan"),
        (MARCH.index, "mrt"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store",
        "Thumbs.db",
        "~$levering.xlsx",
        ".verborgen.csv",
        "x.csv.tmp",
        "x.xlsx.part",
        "README.md",
        "Readme.txt",
    ],
)
def test_files_of_the_system_and_unfinished_ones_are_passed_over(tmp_path, name):
    (month_folder(tmp_path) / name).write_bytes(b"x")
    gathered = read(tmp_path)
    assert not gathered.deliveries
    assert not gathered.problems


@pytest.mark.parametrize(
    ("name", "code"),
    [("a.xls", "not-a-workbook"), ("a.XLSB", "not-a-workbook"), ("a.ods", "not-a-workbook"), ("a.xlsm", "not-a-workbook"),
     ("a.numbers", "unknown-format"), ("a.fods", "unknown-format"), ("a.pdf", "unknown-format")],
)  # fmt: skip
def test_what_is_not_read_is_refused_with_how_to_save_it(tmp_path, name, code):
    (month_folder(tmp_path) / name).write_bytes(b"x")
    [problem] = read(tmp_path).problems
    assert problem.code == code
    assert ".xlsx" in problem.help
    assert problem.place.file.endswith(name)


def test_files_outside_the_folder_of_a_month_are_problems(tmp_path):
    write_csv(month_folder(tmp_path, ".") / "los.csv", csv_of("x"))
    write_csv(month_folder(tmp_path, "maart 2018") / "a.csv", csv_of("x"))
    write_csv(month_folder(tmp_path, "2018-13") / "a.csv", csv_of("x"))
    month_folder(tmp_path, "leeg")
    write_csv(tmp_path / "inputs" / "make_region.py", "a script")
    gathered = read(tmp_path)
    assert not gathered.deliveries
    assert sorted(problem.code for problem in gathered.problems) == ["not-a-month", "not-a-month", "not-in-a-month"]


def test_without_a_folder_of_deliveries_there_is_one_problem(tmp_path):
    [problem] = read(tmp_path).problems
    assert problem.code == "no-inputs"


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path):
    outside = write_csv(tmp_path / f"{CONTRACT}.csv", csv_of("buiten"))
    folder = month_folder(tmp_path)
    (folder / f"{CONTRACT}.csv").symlink_to(outside)
    (folder / "map").symlink_to(tmp_path)
    gathered = read(tmp_path)
    assert gathered.lines.is_empty()
    assert [problem.code for problem in gathered.problems] == ["link-outside", "link-outside"]


def test_what_is_no_ordinary_file_is_not_opened(tmp_path):
    os.mkfifo(month_folder(tmp_path) / f"{CONTRACT}.csv")
    assert [problem.code for problem in read(tmp_path).problems] == ["not-a-file"]


def test_names_that_cannot_be_shown_are_problems(tmp_path):
    for name in (b"\xff\xfe.csv", b"a\nb.csv"):
        (month_folder(tmp_path) / os.fsdecode(name)).write_bytes(csv_of("x").encode())
    gathered = read(tmp_path)
    assert not gathered.deliveries
    assert [problem.code for problem in gathered.problems] == ["unprintable-name", "unprintable-name"]


# ---- which contract


def test_the_head_block_goes_before_the_column_and_the_column_before_the_name(tmp_path):
    folder = month_folder(tmp_path)
    write_csv(folder / "X-1 a.csv", f"Contractnummer;{CONTRACT}\n" + csv_of("kop"))
    write_csv(folder / "X-1 b.csv", "Contractnummer;Cliënt;Begindatum\nX-2;kolom;2018-03-01\n")
    write_csv(folder / "x-1 c.csv", csv_of("naam"))
    gathered = read(tmp_path, X_1={}, X_2={})
    assert sorted(gathered.lines.select("client", "contract").rows()) == [
        ("kolom", "X-2"),
        ("kop", CONTRACT),
        ("naam", "X-1"),
    ]


def test_the_longest_number_at_the_beginning_of_the_name_is_the_contract(tmp_path):
    folder = month_folder(tmp_path)
    write_csv(folder / "X-11_maart.csv", csv_of("elf"))
    write_csv(folder / "X-1-B maart.csv", csv_of("b"))
    write_csv(folder / "X-12.csv", csv_of("onbekend"))
    gathered = read(tmp_path, X_1={}, X_11={}, X_1_B={})
    assert sorted(gathered.lines.select("client", "contract").rows()) == [("b", "X-1-B"), ("elf", "X-11")]
    [problem] = gathered.problems
    assert (problem.code, problem.place.file.endswith("X-12.csv")) == ("no-contract", True)


def test_an_unknown_number_in_the_head_block_is_told_with_the_nearest_and_the_name_does_not_overrule_it(tmp_path):
    write_csv(month_folder(tmp_path) / f"{CONTRACT}.csv", "Contractnummer;UTR-AJ-2018-70\n" + csv_of("x"))
    gathered = read(tmp_path)
    [problem] = gathered.problems
    assert problem.code == "unknown-contract"
    assert "'UTR-AJ-2018-70'" in problem.message
    assert f"Did you mean '{CONTRACT}'?" in problem.help
    assert gathered.refusals["expected"].to_list() == [""]
    assert gathered.lines.is_empty()


def test_lines_of_one_file_may_be_of_several_contracts(tmp_path):
    write_csv(
        month_folder(tmp_path) / "alles.csv",
        "Contractnummer;Cliënt;Begindatum\nX-1;a;2018-03-01\nx-2;b;2018-03-01\nX-3;c;2018-03-01\n;d;2018-03-01\nX-1;e;maart\n",
    )
    gathered = read(tmp_path, X_1={}, X_2={})
    assert gathered.lines.select("client", "contract").rows() == [("a", "X-1"), ("b", "X-2")]
    assert gathered.refusals.select("row", "contract", "field", "code").rows() == [
        (4, None, "contract", "unknown-contract"),
        (5, None, "contract", "contract-missing"),
        (6, "X-1", "start", "not-a-date"),
    ]
    assert gathered.deliveries[0].contract is None
    assert gathered.deliveries[0].rows == 5


def test_a_line_that_names_another_contract_than_its_head_block_is_refused(tmp_path):
    write_csv(
        month_folder(tmp_path) / "a.csv",
        f"Contractnummer;{CONTRACT}\n\nContractnummer;Cliënt;Begindatum\n{CONTRACT.lower()};a;2018-03-01\nX-1;b;2018-03-01\n;c;2018-03-01\n",
    )
    gathered = read(tmp_path, X_1={})
    assert gathered.lines.select("client", "contract").rows() == [("a", CONTRACT), ("c", CONTRACT)]
    assert codes(gathered) == [(5, "contract", "other-contract")]


# ---- replacement and copies


@pytest.mark.parametrize(
    ("stem", "version", "bare"),
    [
        ("levering v2", 2, "levering"), ("levering_v2", 2, "levering"), ("levering versie 3", 3, "levering"),
        ("levering (2)", 2, "levering"), ("levering-V10 definitief", 10, "levering definitief"), ("levering", 1, "levering"),
        ("levering 2018-03", 1, "levering 2018-03"), ("_v2", 2, ""), ("overv2", 1, "overv2"),
    ],
)  # fmt: skip
def test_the_version_is_read_from_the_name(stem, version, bare):
    assert version_of_name(stem) == (version, bare)


def test_a_higher_version_replaces_the_earlier_file_whole(tmp_path):
    folder = month_folder(tmp_path)
    write_csv(folder / f"{CONTRACT} v10.csv", csv_of("tien"))
    write_csv(folder / f"{CONTRACT} v9.csv", csv_of("negen", "acht"))
    write_csv(folder / f"{CONTRACT}.csv", csv_of("een") + "fout;x;x;x\n")
    gathered = read(tmp_path)
    assert clients(gathered) == ["tien"]
    assert gathered.refusals.is_empty()
    assert used(gathered) == {f"{CONTRACT} v10.csv": True, f"{CONTRACT} v9.csv": False, f"{CONTRACT}.csv": False}
    assert {delivery.replaced_by for delivery in gathered.deliveries if not delivery.used} == {
        f"2018-03/{CONTRACT} v10.csv"
    }
    assert [delivery.rows for delivery in gathered.deliveries] == [1, 2, 2]


def test_the_version_of_the_head_block_counts_as_well(tmp_path):
    folder = month_folder(tmp_path)
    write_workbook(folder / "a.xlsx", [["Contractnummer", CONTRACT], ["Versie", 2], HEADINGS, line(1)])
    write_workbook(folder / "b.xlsx", [["Contractnummer", CONTRACT], HEADINGS, line(2)])
    assert used(read(tmp_path)) == {"a.xlsx": True, "b.xlsx": False}


def test_of_equal_versions_the_later_name_is_used_and_numbers_in_names_count_as_numbers(tmp_path):
    folder = month_folder(tmp_path)
    for day in (9, 10):
        write_csv(folder / f"{CONTRACT} {day} april.csv", csv_of(f"dag {day}"))
    assert clients(read(tmp_path)) == ["dag 10"]


def test_files_of_another_month_or_contract_replace_nothing(tmp_path):
    write_csv(month_folder(tmp_path, "2018-02") / f"{CONTRACT}.csv", csv_of("feb"))
    write_csv(month_folder(tmp_path) / f"{CONTRACT} v2.csv", csv_of("mrt"))
    write_csv(month_folder(tmp_path) / "X-1 v3.csv", csv_of("x"))
    assert clients(read(tmp_path, X_1={})) == ["feb", "mrt", "x"]


def test_a_file_with_several_contracts_replaces_the_one_of_the_same_name(tmp_path):
    folder = month_folder(tmp_path)
    head = "Contractnummer;Cliënt;Begindatum\n"
    write_csv(folder / "groep.csv", head + "X-1;a;2018-03-01\nX-2;b;2018-03-01\n")
    write_csv(folder / "groep v2.csv", head + "X-1;c;2018-03-01\nX-2;d;2018-03-01\n")
    write_csv(folder / "ander.csv", head + "X-1;e;2018-03-01\nX-2;f;2018-03-01\n")
    assert clients(read(tmp_path, X_1={}, X_2={})) == ["c", "d", "e", "f"]


def test_files_that_hold_lines_of_one_contract_and_replace_nothing_are_told(tmp_path):
    folder, other = month_folder(tmp_path), month_folder(tmp_path, "2018-02")
    head = "Contractnummer;Cliënt;Begindatum\n"
    write_csv(folder / "groep.csv", head + "X-1;a;2018-03-01\nX-2;b;2018-03-01\n")
    # It names one contract only, and so doesn't take the place of a file of several.
    write_csv(folder / "groep v2.csv", head + "X-1;c;2018-03-01\n")
    write_csv(other / "groep.csv", head + "X-1;d;2018-02-01\nX-2;e;2018-02-01\n")
    write_csv(other / "X-3.csv", csv_of("f").replace("03", "02"))
    gathered = read(tmp_path, X_1={}, X_2={}, X_3={})
    (told,) = gathered.problems
    assert (told.code, told.place.file.rpartition("/")[2]) == ("side-by-side", "groep.csv")
    assert "'2018-03/groep v2.csv' and '2018-03/groep.csv' hold lines of X-1 for 2018-03" in told.message
    # What lies in the other month, or is of another contract, stands beside nothing; and a file taken away tells nothing.
    (folder / "groep v2.csv").unlink()
    assert read(tmp_path, X_1={}, X_2={}, X_3={}).problems == ()


def test_the_same_file_twice_counts_once_in_whichever_month_it_came_again(tmp_path):
    write_csv(month_folder(tmp_path, "2018-02") / f"{CONTRACT}.csv", csv_of("a"))
    write_csv(month_folder(tmp_path) / f"{CONTRACT} nogmaals.csv", csv_of("a"))
    gathered = read(tmp_path)
    assert clients(gathered) == ["a"]
    assert [delivery.used for delivery in gathered.deliveries] == [True, False]
    assert f"copy of 2018-02/{CONTRACT}.csv" in gathered.deliveries[1].notes


def test_two_months_without_lines_are_two_deliveries(tmp_path):
    write_csv(month_folder(tmp_path, "2018-02") / f"{CONTRACT}.csv", HEAD)
    write_csv(month_folder(tmp_path) / f"{CONTRACT}.csv", HEAD)
    assert [delivery.used for delivery in read(tmp_path).deliveries] == [True, True]


def test_going_back_to_the_first_version_is_followed(tmp_path):
    folder = month_folder(tmp_path)
    for version, client in ((1, "a"), (2, "b"), (3, "a")):
        write_csv(folder / f"{CONTRACT} v{version}.csv", csv_of(client))
    gathered = read(tmp_path)
    assert clients(gathered) == ["a"]
    assert [delivery.used for delivery in gathered.deliveries] == [False, False, True]


def test_a_later_file_that_cannot_be_read_replaces_nothing_and_is_told(tmp_path):
    folder = month_folder(tmp_path)
    write_csv(folder / f"{CONTRACT}.csv", csv_of("goed"))
    (folder / f"{CONTRACT} v2.xlsx").write_bytes(b"kapot")
    gathered = read(tmp_path)
    assert clients(gathered) == ["goed"]
    assert codes(gathered) == [(0, "", "not-a-workbook")]
    assert [problem.code for problem in gathered.problems] == ["not-a-workbook"]


def test_a_file_that_could_not_be_read_needs_nobody_once_it_was_replaced(tmp_path):
    folder = month_folder(tmp_path)
    (folder / f"{CONTRACT}.xlsx").write_bytes(b"kapot")
    write_csv(folder / f"{CONTRACT} v2.csv", csv_of("goed"))
    gathered = read(tmp_path)
    assert clients(gathered) == ["goed"]
    assert not gathered.problems
    assert gathered.refusals.is_empty()


# ---- all together


def test_the_order_of_lines_does_not_depend_on_the_order_in_which_files_were_made(tmp_path):
    names = [f"X-{number}" for number in range(8)]
    shuffled = names[:]
    random.Random(5).shuffle(shuffled)
    for name in shuffled:
        write_csv(month_folder(tmp_path) / f"{name}.csv", csv_of(name, f"{name}b"))
    known = {name: {} for name in names}
    first, second = (gather(tmp_path / "inputs", MARCH, known) for _ in range(2))
    assert first.lines.equals(second.lines)
    assert first.deliveries == second.deliveries
    assert first.lines["delivery"].to_list() == sorted(first.lines["delivery"].to_list())


def test_problems_of_a_copy_name_the_files_where_the_user_has_them(tmp_path, monkeypatch):
    write_csv(month_folder(tmp_path) / "a.csv", csv_of("x"))
    monkeypatch.chdir(tmp_path)
    for shown, named in ((tmp_path / "mine", "mine/2018-03/a.csv"), (None, "inputs/2018-03/a.csv")):
        [problem] = gather(tmp_path / "inputs", MARCH, {}, shown=shown).problems
        assert problem.place.file == named


def test_progress_names_every_file_once(tmp_path):
    for name in ("X-1", "X-2", "X-3"):
        write_csv(month_folder(tmp_path) / f"{name}.csv", csv_of(name))
    seen = []
    gather(tmp_path / "inputs", MARCH, {}, progress=lambda done, of, key: seen.append((done, of, key)))
    assert [(done, of) for done, of, _ in seen] == [(1, 3), (2, 3), (3, 3)]
    assert sorted(key for _, _, key in seen) == [f"2018-03/X-{number}.csv" for number in (1, 2, 3)]


def test_an_empty_workspace_gives_empty_frames(tmp_path):
    month_folder(tmp_path)
    gathered = read(tmp_path)
    assert (gathered.lines.height, gathered.refusals.height, gathered.deliveries, gathered.problems) == (0, 0, (), ())


def test_every_reason_to_refuse_a_file_has_its_message_and_its_help():
    package = Path(next(iter(settlement.__path__))) / "deliveries"
    source = "".join(path.read_text(encoding="utf-8") for path in package.glob("*.py"))
    raised = set(re.findall(r'(?:UnreadableError|Refused|_refused)\(\s*"([a-z-]+)"', source))
    assert len(raised) > 20
    assert raised <= FILE_FAULTS.keys()
    for message, help_ in FILE_FAULTS.values():
        assert message.format(found="x", expected="x", sheet="x", cell="x")
        assert help_.endswith(".")
