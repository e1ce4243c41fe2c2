"""The benchmark at a tiny size: it runs whole, and its two prices agree to the cent. Nothing is timed here."""

import dataclasses

import pytest

pytest.importorskip("pandas")

from benchmarks import bench
from benchmarks.region import make_region

LINES = 3000


@pytest.fixture(scope="module")
def figures():
    return bench.run(20, LINES, months=3, repetitions=1, say=lambda _: None)


def test_it_runs_from_files_to_ledger_and_agrees_with_pandas_to_the_cent(figures):
    assert figures.made.lines == LINES
    assert figures.accepted + figures.refused == LINES
    assert figures.refused > 0
    assert figures.statements == 20
    assert {"rules", "deliveries", "lines", "pricing", "ceilings", "positions", "papers", "ledger"} <= figures.stages.keys()
    assert len(figures.ratios()) == 1


def test_the_table_names_every_stage_and_both_prices(figures):
    said = bench.table(figures)
    for name in (*figures.stages, *bench.COMPARED, "settlement", "pandas"):
        assert f"  {name} " in said


def test_the_same_size_gives_the_same_files(tmp_path):
    made = [make_region(tmp_path / name, 10, 400, 2) for name in ("one", "other")]
    files = [
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "one", tmp_path / "other")
    ]
    assert files[0] == files[1]
    assert [one.lines for one in made] == [400, 400]
    assert {path.rpartition(".")[2] for path in files[0]} == {"yaml", "csv", "xlsx"}


def test_a_cent_of_difference_stops_it(monkeypatch):
    plainly = bench.price

    def a_cent_less(lines, terms, as_of):
        priced = plainly(lines, terms, as_of)
        key = next(iter(priced.earned))
        return dataclasses.replace(priced, earned={**priced.earned, key: priced.earned[key] - 1})

    monkeypatch.setattr(bench, "price", a_cent_less)
    with pytest.raises(bench.ResultsDifferError, match="earned"):
        bench.run(10, 300, months=1, repetitions=1, with_papers=False, say=lambda _: None)


def test_ceilings_bind_for_a_third_of_the_contracts_that_have_one(tmp_path):
    made = make_region(tmp_path, 60, 6000, 2)
    computed = bench.settle_month(made, tmp_path / "outputs", bench.Clock(), with_papers=False)
    earnings = computed.settlement.earnings
    cut = earnings.filter((earnings["cut_service_cents"] > 0) | (earnings["cut_contract_cents"] > 0))
    # 60 contracts, of which 42 have a ceiling; those numbered 0, 3, 6 … have one below what is claimed: 14.
    assert 12 <= cut["contract_no"].n_unique() <= 16
