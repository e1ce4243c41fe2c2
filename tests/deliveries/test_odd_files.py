"""A folder of bad and odd files (odd_files.py), each with what must come of it (odd_files.csv), read in one go."""

import csv
from pathlib import Path

import odd_files
import polars as pl
import pytest
from delivered_files import MARCH

from settlement.deliveries.faults import FILE_FAULTS
from settlement.deliveries.gather import gather

with (Path(__file__).parent / "odd_files.csv").open(encoding="utf-8", newline="") as _stream:
    EXPECTED = {row["file"]: row for row in csv.DictReader(_stream)}


@pytest.fixture(scope="module")
def read_folder(tmp_path_factory):
    inputs = tmp_path_factory.mktemp("odd") / "inputs"
    (inputs / "2018-03").mkdir(parents=True)
    names = odd_files.write(inputs / "2018-03")
    gathered = gather(inputs, MARCH, {name.partition(" ")[0]: {} for name in names})
    return gathered, {name.partition(" ")[2]: f"2018-03/{name}" for name in names}


def accepted(gathered, key):
    """Each accepted line as client=quantity, with what can't be seen written out."""
    lines = gathered.lines.filter(pl.col("delivery") == key).select("client", "quantity_milli").rows()
    return " | ".join(f"{client!a}={milli}" for client, milli in lines)


def refused(gathered, key):
    rows = gathered.refusals.filter(pl.col("delivery") == key).select("row", "field", "code").rows()
    return "; ".join(" ".join(part for part in (str(row) if row else "file", field, code) if part) for row, field, code in rows)


def test_every_odd_file_has_its_expectation_and_there_are_at_least_a_hundred():
    assert list(EXPECTED) == list(odd_files.ODD)
    assert len(EXPECTED) >= 100


@pytest.mark.parametrize("name", odd_files.ODD)
def test_an_odd_file_comes_to_what_stands_beside_it(read_folder, name):
    gathered, keys = read_folder
    key = keys[name]
    assert {"accepted": accepted(gathered, key), "refused": refused(gathered, key)} == {
        column: EXPECTED[name][column] for column in ("accepted", "refused")
    }
    [delivery] = [each for each in gathered.deliveries if each.key == key]
    rows = gathered.refusals.filter((pl.col("delivery") == key) & (pl.col("row") > 0))["row"].n_unique()
    assert delivery.rows == gathered.lines.filter(pl.col("delivery") == key).height + rows
    # Whatever is refused as a whole is told to finance, with the file and how to mend it.
    codes = gathered.refusals.filter((pl.col("delivery") == key) & (pl.col("row") == 0))["code"].to_list()
    told = [problem for problem in gathered.problems if problem.place.file.endswith(key)]
    assert sorted(problem.code for problem in told) == sorted(codes)
    assert all(problem.message and problem.help and "{" not in problem.message + problem.help for problem in told)


def test_no_odd_file_reaches_the_last_resort(read_folder):
    gathered, _ = read_folder
    assert not set(gathered.refusals["code"]) & {"reading-failed", "took-too-long", "too-much-memory"}
    assert {"reading-failed", "took-too-long", "too-much-memory"} <= set(FILE_FAULTS)


def test_no_citizen_service_number_of_a_refused_file_is_repeated(read_folder):
    gathered, keys = read_folder
    with_numbers = [keys[name] for name in ("kolom bsn.csv", "bsn onder een andere kop.csv", "bsn als cliëntnummer.xlsx")]
    told = str(gathered.problems) + str([each for each in gathered.deliveries if each.key in with_numbers])
    told += str(gathered.refusals.filter(pl.col("delivery").is_in(with_numbers)).rows())
    assert not any(number in told for number in ("111222333", "123456782", "999999990"))
