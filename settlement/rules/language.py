"""The rule language as a table: every key, where it may stand, what stands behind it, and what it means.

The reader works from this table and the reference in README.md is generated from it; a key that is not here does not
exist. What the terms mean for amounts is said in the dataclasses of settlement/domain/contract.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from settlement.domain.contract import CONTRACT_TERMS, SERVICE_TERMS, Term
from settlement.rules.address import LEDGER_ADDRESS
from settlement.rules.grammar import (
    COUNT,
    DAY,
    DURATION,
    EMAIL,
    IBAN,
    INDEX,
    MONEY,
    MONTH,
    SHARE,
    SIGNED_MONEY,
    TARIFF,
    TEXT,
    TIME,
    YES_OR_NO,
    Value,
    digits,
    read_above,
    read_bound,
    read_contract_number,
    read_per_missing_client,
    read_time_zone,
    words,
)

Shape = Literal["one", "many", "by day", "table", "block", "other"]
"""How a key holds its value: one text; a list (or one text); one a day; a table a day; keys; something of its own."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the language."""

    name: str
    value: Value
    says: str
    """What it means, in a sentence or two for the manual."""
    shape: Shape = "one"
    required: bool = False
    default: str | None = None
    """What holds when the key is left out, as it would be written; ``None``: nothing."""
    field: str | None = None
    """The field of the record it fills; ``None``: of the same name. Empty: the reader gives the fields itself."""
    example: str | None = None
    """How it is written in the manual; ``None``: the example of its value."""


@dataclass(frozen=True, slots=True)
class Block:
    """Keys that stand together under one key, or at the top of a file."""

    name: str
    says: str
    keys: tuple[Key, ...]
    builds: type[Term] | None = None
    """The term it is read to; ``None``: something else than a term."""

    def key(self, name: str) -> Key | None:
        """The key of this name; ``None`` when it may not stand here."""
        return next((key for key in self.keys if key.name == name), None)


# ---- values that only the table needs --------------------------------------------------------------------

_PLURALS = {
    "minutes": "minute", "hours": "hour", "day_parts": "day_part", "days": "day", "overnight_days": "overnight_day",
    "pieces": "piece", "months": "month",
}  # fmt: skip
_UNIT_NAMES = ("minute", "hour", "day_part", "day", "overnight_day", "piece", "month")
UNIT = words("a unit", *_UNIT_NAMES, spelled=_PLURALS)
UNITS = Value(UNIT.name, "minutes", UNIT.read)
LEVEL = words("a level of a table", "intensity", "profile")
FUNDING = words("a way of funding", "effort-based", "output-based", "task-based", "person-following")
ROUNDING = words(
    "a way of rounding", "half up per line", "up per line", "down per line", "half up per client and month"
)
BROKEN_YEAR = words("a way to count a broken year", "pro rata", "full")
BROKEN_MONTH = words("a way to pay a broken month", "in full", "pro rata", "not paid")
INSTALMENTS = words("a way to pay a budget", "twelfths", "quarters in advance", "at start", "at end")
PRICED_ON = words("a day on which a line is priced", "delivery", "allocation")
OF = words("what a share is taken of", "entitled", "budget")
YEAR_END = words("a moment of settling", "year_end")
YEAR_OR_QUARTER_END = words("a moment of settling", "year_end", "quarter_end")
SEVERITY = words("a severity", "low", "medium", "high")
ABOVE = Value("`not paid`, `held` or `paid at 40 %`", "not paid", read_above)
PER_MISSING = Value("money, or `share of budget`", "€ 7.741", read_per_missing_client)
BOUND = Value(
    "a count `per client`, `per client and year` or `per client and month`", "58 per client and year", read_bound
)
CONTRACT_NUMBER = Value("capitals, digits and hyphens", "UTR-AJ-2018-07", read_contract_number)
MUNICIPALITY = digits("the code of a municipality", 4, "0599")
TIME_ZONE = Value("time zone", "Europe/Amsterdam", read_time_zone)
MEASURE_NAME = Value("a measure", "goal_attainment", str)
SERVICE_NAME = Value("a service of this contract", "crisiszorg", str)
KEYS = Value("keys", "", str)

# ---- terms -----------------------------------------------------------------------------------------------

