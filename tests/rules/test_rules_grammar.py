"""How figures are written and read; and that no text at all makes the reader fall over."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlement.domain.measures import MEASURES
from settlement.domain.periods import Duration, Month
from settlement.domain.problems import Place
from settlement.rules import grammar, read_cases, read_rulebook
from settlement.rules.conditions import read_comparisons
from settlement.rules.grammar import MAXIMUM_CENTS, NotAccepted, write_money, write_share

GOOD = Path(__file__).parent / "good"
EVERY = Path(__file__).parent / "every"


@given(st.integers(-MAXIMUM_CENTS, MAXIMUM_CENTS), st.booleans())
def test_an_amount_written_is_the_amount_read(cents, decimals):
    assert grammar.read_money(write_money(cents, decimals=decimals)) == cents


@given(st.integers(-100_000, 100_000))
def test_a_share_written_is_the_share_read(basis_points):
    assert grammar.read_signed_share(write_share(basis_points)) == basis_points


@given(st.dates(dt.date(1900, 1, 1), dt.date(2200, 12, 31)))
def test_a_day_written_is_the_day_read(day):
    assert grammar.read_day(day.isoformat()) == day
    assert grammar.read_month(f"{day:%Y-%m}") == Month.of(day)


@given(st.integers(1, 999))
def test_a_duration_written_is_the_duration_read(months):
    assert grammar.read_duration(str(Duration(months))) == Duration(months)


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("€ 2.400.000", 240_000_000), ("€ 172,50", 17_250), ("€ 172,5", 17_250), ("€ -90,00", -9_000), ("€ 0", 0),
        ("€ 0,05", 5), ("€172,50", 17_250), ("€ 1850", 185_000), ("€ 1.850", 185_000), ("€ 7.741", 774_100),
    ],
)  # fmt: skip
def test_money_is_read_to_the_cent(text, cents):
    assert grammar.read_money(text) == cents


@pytest.mark.parametrize(
    "text",
    ["172,50", "€ 172.5", "€ 172.50", "€ 1.85", "€ 2,400,000", "€ 1.2.3", "€ 01,00", "€ ,50", "€", "€ 1,", "€ 1,005",
     "€ 1 000", "€ 1.000.00", "€ ١٢", "€ 1e3", "€ nan", "€ --1", "€ 1.0000", "€ 0.400"],
)  # fmt: skip
def test_what_could_be_read_two_ways_is_not_read_as_money(text):
    with pytest.raises(NotAccepted):
        grammar.read_money(text)


@pytest.mark.parametrize(
    ("reader", "typed", "meant"),
    [
        (grammar.read_money, "177.00", "€ 177,00"),
        (grammar.read_money, "€ 2,400,000.00", "€ 2.400.000,00"),
        (grammar.read_money, "€177.50", "€ 177,50"),
        (grammar.read_money, "2400000", "€ 2.400.000"),
        (grammar.read_money, "-€ 90,00", "€ -90,00"),
        (grammar.read_money, "€ 1 850", "€ 1.850"),
        (grammar.read_money, "EUR 1.234,5", "€ 1.234,50"),
        (grammar.read_share, "2.5%", "2,5 %"),
        (grammar.read_share, "50", "50 %"),
        (grammar.read_share, "50 procent", "50 %"),
        (grammar.read_day, "1-2-2018", "2018-02-01"),
        (grammar.read_day, "31/12/2018", "2018-12-31"),
        (grammar.read_day, "2018-1-31", "2018-01-31"),
        (grammar.read_day, "20180131", "2018-01-31"),
        (grammar.read_day, "1 maart 2018", "2018-03-01"),
        (grammar.read_day, "3 mei 2018", "2018-05-03"),
        (grammar.read_day, "31 okt. 2018", "2018-10-31"),
        (grammar.read_day, "2018-03", "2018-03-01"),
        (grammar.read_day, "2018-02-30", "2018-02-28"),
        (grammar.read_month, "3-2018", "2018-03"),
        (grammar.read_month, "2018-03-01", "2018-03"),
        (grammar.read_month, "maart 2018", "2018-03"),
        (grammar.read_month, "2018-3", "2018-03"),
        (grammar.read_duration, "5 jaar", "5 years"),
        (grammar.read_duration, "1 maand", "1 month"),
        (grammar.read_duration, "3", "3 months"),
        (grammar.read_count, "1.250", "1250"),
        (grammar.read_count, "310 jeugdigen", "310"),
        (grammar.read_decimal, "12.5", "12,5"),
        (grammar.read_mark, "7.5", "7,5"),
        (grammar.read_time, "6:00", "06:00"),
        (grammar.read_yes_or_no, "ja", "yes"),
        (grammar.read_contract_number, "utr/aj 2018_07", "UTR-AJ-2018-07"),
        (grammar.read_bound, "58 per cliënt per jaar", "58 per client and year"),
    ],
)
def test_what_somebody_probably_meant_is_spelled_out_and_would_be_accepted(reader, typed, meant):
    with pytest.raises(NotAccepted) as refused:
        reader(typed)
    assert meant in refused.value.advice
    assert reader(meant) is not None


@pytest.mark.parametrize(
    ("word", "known", "found"),
    [
        ("zwaarr", ["licht", "middel", "zwaar"], "zwaar"),
        ("tarif", ["tariff", "article"], "tariff"),
        ("artikel", ["article", "amounts"], "article"),
        ("weekly tariff", ["weekly_tariff", "tariff"], "weekly_tariff"),
        ("Contract Manager", ["contract manager"], "contract manager"),
        ("qqqq", ["article"], None),
    ],
)
def test_the_nearest_known_word_is_found_through_case_spaces_and_dutch(word, known, found):
    assert grammar.nearest(word, known) == found


def test_between_is_two_comparisons_and_shares_of_measures_are_exact():
    least, most = read_comparisons("spent_share", "between 12,5 % and 80 %", Place("f"))
    assert (least.operator, least.value.value) == ("at least", Fraction(1, 8))
    assert (most.operator, most.value.value) == ("at most", Fraction(4, 5))
    (below,) = read_comparisons("clients_in_month", "below 33,33 % of minimum_to_date", Place("f"))
    assert (below.value.measure, below.value.share_bp) == ("minimum_to_date", 3_333)


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_every_measure_can_be_compared(measure):
    examples = {
        "amount": "at most € 60.000", "share": "at least 80 %", "mark": "above 7,5", "yes or no": "is no",
        "months": "below 9", "count": "is not 12", "quantity": "between 1,5 and 12",
    }  # fmt: skip
    assert read_comparisons(measure, examples[MEASURES[measure].unit], Place("f"))


# ---- nothing that anybody types makes it fall over -------------------------------------------------------

READERS = [
    grammar.read_money, grammar.read_share, grammar.read_signed_share, grammar.read_index, grammar.read_count,
    grammar.read_decimal, grammar.read_mark, grammar.read_day, grammar.read_month, grammar.read_duration,
    grammar.read_time, grammar.read_yes_or_no, grammar.read_contract_number, grammar.read_iban, grammar.read_email,
    grammar.read_above, grammar.read_per_missing_client, grammar.read_bound, grammar.read_text,
    lambda text: read_comparisons("clients", text, Place("f")),
    lambda text: read_comparisons("spent_share", text, Place("f")),
]  # fmt: skip
TYPED = st.one_of(
    st.sampled_from(["9" * 5000, "€ " + "9" * 5000, "9" * 5000 + " %", "€ " + "1.000" * 900, "(" * 3000, "\u0661" * 3]),
    st.text(max_size=40),
    st.text("0123456789.,-€% ", max_size=20),
    st.from_regex(r"(at least|below|between|is) [0-9,.€ %]{0,12}( of | and )?[a-z_0-9]{0,12}", fullmatch=True),
    st.from_regex(r"[0-9]{1,40}[-/.,][0-9]{0,40}[-/.,]?[0-9]{0,4}", fullmatch=True),
)


@given(TYPED)
@settings(max_examples=200)
def test_a_reader_gives_a_figure_or_an_advice_and_never_anything_else(text):
    for reader in READERS:
        try:
            reader(text)
        except NotAccepted as answer:
            refused = answer
        else:
            continue
        assert refused.message
        assert refused.advice


LINES = [line for name in ("lines", "budgets") for line in (EVERY / f"{name}.yaml").read_text("utf-8").splitlines()]


@given(
    st.lists(
        st.one_of(
            st.sampled_from(LINES),
            st.text(max_size=30),
            st.from_regex(r" {0,8}(- )?[a-z_]{0,10}:? ?['\"\[{&*!|>%@]?[a-z0-9€ .,%]{0,12}", fullmatch=True),
        ),
        max_size=25,
    )
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_makes_the_reader_raise(tmp_path, lines):
    written = "\n".join(lines).encode("utf-8", "surrogatepass")
    for path in GOOD.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for name in ("good.yaml", "good.cases.yaml", "other.yaml"):
        (tmp_path / name).write_bytes(written)
    rulebook, problems = read_rulebook(tmp_path)
    _, of_cases = read_cases(tmp_path, rulebook)
    for problem in problems + of_cases:
        assert str(problem)
        assert problem.help


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_changed_line_of_a_good_file_is_read_or_said(tmp_path, data):
    lines = list(data.draw(st.sampled_from([LINES[: len(LINES) // 2], LINES])))
    number = data.draw(st.integers(0, len(lines) - 1))
    change = data.draw(st.sampled_from(["drop", "twice", "text", "deeper", "cut"]))
    lines[number : number + 1] = {
        "drop": [],
        "twice": [lines[number]] * 2,
        "text": [data.draw(st.text(max_size=20))],
        "deeper": ["  " + lines[number]],
        "cut": [lines[number][: data.draw(st.integers(0, 20))]],
    }[change]
    for path in EVERY.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "lines.yaml").write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    rulebook, problems = read_rulebook(tmp_path)
    stopped = {problem.contract for problem in problems}
    assert not stopped & set(rulebook.contracts)
