"""Contract, Service and Term: what a municipality and a provider agreed, as rule-files.md defines it.

Amounts are whole cents, shares basis points, counts whole numbers.
A figure that changes in time is a ``Dated``: steps, each holding from its day until the next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Literal, TypeVar

from settlement.domain.conditions import Comparison, Condition
from settlement.domain.periods import ContractYear, Duration, Month
from settlement.domain.problems import Place

Funding = Literal["effort-based", "output-based", "task-based", "person-following"]
Unit = Literal["minute", "hour", "day_part", "day", "overnight_day", "piece", "week", "month", "euro"]
Level = Literal["intensity", "profile"]
PricedOn = Literal["delivery", "allocation"]
Rounding = Literal["half up per line", "up per line", "down per line", "half up per client and month"]
BrokenMonth = Literal["not paid", "in full", "pro rata"]
Instalments = Literal["twelfths", "quarters in advance", "at start", "at end"]
Settles = Literal["never", "year_end", "quarter_end", "on substantial deviation"]

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class IndexedFrom:
    """How an indexed amount came about: the amount before, the index in basis points, the clause."""

    cents_before: int
    index_bp: int
    article: str
    place: Place


@dataclass(frozen=True, slots=True)
class Step(Generic[Value]):
    """A figure from a day on. ``value`` is ``None`` where the rule file says ``none``: it stops."""

    day: dt.date
    value: Value | None
    place: Place


@dataclass(frozen=True, slots=True)
class Dated(Generic[Value]):
    """A figure that changes in time; steps in order of day, never two on one day."""

    steps: tuple[Step[Value], ...]

    def step_on(self, day: dt.date) -> Step[Value] | None:
        """The step in force on a day; ``None`` before the first."""
        found = None
        for step in self.steps:
            if step.day <= day:
                found = step
        return found

    def on(self, day: dt.date) -> Value | None:
        """The figure in force on a day; ``None`` before the first step and after ``none``."""
        step = self.step_on(day)
        return None if step is None else step.value


@dataclass(frozen=True, slots=True)
class Price:
    """One amount of a tariff table, with its own place in the rule file and, when indexed, how it came about."""

    cents: int
    place: Place
    indexed: IndexedFrom | None = None


Amounts = Dated[Price]
"""A dated amount of money."""
Counts = Dated[int]
"""A dated count."""
PriceTable = Dated[Mapping[tuple[str, ...], Price]]
"""A dated table of amounts, keyed by the values of the term's ``by`` in their order; ``()`` when there is no ``by``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One clause with money or attention in it."""

    kind: ClassVar[str]
    article: str
    place: Place


# ---- terms that earn -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuantityBound:
    """``at_most: 58 per client and year``: what lies above it in order of service date is not priced."""

    quantity_milli: int
    """In thousandths of the tariff's unit."""
    within: Literal["month", "year", "contract"]
    """``contract`` is written as ``58 per client``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff(Term):
    """Price times quantity."""

    kind: ClassVar[str] = "tariff"
    per: Unit
    delivered_in: Unit
    """The unit that lines carry; the same as ``per`` unless the rule file says otherwise."""
    priced_on: PricedOn = "delivery"
    whole_hours: bool = False
    """``whole_hours: per period``: a client's minutes of the month are summed and rounded half up to hours, at least 1."""
    by: tuple[Level, ...] = ()
    at_most: QuantityBound | None = None
    amounts: PriceTable


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyTariff(Term):
    """A week's price."""

    kind: ClassVar[str] = "weekly_tariff"
    by: tuple[Level, ...] = ()
    weeks: Literal["sundays", "started", "days"]
    priced_on: PricedOn = "delivery"
    short_allocation: Literal["nothing", "one week"] = "nothing"
    """What an allocation without a Sunday earns under ``weeks: sundays``."""
    amounts: PriceTable