_ARTICLE = Key("article", TEXT, "The clause of the contract that says so.", required=True, example="6.1")
_BROKEN_YEAR = Key(
    "broken_year", BROKEN_YEAR,
    "How a yearly figure holds in a year in which the contract holds only in part: by days, or in full. "
    "Left out: as the contract says at its top.",
)  # fmt: skip
_BY = Key(
    "by", LEVEL, "What the amounts differ by; each day then holds a table of amounts.", shape="many",
    example="intensity",
)  # fmt: skip
_MINIMUM_RESPONSES = Key(
    "minimum_responses", COUNT, "With fewer answers than this the term is postponed: it neither pays nor costs.",
    default="0", example="20",
)  # fmt: skip
_NEEDS = Key(
    "needs", KEYS, "What must hold: conditions on measures, all of them.", shape="other", required=True,
    example="goal_attainment: at least 75 %",
)  # fmt: skip
_AT_MOST = Key("at_most", MONEY, "The most that it pays in a year.", field="at_most_cents", example="€ 60.000")


def _table(says: str) -> Key:
    return Key("amounts", TARIFF, says, shape="table", required=True, example="2018-01-01: € 172,50")


def _priced_on(default: str) -> Key:
    return Key(
        "priced_on", PRICED_ON,
        "Which day picks the tariff: the first day of the line, or the first day of its allocation.", default=default,
    )  # fmt: skip


_BUDGET_KEYS = (
    _ARTICLE,
    Key("paid", INSTALMENTS, "In which parts the year's amount is paid; they add up to the cent.", required=True),
    Key("amounts", MONEY, "The amount of a year, by the day from which it holds.", shape="by day", required=True,
        example="2018-01-01: € 2.400.000"),
    _BROKEN_YEAR,
    Key("derived_from", KEYS,
        "How the first amount was arrived at: rows of counts, shares and one amount, multiplied. It is added up and "
        "compared with the amount, never the source of it.", shape="other", example="young_residents: 8200"),
    Key("derived_within", MONEY, "How far the sum of `derived_from` may lie from the amount.", default="€ 0",
        field="derived_within_cents", example="€ 100"),
)  # fmt: skip

