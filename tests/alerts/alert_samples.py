"""Alerts of a fictional region's March, as a run would hand them over."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from settlement.domain.periods import Month
from settlement.domain.problems import Place
from settlement.domain.records import Alert, AlertSummary, Working


def summary() -> AlertSummary:
    """A draft of March."""
    return AlertSummary(
        period=Month(2018, 3),
        run="R-2018-03-1",
        organisation="Regio Midden-Nederland",
        language="nl",
        final=False,
        contracts=38,
        deliveries=37,
        deliveries_missing=1,
        statements=36,
        to_pay_cents=381_240_623,
        held=2,
        rules_digest="41f9" * 16,
    )


def alert(**changes: object) -> Alert:
    """A ceiling that is full."""
    value, norm = (Fraction(104_122_000), "amount"), (Fraction(100_000_000), "amount")
    plain = Alert(
        contract="RTM-2018-RG-112",
        provider_name="Maasoever Jeugdzorg B.V.",
        service=None,
        name="ceiling reached",
        standing=True,
        severity="high",
        to="contract manager",
        value=value,
        norm=norm,
        course=(17_000_000, 34_100_000, 52_000_000, 70_500_000, 88_000_000, 104_122_000),
        article="6.5",
        place=Place("rules/rotterdam/maasoever.yaml", 61, 5),
        sources=("2018-03/maasoever.xlsx", "2018-02/maasoever.xlsx", "2018-01/RTM-2018-RG-112_v2.xlsx"),
        working=Working("signal", {"value": value, "norm": norm}),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def judged(value: Fraction | int, norm: Fraction | int, unit: str, **changes: object) -> Alert:
    """An alert with another figure and norm."""
    figures = {"value": (Fraction(value), unit), "norm": (Fraction(norm), unit)}
    return alert(value=figures["value"], norm=figures["norm"], working=Working("signal", figures), **changes)


def alerts() -> list[Alert]:
    """One of each shape: amounts, shares, counts, a figure without a norm, and a contract's own signal."""
    return [
        judged(
            Fraction(914, 1000), Fraction(95, 100), "share", contract="UTR-AJ-2018-07", provider_name="Stichting De Linde",
            service="crisiszorg", name="te weinig jeugdigen in crisiszorg", standing=False, severity="medium",
            course=(None, None, None, 99, 95, 91), article="", sources=("2018-03/de-linde_v2.xlsx",),
        ),
        alert(),
        judged(
            3, 0, "count", contract="UTR-AJ-2018-07", provider_name="Stichting De Linde", name="lines refused",
            severity="low", course=(None, None, None, 12, 5, 3), article="", sources=("2018-03/de-linde_v2.xlsx · F17, H23, C31",),
        ),
        judged(
            7, Fraction(12), "quantity", contract="UTR-AJ-2018-07", provider_name="Stichting De Linde",
            service="crisiszorg", name="minimum not met", severity="high", course=(None, None, None, 3, 5, 7), article="4.2",
        ),
        judged(
            1, 0, "count", contract="BRB-2018-HV-03", provider_name="De Zoom Gezinsbegeleiding", name="delivery missing",
            severity="high", course=(), article="", sources=(),
        ),
        alert(
            contract="WBW-2016-ARR-031", provider_name="Jeugdzorg De Zoom", name="settlement postponed", severity="medium",
            value=(Fraction(11), "count"), norm=(Fraction(20), "count"), course=(), article="7.4", sources=(),
            working=Working("postponed", {"responses": (Fraction(11), "count"), "minimum": (Fraction(20), "count")}),
        ),
    ]  # fmt: skip