@dataclass(frozen=True, slots=True)
class PaidParts:
    """When an arrangement's fee is earned: shares at start and at result, or equal monthly parts."""

    at_start_bp: int = 0
    at_result_bp: int = 0
    months: int = 0
    """Above 0: that many equal parts, one a month from the month of the start; the shares are then 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrangementFee(Term):
    """One fixed amount per child and arrangement."""

    kind: ClassVar[str] = "arrangement_fee"
    by: tuple[Level, ...] = ()
    priced_on: PricedOn = "allocation"
    paid: PaidParts
    without_result: Literal["not paid", "paid"] = "not paid"
    """Whether the part at result is earned when the arrangement ends with its result not reached."""
    longer_or_heavier: Literal["not paid"] = "not paid"
    one_at_a_time: bool = False
    on_change: Literal["credit all", "keep"] = "credit all"
    amounts: PriceTable


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyTariff(Term):
    """A month's price."""

    kind: ClassVar[str] = "monthly_tariff"
    by: tuple[Level, ...] = ()
    priced_on: PricedOn = "delivery"
    first_broken_month: BrokenMonth = "in full"
    last_broken_month: BrokenMonth = "in full"
    amounts: PriceTable


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFee(Term):
    """A fee for each client that chose the provider."""

    kind: ClassVar[str] = "person_fee"
    per: Literal["client and month", "client and year"]
    counted_on: Literal["first day", "any day", "last day"] = "any day"
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Derivation:
    """One named row of how a budget was arrived at; its product is in cents."""

    name: str
    factors: tuple[tuple[str, Literal["count", "amount", "share"], int], ...]
    """Name, kind and figure (a count, cents or basis points), as written."""
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget(Term):
    """A fixed amount for a task, paid in instalments."""

    kind: ClassVar[str] = "budget"
    paid: Instalments
    amounts: Amounts
    broken_year: Literal["pro rata", "full"] = "pro rata"
    derived_from: tuple[Derivation, ...] = ()
    derived_within_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityFee(Budget):
    """Paid for being there, whatever the use."""

    kind: ClassVar[str] = "availability_fee"


# ---- terms that bound ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling(Term):
    """At most so much: of a service, or of a contract."""

    kind: ClassVar[str] = "ceiling"
    per: Literal["year", "month", "contract"] = "year"
    above: Literal["not paid", "held", "paid at a share"] = "not paid"
    above_share_bp: int = 0
    """With ``above: paid at 40 %``: 4000."""
    signal_at_bp: tuple[int, ...] = ()
    exempt: tuple[str, ...] = ()
    over: tuple[str, ...] | None = None
    """The services it is over; ``None``: all of the contract but the exempt (or, on a service, that service)."""
    broken_year: Literal["pro rata", "full"] = "pro rata"
    amounts: Amounts

    def services_under(self, services: Iterable[str]) -> tuple[str, ...]:
        """Those that it is over, of a contract whose services these are."""
        return tuple(name for name in (services if self.over is None else self.over) if name not in self.exempt)


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumClients(Term):
    """At least so many distinct clients helped in the year."""

    kind: ClassVar[str] = "minimum_clients"
    signal_below_bp: int = 10_000
    """The substantial deviation: a share of the count due to date."""
    settles: Settles = "never"
    per_missing_client_cents: int | None = None
    share_of_budget: bool = False
    """``per_missing_client: share of budget``: the budget divided by the minimum, for each missing client."""
    tolerance_bp: int = 0
    broken_year: Literal["pro rata", "full"] = "pro rata"
    amounts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Corridor(Term):
    """The margin of a budget: outside it, the difference beyond the margin is settled at a share."""

    kind: ClassVar[str] = "corridor"
    measure: Literal["claimed"] = "claimed"
    margin_bp: int
    above_bp: int
    below_bp: int
    settles: Settles = "year_end"


# ---- terms that reward -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeBonus(Term):
    """A share on top when outcomes are good."""

    kind: ClassVar[str] = "outcome_bonus"
    from_day: dt.date | None = None
    """Outcomes of lines that end on or after it, on what was earned for service from it; ``None``: the whole year."""
    share_bp: int
    of: Literal["entitled", "budget"] = "entitled"
    needs: tuple[Condition, ...]
    minimum_responses: int = 0
    at_most_cents: int | None = None
    settles: Settles = "year_end"