_TERMS = (
    Block("tariff", "A price times a quantity.", (
        _ARTICLE,
        Key("per", UNIT, "The unit that the price is for; a day part is 4 hours.", required=True, example="hour"),
        Key("delivered_in", UNITS, "The unit that the lines carry. Left out: the unit of the price."),
        _priced_on("delivery"),
        Key("whole_hours", words("a way to count whole hours", "per period"),
            "A client's minutes in the month are added up and rounded half up to hours, at least 1."),
        _BY,
        Key("at_most", BOUND, "The most that is priced; what lies above it in order of service date is not."),
        _table("The price, by the day from which it holds."),
    )),
    Block("weekly_tariff", "A week's price.", (
        _ARTICLE,
        _BY,
        Key("weeks", words("a way to count broken weeks", "sundays", "started", "days"),
            "How broken weeks count: the Sundays of the allocation in the month (the national rule); every week "
            "started; or a seventh a day.", required=True),
        _priced_on("delivery"),
        Key("short_allocation", words("what a short allocation earns", "nothing", "one week"),
            "What an allocation without a Sunday earns under `weeks: sundays`.", default="nothing", example="one week"),
        _table("The price of a week, by the day from which it holds."),
    )),
    Block("arrangement_fee", "One fixed amount per child and arrangement.", (
        _ARTICLE,
        _BY,
        _priced_on("allocation"),
        Key("paid", KEYS, "When it is earned: `at_start` and `at_result` with shares that add up to 100 %, or `months` "
            "with a number of equal parts from the month of the start.", shape="other", required=True,
            example="at_start: 50 %"),
        Key("without_result", words("what happens without a result", "not paid", "paid"),
            "Whether the part at result is earned when the arrangement ends with its result not reached.",
            default="not paid"),
        Key("longer_or_heavier", words("what happens beyond the estimate", "not paid"),
            "Help that lasts longer or is heavier than estimated earns nothing more.", default="not paid"),
        Key("one_at_a_time", YES_OR_NO, "Whether a second arrangement of the same child on the same days is refused.",
            default="no", example="yes"),
        Key("on_change", words("what happens on a change", "credit all", "keep"),
            "A changed arrangement is credited whole and starts afresh, or keeps what it earned.",
            default="credit all"),
        _table("The fee, by the day from which it holds."),
    )),
    Block("monthly_tariff", "A month's price.", (
        _ARTICLE,
        _BY,
        _priced_on("delivery"),
        Key("first_broken_month", BROKEN_MONTH, "How a month is paid in which the care begins after the first day.",
            default="in full", example="not paid"),
        Key("last_broken_month", BROKEN_MONTH, "How a month is paid in which the care ends before the last day.",
            default="in full"),
        _table("The price of a month, by the day from which it holds."),
    )),
    Block("person_fee", "A fee for each client that chose the provider.", (
        _ARTICLE,
        Key("per", words("what a fee is for", "client and month", "client and year"), "What the fee is for.",
            required=True),
        Key("counted_on", words("a day on which clients are counted", "first day", "any day", "last day"),
            "On which day of the month (or year) a client must be in care to count.", default="any day",
            example="first day"),
        Key("amounts", TARIFF, "The fee, by the day from which it holds.", shape="by day", required=True,
            example="2018-01-01: € 385,00"),
    )),
    Block("budget", "A fixed amount for a task.", _BUDGET_KEYS),
    Block("availability_fee", "A fixed amount for being there, whatever the use.", _BUDGET_KEYS),
    Block("ceiling", "At most so much, of a service or of the whole contract.", (
        _ARTICLE,
        Key("per", words("what a ceiling is for", "year", "month", "contract"), "What the amount is for.",
            default="year"),
        Key("above", ABOVE, "What is done with what lies above it: nothing is paid, it is kept back until somebody "
            "decides, or a share is paid.", default="not paid", field=""),
        Key("signal_at", SHARE, "Shares of the ceiling at which somebody is told.", shape="many",
            field="signal_at_bp", example="90 %"),
        Key("exempt", SERVICE_NAME, "Services that pass a ceiling of the contract.", shape="many"),
        Key("over", SERVICE_NAME, "The services that fill a ceiling of the contract. Left out: all of them.",
            shape="many", example="begeleiding"),
        _BROKEN_YEAR,
        Key("amounts", MONEY, "The ceiling, by the day from which it holds.", shape="by day", required=True,
            example="2018-01-01: € 462.000"),
    )),
    Block("minimum_clients", "At least so many distinct clients helped in the year.", (
        _ARTICLE,
        Key("counts", words("what a minimum counts", "distinct clients"),
            "What is counted: each client once, helped in the year to date.", default="distinct clients", field=""),
        Key("signal_below", SHARE, "The substantial deviation: fewer than this share of the count due to date.",
            default="100 %", field="signal_below_bp", example="90 %"),
        Key("settles", words("a moment of settling", "never", "year_end", "on substantial deviation"),
            "Whether and when missing clients cost anything.", default="never"),
        Key("per_missing_client", PER_MISSING, "What each missing client costs: an amount, or the budget divided by "
            "the minimum.", field=""),
        Key("tolerance", SHARE, "No settlement within it; beyond it the whole shortfall counts.", default="0 %",
            field="tolerance_bp", example="5 %"),
        _BROKEN_YEAR,
        Key("amounts", COUNT, "The minimum of a year, by the day from which it holds.", shape="by day", required=True,
            example="2018-01-01: 310"),
    )),
    Block("corridor", "The margin of a budget: outside it, the difference beyond the margin is settled at a share.", (
        _ARTICLE,
        Key("measure", words("what a corridor compares", "claimed"),
            "What is compared with the budget: the value of the lines at the `tariff` of the same service.",
            default="claimed"),
        Key("margin", SHARE, "How far the value may lie from the budget without a consequence.", required=True,
            field="margin_bp", example="5 %"),
        Key("above", SHARE, "The share of what lies above the margin that is paid as well.", required=True,
            field="above_bp", example="50 %"),
        Key("below", SHARE, "The share of what lies below the margin that is taken back.", required=True,
            field="below_bp", example="100 %"),
        Key("settles", YEAR_END, "When it is settled.", default="year_end"),
    )),
    Block("outcome_bonus", "A share on top when outcomes are good.", (
        _ARTICLE,
        Key("from", DAY, "Outcomes of lines that end on or after this day count, on what was earned from this day. "
            "Left out: the whole year.", field="from_day", example="2018-07-01"),
        Key("share", SHARE, "The bonus, as a share.", required=True, field="share_bp", example="2 %"),
        Key("of", OF, "What the share is taken of.", default="entitled"),
        _NEEDS,
        _MINIMUM_RESPONSES,
        _AT_MOST,
        Key("settles", YEAR_OR_QUARTER_END, "When it is settled.", default="year_end"),
    )),
    Block("bonus_malus", "A share on top or off, by bands of a measure.", (
        _ARTICLE,
        Key("measure", MEASURE_NAME, "The measure that is judged.", required=True),
        Key("of", OF, "What the share is taken of.", default="budget"),
        Key("bands", KEYS, "A comparison and a share on each line; the first that holds counts, and the last is "
            "`otherwise`.", shape="other", required=True, example="below 60 %: -2 %"),
        _MINIMUM_RESPONSES,
        Key("settles", YEAR_END, "When it is settled.", default="year_end"),
    )),
    Block("withhold", "A share of every payment kept back, and released at year end when the needs are met.", (
        _ARTICLE,
        Key("share", SHARE, "The share that is kept back.", required=True, field="share_bp", example="3 %"),
        _NEEDS,
        _MINIMUM_RESPONSES,
        Key("settles", YEAR_END, "When it is released.", default="year_end"),
    )),
    Block("shared_savings", "A share of what the year cost less than agreed.", (
        _ARTICLE,
        Key("share", SHARE, "The provider's share of the savings.", required=True, field="share_bp", example="50 %"),
        Key("against", MONEY, "What the year is compared with, by the day from which it holds.", shape="by day",
            required=True, example="2018-01-01: € 3.100.000"),
        Key("savings_from", SHARE, "Savings smaller than this share are not shared.", default="0 %",
            field="savings_from_bp", example="2 %"),
        _AT_MOST,
        Key("settles", YEAR_END, "When it is settled.", default="year_end"),
        _BROKEN_YEAR,
    )),
    Block("indexation", "Amounts grow by an index. Under it stand days, each with a `forecast`.", (
        _ARTICLE,
    )),
)  # fmt: skip

