import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from delivered_files import CONTRACT, MARCH, typed_column
from hypothesis import given
from hypothesis import strategies as st
from stdnum.nl import bsn

from settlement.deliveries.cells import AFFIXED, BOOLEAN, DATE, ERROR, NO_RESULT, NUMBER, PADDED, TEXT
from settlement.deliveries.lines import LINES, REFUSALS
from settlement.deliveries.personal import are_service_numbers, is_service_number, without_service_numbers
from settlement.deliveries.typed import Source, typed, typed_lines

# ---- numbers


@pytest.mark.parametrize(
    ("text", "milli"),
    [
        ("1.234,50", 1_234_500),
        ("1234.50", 1_234_500),
        ("1,5", 1_500),
        ("480", 480_000),
        ("0,125", 125),
        ("0.125", 125),
        ("1.234.567,5", None),
        ("12.345.678", None),
        ("1,5000", 1_500),
        (" 7 ", 7_000),
        ("-0", 0),
        ("-0,00", 0),
        ("000", 0),
        ("1000000", 1_000_000_000),
    ],
)
def test_a_quantity_is_read_to_the_thousandth_as_it_is_written(text, milli):
    expected = milli if milli is not None else "number-too-large"
    assert typed_column("quantity", [text]) == [expected]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.234", "ambiguous-number"),
        ("1,234", "ambiguous-number"),
        ("NaN", "not-a-number"),
        ("inf", "not-a-number"),
        ("1e308", "not-a-number"),
        ("1E3", "not-a-number"),
        ("٣", "not-a-number"),
        ("１２", "not-a-number"),
        ("12 uur", "not-a-number"),
        ("1 234,50", "not-a-number"),
        ("1,2,3", "not-a-number"),
        ("1.23,45", "not-a-number"),
        ("=1+1", "not-a-number"),
        ("€ 10", "not-a-number"),
        ("-", "not-a-number"),
        ("-1", "negative-number"),
        ("-0,001", "negative-number"),
        ("1000000,001", "number-too-large"),
        ("9" * 400, "number-too-large"),
        ("1,2345", "too-many-decimals"),
    ],
)
def test_a_quantity_that_is_not_one_number_is_refused_with_its_reason(text, code):
    assert typed_column("quantity", [text]) == [code]


def test_a_point_before_three_digits_is_a_thousand_where_the_column_has_a_decimal_comma():
    assert typed_column("quantity", ["1.234", "2,5"]) == [1_234_000, 2_500]


def test_a_point_before_three_digits_is_a_decimal_where_the_column_has_decimal_points():
    assert typed_column("quantity", ["1.234", "2.5", "1,234"]) == [1_234, 2_500, 1_234_000]


def test_a_column_with_both_decimal_signs_settles_nothing():
    assert typed_column("quantity", ["1.234", "2.5", "2,5"]) == ["ambiguous-number", 2_500, 2_500]


@pytest.mark.parametrize(
    ("stored", "milli"),
    [
        ("95.499999999999986", 95_500),
        ("95.5", 95_500),
        ("1E-3", 1),
        ("1.2E+3", 1_200_000),
        ("7.5000000000000009", 7_500),
        ("-0", 0),
        ("1e308", "number-too-large"),
        ("1e999", "not-a-number"),
        ("nonsense", "not-a-number"),
        ("-3", "negative-number"),
        ("0.33333333333333331", "too-many-decimals"),
    ],
)
def test_a_number_of_excel_is_taken_at_fifteen_digits_as_excel_shows_it(stored, milli):
    assert typed_column("quantity", [stored], [NUMBER]) == [milli]


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("€ 10,00", 1_000),
        ("€10", 1_000),
        ("10,00 €", 1_000),
        ("EUR 1.234,50", 123_450),
        ("€ 10,-", 1_000),
        ("€ 1.250,--", 125_000),
        ("1234.5", 123_450),
        ("€ -5", "negative-number"),
        ("-€ 5", "negative-number"),
        ("1234,005", "too-many-decimals"),
        ("€ 1.234", "ambiguous-number"),
        ("1000000000,01", "number-too-large"),
        ("1000000000", 100_000_000_000),
    ],
)
def test_an_amount_is_read_to_the_cent_with_or_without_the_euro_sign(text, cents):
    assert typed_column("claimed", [text]) == [cents]


@given(st.integers(0, 1_000_000_000))
def test_every_quantity_written_the_dutch_way_is_read_back(milli):
    whole, part = divmod(milli, 1000)
    dutch = f"{whole:,}".replace(",", ".") + f",{part:03d}"
    assert typed_column("quantity", [dutch, "0,5"])[0] == milli