@dataclass(frozen=True, slots=True)
class Band:
    """One band of a bonus-malus: the first whose comparison holds; the last has none (``otherwise``)."""

    holds: Comparison | None
    share_bp: int
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class BonusMalus(Term):
    """A share on top or off, by bands of a measure."""

    kind: ClassVar[str] = "bonus_malus"
    measure: str
    of: Literal["entitled", "budget"] = "budget"
    bands: tuple[Band, ...]
    minimum_responses: int = 0
    settles: Settles = "year_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withhold(Term):
    """A share of every payment kept back, released at year end when the needs are met."""

    kind: ClassVar[str] = "withhold"
    share_bp: int
    needs: tuple[Condition, ...]
    minimum_responses: int = 0
    settles: Settles = "year_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSavings(Term):
    """A share of what the year cost less than agreed."""

    kind: ClassVar[str] = "shared_savings"
    share_bp: int
    against: Amounts
    savings_from_bp: int = 0
    at_most_cents: int | None = None
    settles: Settles = "year_end"
    broken_year: Literal["pro rata", "full"] = "pro rata"


@dataclass(frozen=True, slots=True)
class Index:
    """The index of one date: the forecast, and the final figure of the year before when it is known."""

    day: dt.date
    forecast_bp: int
    final_previous_bp: int | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexation(Term):
    """Amounts grow by an index from a date; it has been worked into the amounts when a contract is read."""

    kind: ClassVar[str] = "indexation"
    indexes: tuple[Index, ...]


SERVICE_TERMS: tuple[type[Term], ...] = (
    Tariff, WeeklyTariff, ArrangementFee, MonthlyTariff, PersonFee, Budget, AvailabilityFee,
    Ceiling, MinimumClients, Corridor, OutcomeBonus, BonusMalus, Withhold, SharedSavings,
)  # fmt: skip
"""The kinds that may stand under a service."""

CONTRACT_TERMS: tuple[type[Term], ...] = (
    Ceiling, MinimumClients, OutcomeBonus, BonusMalus, Withhold, SharedSavings, Indexation,
)  # fmt: skip
"""The kinds that may stand under ``terms`` of a contract."""

LINE_TERMS: tuple[type[Term], ...] = (Tariff, WeeklyTariff, ArrangementFee, MonthlyTariff, PersonFee)
"""The kinds that price lines; a service has at most one of them."""

CALENDAR_TERMS: tuple[type[Term], ...] = (Budget, AvailabilityFee)
"""The kinds that earn by the calendar, without lines; a service has at most one of them."""


# ---- the contract ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Service:
    """The thing bought that terms attach to: a square, a result area, a profile, a product."""

    name: str
    place: Place
    codes: tuple[str, ...] = ()
    terms: Mapping[str, Term] = field(default_factory=dict)
    """By kind."""
    code_levels: Mapping[str, Mapping[Level, str]] = field(default_factory=dict)
    """By code, the intensity and profile that it stands for; of codes that stand for the service alone, nothing."""

    @property
    def line_term(self) -> Tariff | WeeklyTariff | ArrangementFee | MonthlyTariff | PersonFee | None:
        """The term that prices its lines; ``None`` when lines only count (a plain budget)."""
        for term in self.terms.values():
            if isinstance(term, Tariff | WeeklyTariff | ArrangementFee | MonthlyTariff | PersonFee):
                return term
        return None

    @property
    def budget(self) -> Budget | None:
        """Its budget or availability fee; ``None`` when it is paid by its lines."""
        for term in self.terms.values():
            if isinstance(term, Budget):
                return term
        return None


