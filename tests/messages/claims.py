"""Makes JW323 messages and an office that receives them; a line is what a test says of it, the rest is filled in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench import Yaml, contract, write_rules

from settlement.domain.periods import Month
from settlement.run.computing import Computed, compute
from settlement.run.messages import key_file
from settlement.run.month import approve, draft
from settlement.run.workspace import Workspace

MARCH, APRIL = Month(2018, 3), Month(2018, 4)
AGB, RECEIVER = "22220001", "0599"
KEY = bytes(range(32))
# Numbers that pass the test of eleven: 999900006 gives 9×9+8×9+7×9+6×9−6 = 264 = 24×11.
ANNA, BRAM, CARLA = "999900006", "999900018", "999900031"


@dataclass(frozen=True)
class Line:
    """One Prestatie."""

    reference: str
    code: str = "45A48"
    volume: int = 60
    unit: str = "01"
    tariff: int | None = 104
    amount: int = 62_35
    start: str = "2018-03-01"
    end: str = "2018-03-31"
    allocation: str = "10072"
    category: str = "45"
    previous: str = ""

    def xml(self) -> str:
        previous = f"<ijw:VorigReferentieNummer>{self.previous}</ijw:VorigReferentieNummer>" if self.previous else ""
        tariff = "" if self.tariff is None else f"<m:ProductTarief>{self.tariff}</m:ProductTarief>"
        return (
            f"<m:Prestatie><m:ProductReferentie><ijw:ReferentieNummer>{self.reference}</ijw:ReferentieNummer>{previous}"
            f"</m:ProductReferentie><m:ToewijzingNummer>{self.allocation}</m:ToewijzingNummer>"
            f"<m:ProductCategorie>{self.category}</m:ProductCategorie><m:ProductCode>{self.code}</m:ProductCode>"
            f"<m:ProductPeriode><ijw:Begindatum>{self.start}</ijw:Begindatum><ijw:Einddatum>{self.end}</ijw:Einddatum>"
            f"</m:ProductPeriode><m:GeleverdVolume>{self.volume}</m:GeleverdVolume><m:Eenheid>{self.unit}</m:Eenheid>{tariff}"
            f"<m:IngediendBedrag><ijw:Bedrag>{self.amount}</ijw:Bedrag>"
            f"<ijw:DebetCredit>{'C' if self.previous else 'D'}</ijw:DebetCredit></m:IngediendBedrag></m:Prestatie>"
        )


def minutes(reference: str, volume: int = 60, amount: int = 62_35, **more: object) -> Line:
    """Minutes at € 62,35 an hour; a minute is shown as 1,04 (1,0392 rounded half up)."""
    return Line(reference, volume=volume, amount=amount, **more)


def nights(reference: str, volume: int, allocation: str = "10073", **more: object) -> Line:
    """Etmalen at € 210,00."""
    amount = more.pop("amount", volume * 210_00)
    return Line(reference, "43A12", volume, "14", 210_00, amount, allocation=allocation, category="43", **more)


def weeks(reference: str, volume: int, code: str = "45R01", tariff: int = 100_00, allocation: str = "10074", **more: object) -> Line:
    """Weeks as pieces: light at € 100,00."""
    return Line(reference, code, volume, "82", tariff, volume * tariff, allocation=allocation, **more)


def euros(reference: str, cents: int, code: str = "45R01", allocation: str = "10074", **more: object) -> Line:
    """A week tariff in euros: the amount is the volume, in cents."""
    return Line(reference, code, cents, "83", None, cents, allocation=allocation, **more)


def message(
    clients: Mapping[str, Sequence[Line]], *, number: str = "DN001", identification: str = "ID001", period: Month = MARCH,
    dated: str = "2018-04-05", sender: str = AGB, receiver: str = RECEIVER, total: int | None = None,
) -> str:  # fmt: skip
    """A JW323; ``clients`` maps citizen service numbers to lines."""
    every = [line for lines in clients.values() for line in lines]
    cents = sum(-line.amount if line.previous else line.amount for line in every) if total is None else total
    own = "".join(
        f"<m:Client><m:Bsn>{bsn}</m:Bsn><m:Prestaties>{''.join(line.xml() for line in lines)}</m:Prestaties></m:Client>"
        for bsn, lines in clients.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<m:Bericht xmlns:ijw="http://www.istandaarden.nl/ijw/3_2/basisschema/schema" '
        'xmlns:m="http://www.istandaarden.nl/ijw/3_2/jw323/schema">\n'
        "<m:Header><m:BerichtCode>490</m:BerichtCode><m:BerichtVersie>3</m:BerichtVersie>"
        f"<m:BerichtSubversie>2</m:BerichtSubversie><m:Afzender>{sender}</m:Afzender><m:Ontvanger>{receiver}</m:Ontvanger>"
        f"<m:BerichtIdentificatie><ijw:Identificatie>{identification}</ijw:Identificatie>"
        f"<ijw:Dagtekening>{dated}</ijw:Dagtekening></m:BerichtIdentificatie><m:XsdVersie>"
        "<ijw:BasisschemaXsdVersie>1.2.0</ijw:BasisschemaXsdVersie><ijw:BerichtXsdVersie>1.0.2</ijw:BerichtXsdVersie>"
        "</m:XsdVersie></m:Header>\n"
        f"<m:Declaratie><m:DeclaratieNummer>{number}</m:DeclaratieNummer><m:DeclaratiePeriode>"
        f"<ijw:Begindatum>{period.first_day}</ijw:Begindatum><ijw:Einddatum>{period.last_day}</ijw:Einddatum>"
        f"</m:DeclaratiePeriode><m:DeclaratieDagtekening>{dated}</m:DeclaratieDagtekening><m:TotaalIngediendBedrag>"
        f"<ijw:TotaalBedrag>{abs(cents)}</ijw:TotaalBedrag><ijw:DebetCredit>{'C' if cents < 0 else 'D'}</ijw:DebetCredit>"
        f"</m:TotaalIngediendBedrag><m:Clienten>{own}</m:Clienten></m:Declaratie></m:Bericht>\n"
    )


SERVICES: Yaml = {
    "begeleiding": {"codes": ["45A48", "45A49"],
                    "tariff": {"article": "6.1", "per": "hour", "delivered_in": "minutes", "amounts": {"2018-01-01": "€ 62,35"}}},
    "verblijf": {"codes": ["43A12"], "tariff": {"article": "6.2", "per": "overnight_day", "amounts": {"2018-01-01": "€ 210,00"}}},
    "gedrag": {"codes": {"45R01": "licht", "45R02": "zwaar"},
               "weekly_tariff": {"article": "5.1", "by": "intensity", "weeks": "sundays",
                                 "amounts": {"2018-01-01": {"licht": "€ 100,00", "zwaar": "€ 300,00"}}}},
}  # fmt: skip


def agreed(number: str = "M-1", services: Yaml = SERVICES, **more: object) -> Yaml:
    """A contract that takes messages."""
    deliveries = {"messages_to": RECEIVER, **more.pop("deliveries", {})}
    return {**contract(number, services, funding="effort-based"), "deliveries": deliveries, **more}


@dataclass
class Office:
    """A workspace that receives messages, with a key."""

    folder: Path
    contracts: Sequence[Yaml] = field(default_factory=lambda: (agreed(),))
    key: bytes | None = KEY

    def __post_init__(self) -> None:
        self.workspace = Workspace(self.folder / "rules", self.folder / "inputs", self.folder / "outputs")
        self.workspace.inputs.mkdir(parents=True, exist_ok=True)
        self.rules()

    def rules(self, *contracts: Yaml) -> None:
        named = {"client_key": "../client.key"} if self.key else {}
        write_rules(self.workspace.rules, contracts or self.contracts, **named)
        if self.key:
            (self.folder / "client.key").write_bytes(key_file(self.key))

    def receive(self, text: str | bytes, name: str = "bericht.xml", month: Month = MARCH) -> Path:
        path = self.workspace.inputs / str(month) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def compute(self, month: Month = MARCH) -> Computed:
        """The month without its papers: the answers are in it."""
        return compute(self.workspace, month)

    def draft(self, month: Month = MARCH) -> Computed:
        return draft(self.workspace, month, _at(month)).computed

    def approve(self, month: Month = MARCH) -> None:
        approve(self.workspace, month, "A. de Vries", _at(month))

    def answers(self, month: Month = MARCH) -> list[str]:
        """The texts of the answers of a month, in order of name."""
        return [path.read_text(encoding="utf-8") for path in sorted((self.workspace.outputs / str(month)).glob("messages/*/*.xml"))]

    def answer(self, month: Month = MARCH) -> str:
        (text,) = self.answers(month)
        return text


def _at(month: Month) -> dt.datetime:
    day = month.plus(1).first_day + dt.timedelta(days=8)
    return dt.datetime(day.year, day.month, day.day, 6, tzinfo=dt.UTC)


def to_pay(computed: Computed) -> dict[str, int]:
    return {one.contract.number: one.to_pay_cents for one in computed.statements}


def refused(computed: Computed) -> list[tuple[int, str, str]]:
    """Row, code and national code of every refusal."""
    return computed.settlement.refusals.select("row", "code", "national").sort("row", "code").rows()