@given(st.decimals(0, 1_000_000, places=2))
def test_every_amount_that_excel_stores_as_a_float_is_read_to_the_cent(amount):
    stored = f"{float(amount):.17g}"
    assert typed_column("claimed", [stored], [NUMBER])[0] == int(amount * 100)


@given(
    st.lists(st.text(max_size=12), min_size=1, max_size=8),
    st.sampled_from(
        sorted(
            {
                "quantity",
                "claimed",
                "start",
                "unit",
                "client",
                "goal_attainment",
                "client_satisfaction",
                "dropout",
                "contract",
            }
        )
    ),
)
def test_whatever_stands_in_a_column_every_row_is_a_line_or_a_refusal(texts, field):
    typed_column(field, texts)


@given(
    st.lists(st.tuples(st.text(max_size=10), st.integers(0, 7)), min_size=1, max_size=6),
    st.sampled_from(
        [
            "quantity",
            "claimed",
            "start",
            "end",
            "unit",
            "client",
            "municipality",
            "goal_attainment",
            "dropout",
            "end_reason",
        ]
    ),
)
def test_whatever_kind_of_cell_stands_in_a_column_every_row_is_a_line_or_a_refusal(cells, field):
    typed_column(field, [text for text, _ in cells], [kind for _, kind in cells])


@given(st.text(alphabet="0123456789.,-", max_size=12))
def test_a_number_is_only_accepted_as_what_one_reading_of_it_says(text):
    [value] = typed_column("quantity", [text])
    if isinstance(value, int):
        readings = []
        for decimal, thousand in ((",", "."), (".", ",")):
            try:
                readings.append(Decimal(text.replace(thousand, "").replace(decimal, ".")) * 1000)
            except ArithmeticError:
                continue
        assert value in readings


# ---- dates


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("31-01-2018", dt.date(2018, 1, 31)),
        ("31/1/2018", dt.date(2018, 1, 31)),
        ("2018-01-31", dt.date(2018, 1, 31)),
        ("2018-1-5", dt.date(2018, 1, 5)),
        ("3-4-2018", dt.date(2018, 4, 3)),
        ("03.04.2018", dt.date(2018, 4, 3)),
        ("05/05/2018", dt.date(2018, 5, 5)),
        ("1 maart 2018", dt.date(2018, 3, 1)),
        ("1-mrt-2018", dt.date(2018, 3, 1)),
        ("2018-01-31T00:00:00", dt.date(2018, 1, 31)),
        ("31-01-2018 00:00", dt.date(2018, 1, 31)),
        ("31-01-2018 14:30", "date-with-time"),
        ("31-1-18", "two-digit-year"),
        ("03/04/2018", "ambiguous-date"),
        ("31-02-2018", "not-a-date"),
        ("01-13-2018", "not-a-date"),
        ("29-02-2019", "not-a-date"),
        ("20180131", "not-a-date"),
        ("31-01/2018", "not-a-date"),
        ("morgen", "not-a-date"),
        ("31-12-9999", "date-out-of-range"),
        ("01-01-1889", "date-out-of-range"),
        ("٣-٤-2018", "not-a-date"),
    ],
)
def test_a_day_is_read_as_dutch_offices_write_it_or_refused(text, day):
    assert typed_column("start", [text]) == [day]


def test_a_slashed_date_is_day_first_where_its_column_shows_it():
    assert typed_column("start", ["03/04/2018", "31/01/2018"]) == [dt.date(2018, 4, 3), dt.date(2018, 1, 31)]


def test_a_date_is_refused_where_its_column_is_month_first():
    assert typed_column("start", ["03/04/2018", "01/31/2018"]) == ["ambiguous-date", "not-a-date"]
    assert typed_column("start", ["03-04-2018", "01-31-2018"]) == ["ambiguous-date", "not-a-date"]


def test_a_date_is_refused_where_its_column_shows_both_orders():
    assert typed_column("start", ["03/04/2018", "01/31/2018", "31/01/2018"])[0] == "ambiguous-date"


@pytest.mark.parametrize("other", ["21/26/2018", "31/00/2018", "45/01/2018", "00/31/2018"])
def test_what_is_no_date_in_either_order_shows_nothing_of_the_others(other):
    assert typed_column("start", ["03/04/2018", other]) == ["ambiguous-date", "not-a-date"]
    assert typed_column("start", ["03-04-2018", other.replace("/", "-")]) == [dt.date(2018, 4, 3), "not-a-date"]