Severity = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Signal:
    """A deviation that the contract asks to be told about; never changes an amount."""

    name: str
    when: tuple[Condition, ...]
    unless: tuple[Condition, ...]
    service: str | None
    """The service whose figures are judged; ``None``: the contract's."""
    severity: Severity
    to: str | None
    place: Place


FIVE_YEARS = Duration(60)
"""The national outer limit of a claim (iJw TR335), and the limitation period: what holds when a contract is silent."""


@dataclass(frozen=True, slots=True)
class DeliveryTerms:
    """How this provider delivers."""

    claim_deadline: Duration | None = None
    """A line whose month lies further back than this from the claim month is refused; ``None``: no deadline."""
    corrections_until: Duration = FIVE_YEARS
    """How long after the end of a year it stays open: until then its lines may be credited and corrected."""
    headings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Column headings of the provider's own, by field of deliveries.md."""
    messages_to: tuple[str, ...] = ()
    """The codes of the municipalities to which the provider addresses its JW323 messages; empty: it sends none."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a municipality and a provider agreed, over a period, for one or more services."""

    number: str
    title: str
    funding: Funding
    municipality: str
    provider: str
    """The key of the provider in rules/providers.yaml."""
    starts: dt.date
    ends: dt.date
    services: Mapping[str, Service]
    terms: Mapping[str, Term]
    """Terms of the whole contract, by kind."""
    signals: tuple[Signal, ...]
    deliveries: DeliveryTerms
    rounding: Rounding
    total_budget: Amounts | None
    place: Place
    digest: str
    """SHA-256 of the rule file, hexadecimal."""

    def year(self, year: int) -> ContractYear | None:
        """The part of this calendar year in which the contract holds; ``None`` when it does not."""
        return ContractYear.of(year, self.starts, self.ends)

    def every_term(self) -> Iterator[tuple[str | None, Term]]:
        """Each term with its service (``None``: the contract's own), in the order of the rule file."""
        for service in self.services.values():
            for term in service.terms.values():
                yield service.name, term
        for term in self.terms.values():
            yield None, term

    @property
    def yearly_ceiling(self) -> bool:
        """Whether a year has one bound over everything: a ceiling of the contract, or one on each of its services."""
        own = self.terms.get("ceiling")
        ceilings = [own] if own is not None else [service.terms.get("ceiling") for service in self.services.values()]
        return bool(ceilings) and all(isinstance(term, Ceiling) and term.per == "year" for term in ceilings)

    @property
    def outside_ceiling(self) -> frozenset[str]:
        """The services that do not count towards the yearly ceiling of the contract: what is used of it is without them."""
        own = self.terms.get("ceiling")
        if not isinstance(own, Ceiling) or own.per != "year":
            return frozenset()
        return frozenset(self.services).difference(own.services_under(self.services))

    def monthly_ceiling(self, service: str | None) -> bool:
        """Whether the ceiling of a service (``None``: of the contract) is one of each month: no bound of the year's figures."""
        term = (self.terms if service is None else self.services[service].terms).get("ceiling")
        return isinstance(term, Ceiling) and term.per == "month"

    @property
    def needs_lines(self) -> bool:
        """Whether a month without a delivery is a deviation: some term prices or counts lines."""
        return any(
            isinstance(term, LINE_TERMS) or term.kind in {"minimum_clients", "bonus_malus", "outcome_bonus", "withhold"}
            for _, term in self.every_term()
        )


@dataclass(frozen=True, slots=True)
class Provider:
    """Who delivers and is paid: one entry of rules/providers.yaml. Empty text where the file gives nothing."""

    key: str
    name: str
    address: str
    kvk: str
    agb: str
    iban: str
    email: str
    creditor: str
    vat: str
    headings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Column headings of its own in all its deliveries, by field; a contract may add to them."""
    language: Literal["nl", "en"] | None = None
    """Of its statements, account talks and returned files; ``None``: the organisation's."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the monthly batch runs: on a working day of the month after the claim month, at an hour, in a zone."""

    working_day: int = 5
    hour: int = 6
    minute: int = 0
    time_zone: str = "Europe/Amsterdam"