_BUILDS = {term.kind: term for term in (*SERVICE_TERMS, *CONTRACT_TERMS)}
TERMS: dict[str, Block] = {
    block.name: Block(block.name, block.says, block.keys, _BUILDS[block.name]) for block in _TERMS
}
"""Every kind of term, by name."""
SERVICE_KINDS = tuple(term.kind for term in SERVICE_TERMS)
"""The kinds that may stand under a service."""
CONTRACT_KINDS = tuple(term.kind for term in CONTRACT_TERMS)
"""The kinds that may stand under ``terms``."""

INDEX_DAY = Block("a day of indexation", "What prices do from a day on, usually 1 January.", (
    Key("forecast", INDEX, "The expected growth from this day.", required=True, field="forecast_bp"),
    Key("final_previous", INDEX, "The final figure of the year before; its difference with the forecast of then is "
        "corrected in this year's index.", field="final_previous_bp", example="3,5 %"),
))  # fmt: skip

PAID_PARTS = Block("paid", "When the fee of an arrangement is earned.", (
    Key("at_start", SHARE, "The share earned in the month in which the arrangement starts.", field="at_start_bp",
        default="0 %", example="50 %"),
    Key("at_result", SHARE, "The share earned in the month of the result.", field="at_result_bp", default="0 %",
        example="50 %"),
    Key("months", COUNT, "That many equal parts, one a month from the month of the start; instead of the shares.",
        default="0", example="12"),
))  # fmt: skip

# ---- the contract ----------------------------------------------------------------------------------------

CONTRACT = Block("contract", "The top of a contract's file.", (
    Key("contract", CONTRACT_NUMBER, "Its number, unique in the rules folder.", required=True, field="number"),
    Key("title", TEXT, "What the contract is called.", required=True, example="Aanvullende jeugdhulp Utrecht"),
    Key("funding", FUNDING, "The funding model, for the reader and the reports; the terms decide what is paid.",
        required=True, example="task-based"),
    Key("municipality", TEXT, "The municipality or region that buys.", required=True, example="Gemeente Utrecht"),
    Key("provider", TEXT, "The provider, by its key in providers.yaml.", required=True, example="de-linde"),
    Key("starts", DAY, "The first day on which the contract holds.", required=True, example="2018-01-01"),
    Key("ends", DAY, "The last day on which the contract holds.", required=True, example="2018-12-31"),
    Key("rounding", ROUNDING, "How a priced line is rounded to cents.", default="half up per line",
        example="up per line"),
    Key("broken_year", BROKEN_YEAR, "How yearly figures hold in a year in which the contract holds only in part, "
        "for all terms that do not say otherwise.", default="pro rata", example="full"),
    Key("total_budget", MONEY, "The total of the services' budgets, by day: they must add up to it on those days.",
        shape="by day", example="2018-01-01: € 5.400.000"),
    Key("services", KEYS, "What is bought, each by its own name, with its codes and terms under it.", shape="other",
        required=True, example="crisiszorg:"),
    Key("terms", KEYS, "The terms of the whole contract, by kind.", shape="other", example="ceiling:"),
    Key("signals", KEYS, "Deviations that somebody must look at; they never change an amount.", shape="other",
        example="- name: te weinig jeugdigen"),
    Key("deliveries", KEYS, "How this provider delivers.", shape="block", example="claim_deadline: 1 month"),
))  # fmt: skip