def test_the_end_dates_of_a_file_settle_its_start_dates():
    lines, refusals, _ = typed_lines(
        [{"start": "01/03/2018", "end": "31/03/2018"}], delivery="d", claim_month=MARCH, contract=CONTRACT
    )
    assert refusals.is_empty()
    assert lines.select("start", "end").row(0) == (dt.date(2018, 3, 1), dt.date(2018, 3, 31))


def test_real_dates_of_excel_count_from_the_calendar_of_the_workbook():
    # 2018-03-01 is day 43160 since 1899-12-30, and day 41698 since 1904-01-01.
    assert typed_column("start", ["43160"], [DATE]) == [dt.date(2018, 3, 1)]
    assert typed_column("start", ["41698"], [DATE], calendar_1904=True) == [dt.date(2018, 3, 1)]


@pytest.mark.parametrize(
    ("stored", "kind", "code"),
    [
        ("43160.5", DATE, "date-with-time"),
        ("43160", NUMBER, "date-as-number"),
        ("20180301", NUMBER, "date-as-number"),
        ("9999999", DATE, "date-out-of-range"),
        ("60", DATE, "date-out-of-range"),
        ("-1", DATE, "not-a-date"),
        ("1e5", DATE, "not-a-date"),
        ("1", BOOLEAN, "date-as-number"),
    ],
)
def test_a_cell_of_excel_that_is_no_whole_day_is_refused(stored, kind, code):
    assert typed_column("start", [stored], [kind]) == [code]


@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31)), st.sampled_from(["%d-%m-%Y", "%Y-%m-%d", "%d.%m.%Y"]))
def test_every_day_written_in_an_order_without_doubt_is_read_back(day, form):
    assert typed_column("end", [day.strftime(form)]) == [day]


@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31)), st.booleans())
def test_every_day_of_excel_is_read_back(day, calendar_1904):
    start = dt.date(1904, 1, 1) if calendar_1904 else dt.date(1899, 12, 30)
    assert typed_column("end", [str((day - start).days)], [DATE], calendar_1904=calendar_1904) == [day]


# ---- words


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("minuten", "minute"), ("MIN", "minute"), ("01", "minute"), ("uur", "hour"), ("04", "hour"), ("Dagdelen ", "day_part"),
        ("16", "day_part"), ("dag", "day"), ("etmalen", "overnight_day"), ("14", "overnight_day"), ("stuks", "piece"),
        ("82", "piece"), ("84", "piece"), ("weken", "week"), ("maanden", "month"), ("euro", "euro"), ("83", "euro"),
        ("overnight_days", "overnight_day"), ("pieces", "piece"), ("kwartieren", "unknown-unit"),
    ],
)  # fmt: skip
def test_a_unit_is_a_dutch_word_an_english_word_or_a_national_code(text, unit):
    assert typed_column("unit", [text]) == [unit]


@pytest.mark.parametrize(
    ("field", "kind", "value"),
    [
        ("unit", BOOLEAN, "unknown-unit"), ("unit", AFFIXED, "unknown-unit"), ("unit", NUMBER, "minute"),
        ("result", BOOLEAN, "unknown-result"), ("direction", BOOLEAN, "unknown-direction"),
        ("dropout", BOOLEAN, True), ("dropout", AFFIXED, "not-yes-or-no"),
    ],
)  # fmt: skip
def test_a_truth_value_and_a_number_that_is_shown_otherwise_are_no_words(field, kind, value):
    assert typed_column(field, ["1"], [kind]) == [value]