@dataclass(frozen=True, slots=True)
class Organisation:
    """rules/organisation.yaml: what is the municipality's own."""

    name: str
    address: str
    iban: str
    logo: str | None = None
    """A PNG or JPEG beside the file; ``None``: the name in its place."""
    language: Literal["nl", "en"] = "nl"
    email: str = ""
    phone: str = ""
    objection_days: int = 14
    """Days within which a provider may object to a statement."""
    payment_days: int = 30
    """Days after the end of the claim month within which is paid."""
    approval: Literal["one person", "two persons"] = "one person"
    negative_payable: Literal["offset", "claim"] = "offset"
    """``offset`` against later payments of the same contract; or a ``claim`` that finance collects apart."""
    ledger: str | None = None
    """The URL of the PostgreSQL database that holds the ledger, without a password; ``None``: a file among the outputs."""
    first_year: int | None = None
    """The first year settled with this system; earlier years are closed. ``None``: each contract from its start."""
    schedule: Schedule = Schedule()
    client_key: str = ""
    """The file with the key that makes pseudonyms of citizen service numbers, from the rules folder; empty: none."""
    alerts_to: Mapping[str, str] = field(default_factory=dict)
    """E-mail address by role: ``contract manager``, ``finance``."""

    def language_for(self, provider: Provider) -> Literal["nl", "en"]:
        """The language in which a provider is written to."""
        return provider.language or self.language


@dataclass(frozen=True, slots=True)
class PaymentHold:
    """A person keeps back what a contract would be paid: it stays owed, and is paid when the hold is released."""

    contract: str
    since: Month
    """The first claim month whose payment is kept back."""
    reason: str
    by: str
    until: Month | None
    """The first claim month that pays again; ``None``: nobody has released it yet."""
    released_by: str
    place: Place

    def holds_in(self, period: Month) -> bool:
        """Whether the payment of a claim month is kept back."""
        return self.since <= period and (self.until is None or period < self.until)


@dataclass(frozen=True, slots=True)
class CeilingDecision:
    """What a person decided about all that lies above a ceiling with ``above: held``, for one year."""

    contract: str
    service: str | None
    """``None``: the contract's own ceiling."""
    year: int
    decided: Literal["paid", "not paid"]
    reason: str
    by: str
    place: Place


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rule files of a workspace, read."""

    organisation: Organisation
    providers: Mapping[str, Provider]
    contracts: Mapping[str, Contract]
    """By number; a contract with problems is not here."""
    digests: Mapping[str, str]
    """SHA-256 of every rule file read, by path relative to the rules folder with forward slashes."""
    stopped: tuple[str, ...] = ()
    """The numbers of contracts that stand in a rule file and are not settled: that file, or one that all depend on, has problems."""
    payment_holds: tuple[PaymentHold, ...] = ()
    """Of contracts in this rulebook, in the order of the file."""
    ceiling_decisions: tuple[CeilingDecision, ...] = ()
    """Of contracts in this rulebook; one for a ceiling and year."""

    def on_hold(self, period: Month) -> dict[str, str]:
        """Contract → why its payment is kept back in a claim month, with who did."""
        holds = [hold for hold in self.payment_holds if hold.holds_in(period)]
        return {hold.contract: f"{hold.reason} ({hold.by})" for hold in holds}

    def headings(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """The own column headings of each contract's deliveries, by field: its own, and its provider's that it doesn't give
        another meaning."""
        found: dict[str, dict[str, tuple[str, ...]]] = {number: {} for number in self.stopped}
        for number, contract in self.contracts.items():
            own = contract.deliveries.headings
            taken = {heading.casefold() for headings in own.values() for heading in headings}
            provider = self.providers.get(contract.provider)
            merged = dict(own)
            for name, headings in provider.headings.items() if provider is not None else ():
                more = tuple(heading for heading in headings if heading.casefold() not in taken)
                merged[name] = (*merged.get(name, ()), *more)
            found[number] = merged
        return found