SERVICE = Block("a service", "Under `services`, below the service's own name; next to these keys stand its terms.", (
    Key("codes", TEXT, "The product codes under which it is delivered; left out where the lines name the service. "
        "Where a code also says the intensity or profile, write that behind it: `45R01: licht`; where it says both, "
        "write `intensity` and `profile` below it.", shape="other", example="- 46A03"),
))  # fmt: skip

SIGNAL = Block("a signal", "An item of `signals`, behind a dash.", (
    Key("name", TEXT, "The name under which it is told; the contract's own.", required=True,
        example="te weinig jeugdigen"),
    Key("service", SERVICE_NAME, "The service whose figures are judged. Left out: those of the contract."),
    Key("when", KEYS, "The conditions, all of which must hold.", shape="other", required=True,
        example="clients: below minimum_to_date"),
    Key("unless", KEYS, "Conditions that keep it silent when all of them hold.", shape="other",
        example="new_clients: above 12"),
    Key("severity", SEVERITY, "How much it matters.", default="medium", example="high"),
    Key("to", TEXT, "Who is told: contract manager, finance, provider, or a role of organisation.yaml.",
        example="contract manager"),
))  # fmt: skip

DELIVERIES = Block("deliveries", "How this provider delivers.", (
    Key("claim_deadline", DURATION, "How long after the end of the service month a line may come; later ones are "
        "refused. Left out: no deadline."),
    Key("corrections_until", DURATION, "How long after the end of a year its lines may be credited and corrected.",
        default="5 years", example="5 years"),
    Key("headings", KEYS, "The provider's own column headings, by field.", shape="other", example="client: Dossiernr"),
    Key("messages_to", MUNICIPALITY, "The codes of the municipalities to which the provider addresses its JW323 messages "
        "for this contract. Left out: it sends none.", shape="many", example="0599"),
))  # fmt: skip

# ---- organisation.yaml, providers.yaml -------------------------------------------------------------------

ORGANISATION = Block("organisation.yaml", "What is the municipality's own.", (
    Key("name", TEXT, "Its name, as on a letter.", required=True, example="Regio Voorbeeld"),
    Key("address", TEXT, "Its address, on one line.", required=True, example="Stadsplein 1, 1234 AB Voorbeeld"),
    Key("iban", IBAN, "The account that it pays from.", required=True),
    Key("logo", TEXT, "A PNG or JPEG beside this file. Left out: the name in its place.", example="logo.png"),
    Key("language", words("a language", "nl", "en"), "The language of what goes out.", default="nl"),
    Key("email", EMAIL, "Where providers ask their questions.", default=""),
    Key("phone", TEXT, "The telephone number on statements.", default="", example="010 123 45 67"),
    Key("objection_days", COUNT, "Days within which a provider may object to a statement.", default="14",
        example="14"),
    Key("payment_days", COUNT, "Days after the end of the claim month within which is paid.", default="30",
        example="30"),
    Key("approval", words("a way to approve", "one person", "two persons"), "Who makes a run final.",
        default="one person", example="two persons"),
    Key("negative_payable", words("what happens when too much was paid", "offset", "claim"),
        "What was paid too much is taken off later payments of the same contract, or claimed back by finance.",
        default="offset"),
    Key("ledger", LEDGER_ADDRESS,
        "Where several people run this: the database on a PostgreSQL server in which the ledger is kept, for all of them. "
        "Its password stands elsewhere (PGPASSWORD, .pgpass, a service file). Left out: a file among the outputs."),
    Key("first_year", COUNT, "The first year settled with this system; earlier years are closed.", example="2018"),
    Key("client_key", TEXT, "The file with the key that makes client numbers of the citizen service numbers in JW323 "
        "messages, from the folder of this file; it lies outside rules, inputs and outputs. `settlement key` makes it. "
        "Left out: such messages are refused.", default="", example="../client.key"),
    Key("schedule", KEYS, "When the monthly run wakes.", shape="block", example="working_day: 5"),
    Key("alerts", EMAIL, "Who is mailed, by role.", shape="other", example="contract manager: cm@example.nl"),
))  # fmt: skip