def test_an_unknown_unit_carries_its_national_code_and_the_accepted_words():
    _, refusals, _ = typed_lines([{"unit": "kwartier"}], delivery="d", claim_month=MARCH, contract=CONTRACT)
    row = refusals.row(0, named=True)
    assert (row["national"], row["found"]) == ("9341", "kwartier")
    assert "minuten" in row["expected"]


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("result", "Behaald", "reached"), ("result", "niet  behaald", "not reached"), ("result", "loopt", "running"),
        ("result", "half", "unknown-result"), ("end_reason", "volgens plan", "31"), ("end_reason", "31", "31"),
        ("end_reason", "voortijdig door cliënt", "32"), ("end_reason", "19", "unknown-end-reason"),
        ("direction", "c", "C"), ("direction", "Debet", "D"), ("direction", "x", "unknown-direction"),
        ("dropout", "ja", True), ("dropout", "NEE", False), ("dropout", "onwaar", False), ("dropout", "misschien", "not-yes-or-no"),
        ("goal_attainment", "ja", 10_000), ("goal_attainment", "80 %", 8_000), ("goal_attainment", "0,8", 8_000),
        ("goal_attainment", "80,55%", 8_055), ("goal_attainment", "0", 0), ("goal_attainment", "80", "not-a-share"),
        ("goal_attainment", "101 %", "not-a-share"), ("goal_attainment", "soms", "not-a-share"),
        ("client_satisfaction", "7,5", 750), ("client_satisfaction", "10", 1_000), ("client_satisfaction", "0,5", "number-too-small"),
        ("client_satisfaction", "10,5", "number-too-large"), ("client_satisfaction", "7,55", "too-many-decimals"),
    ],
)  # fmt: skip
def test_answers_come_from_closed_lists(field, text, value):
    assert typed_column(field, [text]) == [value]


def test_a_direction_that_is_not_said_is_a_debit():
    assert typed_column("direction", [None, "", "C"]) == ["D", "D", "C"]


def test_the_truth_values_and_short_codes_of_excel_are_understood():
    assert typed_column("dropout", ["1", "0"], [BOOLEAN, BOOLEAN]) == [True, False]
    assert typed_column("end_reason", ["2", "31"], [NUMBER, NUMBER]) == ["02", "31"]
    assert typed_column("unit", ["4"], [NUMBER]) == ["hour"]


def one_cell(field, text, kind):
    return pl.DataFrame(
        {"file": [0], "row": [1], field: [text], f"{field}.kind": [kind]},
        schema_overrides={"file": pl.Int32, "row": pl.Int32},
    )


def test_what_settles_a_cell_is_looked_for_in_its_own_file_only():
    cells = pl.DataFrame(
        {"file": [0, 1, 1, 2, 2], "row": [1, 1, 2, 1, 2], "quantity": ["1.234", "1.234", "2,5", "1.234", "2.5"],
         "start": ["03/04/2018", "03/04/2018", "31/01/2018", "03/04/2018", "01/02/2018"]},
        schema_overrides={"file": pl.Int32, "row": pl.Int32},
    )  # fmt: skip
    lines, refusals, _ = typed(cells, [Source(name, MARCH, "", CONTRACT) for name in "abc"])
    assert lines.select("delivery", "row", "quantity_milli").rows() == [("b", 1, 1_234_000), ("b", 2, 2_500)]
    assert refusals.select("delivery", "row", "code").rows() == [
        ("a", 1, "ambiguous-date"), ("a", 1, "ambiguous-number"), ("c", 1, "ambiguous-date"), ("c", 2, "ambiguous-date"),
    ]  # fmt: skip


# ---- texts


def test_a_text_is_trimmed_and_composed_and_otherwise_left_as_written():
    assert typed_column("service", ["  Gezinsvervanging\u00a0", "reunie\u0301", "=1+1"]) == [
        "Gezinsvervanging",
        "reunié",
        "=1+1",
    ]


@pytest.mark.parametrize("text", ["C\u200b-1", "C\u00ad1", "C\u00a01", "C\t1", "C\n1", "\u202eC1", "C\x1f1"])
def test_characters_that_nobody_sees_are_refused_and_told_by_number(text):
    _, refusals, _ = typed_lines([{"client": text}], delivery="d", claim_month=MARCH, contract=CONTRACT)
    row = refusals.row(0, named=True)
    assert row["code"] == "invisible-characters"
    assert "‹U+" in row["found"]


@pytest.mark.parametrize("text", ["С-0231", "C-０231", "Α1", "C-٣"])
def test_a_client_number_with_letters_of_another_script_is_refused(text):
    assert typed_column("client", [text]) == ["look-alike-characters"]


def test_a_text_longer_than_two_hundred_characters_is_refused_and_not_repeated_whole():
    _, refusals, _ = typed_lines([{"client": "C" * 201}], delivery="d", claim_month=MARCH, contract=CONTRACT)
    assert refusals["code"].to_list() == ["text-too-long"]
    assert len(refusals["found"][0]) == 200


def test_whole_numbers_of_excel_are_clients_as_long_as_no_zero_can_be_lost():
    assert typed_column("client", ["231", "232"], [NUMBER, NUMBER]) == ["231", "232"]
    assert typed_column("client", ["231", "0232"], [NUMBER, TEXT]) == ["leading-zeros-lost", "0232"]
    assert typed_column("client", ["00231"], [PADDED]) == ["leading-zeros-lost"]
    assert typed_column("client", ["231.5", "1e20"], [NUMBER, NUMBER]) == ["not-an-identifier"] * 2