SCHEDULE = Block("schedule", "When the monthly run wakes.", (
    Key("working_day", COUNT, "The working day of the month after the claim month.", default="5", example="5"),
    Key("time", TIME, "The time of that day.", default="06:00"),
    Key("time_zone", TIME_ZONE, "The zone of that time.", default="Europe/Amsterdam"),
))  # fmt: skip

PROVIDER = Block("a provider", "In providers.yaml, below the key by which contracts name it.", (
    Key("name", TEXT, "Its name, as on the bank account.", required=True, example="Stichting De Linde"),
    Key("address", TEXT, "Its address, on one line.", default="", example="Havenstraat 12, 1234 AB Voorbeeld"),
    Key("kvk", digits("a number of the Chamber of Commerce", 8, "12345678"), "Its number at the Chamber of Commerce.",
        default=""),
    Key("agb", digits("an AGB code", 8, "22220001"), "Its AGB code.", default=""),
    Key("iban", IBAN, "The account that is paid to.", required=True, example="NL20 INGB 0001 2345 67"),
    Key("email", EMAIL, "Where statements go.", default="", example="administratie@delinde.example"),
    Key("creditor", TEXT, "Its number in the financial administration.", default="", example="104233"),
    Key("vat", TEXT, "Its VAT number, where it has one.", default="", example="NL001234567B01"),
    Key("headings", KEYS, "The column headings of its own, by field, for all its contracts; `settlement check` proposes them.",
        shape="other", example="client: Dossiernr"),
    Key("language", words("a language", "nl", "en"), "The language of its statements, account talks and returned files. Left "
        "out: the organisation's.", example="en"),
))  # fmt: skip

# ---- cases -----------------------------------------------------------------------------------------------

PAYMENT_HOLD = Block("a payment kept back", "An item of `payments` in holds.yaml, behind a dash.", (
    Key("contract", CONTRACT_NUMBER, "Whose payment is kept back.", required=True),
    Key("from", MONTH, "The first claim month whose payment is kept back.", required=True, field="since"),
    Key("reason", TEXT, "Why; it stands on the provider's statement.", required=True,
        example="onderzoek naar de rechtmatigheid loopt"),
    Key("by", TEXT, "Who decided it.", required=True, example="A. de Vries"),
    Key("until", MONTH, "The first claim month that is paid again, with all that was kept back. Left out: not yet released.",
        example="2018-05"),
    Key("released_by", TEXT, "Who released it.", default="", example="B. Jansen"),
))  # fmt: skip

CEILING_DECISION = Block("a decision above a ceiling", "An item of `ceilings` in holds.yaml, behind a dash: what is done "
    "with all that a ceiling with `above: held` keeps back in a year. To pay a part of it, raise the ceiling instead.", (
    Key("contract", CONTRACT_NUMBER, "Whose ceiling it is.", required=True),
    Key("service", TEXT, "The service whose ceiling it is. Left out: the ceiling of the whole contract.", example="crisiszorg"),
    Key("year", COUNT, "The year of the contract.", required=True, example="2018"),
    Key("decided", words("a decision", "paid", "not paid"), "What is done with what lies above.", required=True,
        example="paid"),
    Key("reason", TEXT, "Why; it stands on the provider's statement.", required=True, example="extra instroom in overleg"),
    Key("by", TEXT, "Who decided it.", required=True, example="A. de Vries"),
))  # fmt: skip

CASE = Block("a case", "An item of a file that ends in .cases.yaml, behind a dash.", (
    Key("name", TEXT, "A sentence that says what must hold.", required=True,
        example="what lies above the ceiling is not paid"),
    Key("period", MONTH, "The month that is settled.", required=True),
    Key("delivered", KEYS, "Lines, under the month of the folder in which they arrived.", shape="other",
        example="2018-03:"),
    Key("paid_before", SIGNED_MONEY, "What was paid for the contract before.", default="€ 0",
        field="paid_before_cents", example="€ 2.300"),
    Key("expect", KEYS, "What must come of it.", shape="other", required=True, example="payable: € 2.300"),
))  # fmt: skip

EXPECTATIONS: dict[str, str] = {
    "refused": "How many lines are refused.",
    "refusals": "The exact codes of the refusals, ours or national; or `none`.",
    "signals": "The exact set of names of signals; or `none`.",
    "lines": "What the lines of each client earn together: amounts by client.",
    "in_month": "Measures of the month alone, under this key.",
}
"""What `expect` may name besides the measures."""