def test_a_municipality_code_that_lost_its_zero_is_refused_showing_both():
    cells = one_cell("municipality", "344", NUMBER)
    _, refusals, _ = typed(cells, [Source("d", MARCH, "S", CONTRACT, {"municipality": "J"})])
    row = refusals.row(0, named=True)
    assert (row["code"], row["found"], row["expected"], row["cell"]) == ("leading-zeros-lost", "344", "0344", "J1")


@pytest.mark.parametrize("field", ["client", "quantity", "start", "unit", "dropout", "goal_attainment"])
def test_an_error_cell_and_a_formula_without_result_are_refused_in_every_field(field):
    assert typed_column(field, ["#REF!", "=A1*2"], [ERROR, NO_RESULT]) == ["error-cell", "formula-without-result"]


def test_a_date_in_a_column_of_texts_is_refused_and_shown_as_a_date():
    _, refusals, _ = typed(one_cell("client", "43160", DATE), [Source("d", MARCH, "S", CONTRACT)])
    assert refusals.select("code", "found").row(0) == ("not-text", "01-03-2018")


def test_a_refused_cell_names_the_contract_that_its_row_was_read_as():
    cells = one_cell("contract", "2018001.0", NUMBER).with_columns(quantity=pl.lit("veel"))
    line, refusals, partly = typed(cells, [Source("d", MARCH, "S", None)], {"2018001": "2018001"})
    assert line.is_empty()
    assert refusals.select("contract", "field").rows() == [("2018001", "quantity")]
    assert partly["contract"].to_list() == ["2018001"]


# ---- cases


def test_the_lines_of_a_case_are_typed_by_the_same_code_into_the_same_frames():
    lines, refusals, _ = typed_lines(
        [
            {"client": "C-1", "code": "45A48", "start": "2017-02-06", "end": "2017-02-28", "quantity": "480", "unit": "minutes"},
            {"client": "C-1", "start": "2017-02-30", "quantity": "veel"},
            {"client": "C-2", "contract": "OTHER", "claimed": "€ 240,00", "goal_attainment": "yes", "dropout": "no"},
        ],
        delivery="case", claim_month=MARCH, contract=CONTRACT,
    )  # fmt: skip
    assert lines.schema == pl.Schema(LINES)
    assert refusals.schema == pl.Schema(REFUSALS)
    assert lines.select("row", "contract", "quantity_milli", "unit").rows() == [
        (1, CONTRACT, 480_000, "minute"),
        (3, "OTHER", None, None),
    ]
    assert refusals.select("row", "field", "code", "cell").rows() == [
        (2, "start", "not-a-date", ""),
        (2, "quantity", "not-a-number", ""),
    ]


def test_a_case_without_lines_gives_empty_frames_of_the_right_schema():
    lines, refusals, _ = typed_lines([], delivery="case", claim_month=MARCH, contract=CONTRACT)
    assert (lines.height, refusals.height) == (0, 0)
    assert lines.schema == pl.Schema(LINES)


def test_a_field_that_does_not_exist_is_our_own_mistake():
    with pytest.raises(ValueError, match="qantity"):
        typed_lines([{"qantity": "1"}], delivery="case", claim_month=MARCH, contract=CONTRACT)


# ---- citizen service numbers


@given(st.integers(0, 999_999_999))
def test_our_test_of_service_numbers_agrees_with_the_standard(number):
    digits = f"{number:09d}"
    assert is_service_number(digits) == (number != 0 and bsn.is_valid(digits))


def test_a_service_number_is_covered_wherever_it_stands_in_a_refusal():
    assert without_service_numbers("kind 111222333 thuis") == "kind ••••••••• thuis"
    assert without_service_numbers("1112.22.333") == "••••.••.•••"
    assert without_service_numbers("C-0231") == "C-0231"


def test_a_column_is_only_judged_by_more_than_half_of_its_values():
    assert are_service_numbers(["111222333", "123456782", "999999990"])
    # Two by themselves: one pair of other numbers in 121 is taken for them.
    assert are_service_numbers(["111222333", "123456782"])
    assert not are_service_numbers(["111222333"])
    assert not are_service_numbers(["111222333", "123456782", "1"])
    assert not are_service_numbers(["111222333", "123456782", "999999990", "1", "2", "3"])
