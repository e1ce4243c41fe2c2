"""Where JW323 messages go, and the key that keeps the children in them unknown. Standard library only; the child has it too.

A citizen service number becomes a pseudonym made with a key of the office's own: the same child of the same provider is
the same in every month, and without the key nobody finds the number by trying all of them.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from settlement.deliveries.personal import is_service_number

if TYPE_CHECKING:
    from settlement.domain.contract import Rulebook

KEY_BYTES = 32
_NINE = re.compile(r"(?=([0-9]{9}))")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RUN = re.compile(r"(?<![0-9])[0-9]{9}(?![0-9])")


@dataclass(frozen=True, slots=True)
class Route:
    """A contract that takes messages, as far as a message can find it."""

    contract: str
    sender: str
    """AGB code of its provider."""
    receivers: tuple[str, ...]
    """Codes of the municipalities to which the provider addresses its messages."""
    starts: str
    ends: str
    """Days, written as in the message: ``2018-01-31``."""
    codes: tuple[str, ...]
    """Its product codes, in small letters."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What the reading of messages needs besides the message."""

    routes: tuple[Route, ...] = ()
    key: str = ""
    """Hexadecimal; empty: there is none, and messages are refused."""
    missing: str = "organisation.yaml names no client_key"
    """Why there is no key."""
    unread: bool = False
    """Whether a contract cannot be settled because of its rule file: then a line without a contract may be its own."""

    def as_json(self) -> dict[str, Any]:
        """For the child, over its pipe; the key stands in no argument, environment or file."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Mailbox:
        """The way back."""
        routes = tuple(
            Route(**{**each, "receivers": tuple(each["receivers"]), "codes": tuple(each["codes"])})
            for each in content["routes"]
        )
        return cls(**{**content, "routes": routes})

    def for_message(self, sender: str, receiver: str) -> list[Route]:
        """The contracts of this sender that take messages to this municipality, in order of number."""
        return [route for route in self.routes if route.sender == sender and receiver in route.receivers]


def routes_of(rulebook: Rulebook) -> tuple[Route, ...]:
    """The routes of all contracts with ``messages_to``."""
    return tuple(
        Route(
            number,
            rulebook.providers[contract.provider].agb,
            contract.deliveries.messages_to,
            contract.starts.isoformat(),
            contract.ends.isoformat(),
            tuple(code.casefold() for service in contract.services.values() for code in service.codes),
        )
        for number, contract in sorted(rulebook.contracts.items())
        if contract.deliveries.messages_to
    )


def placed(routes: Sequence[Route], code: str, start: str) -> list[str]:
    """The contracts that a line may be of; more than one when the rule files leave it open.

    The contract that has its product on its first day; without one, that which has its product, then that which holds
    on its first day, then any: the first, which refuses it and says why.
    """
    small = code.casefold()
    has_code = [route.contract for route in routes if small in route.codes]
    holds = [route.contract for route in routes if route.starts <= start <= route.ends]
    both = [contract for contract in has_code if contract in holds]
    return both or has_code[:1] or holds[:1] or [route.contract for route in routes[:1]]


# ---- pseudonyms ------------------------------------------------------------------------------------------


class Pseudonyms:
    """The pseudonyms of one provider's clients, under the office's key."""

    def __init__(self, key: str, sender: str) -> None:
        self._key = bytes.fromhex(key)
        self._sender = sender

    def client(self, service_number: str) -> str:
        """``P-`` and twenty letters and digits."""
        return self._made("P", "client", service_number)

    def covered(self, number: str, service_numbers: Collection[str]) -> str:
        """A number of the provider's own; a pseudonym instead when a citizen service number can be read in it.

        That is: one of those of the message anywhere in it, or nine digits by themselves that pass the test.
        """
        inside = any(window[1] in service_numbers for window in _NINE.finditer(number))
        if inside or any(is_service_number(run[0]) for run in _RUN.finditer(number)):
            return self._made("V", "number", number)
        return number

    def _made(self, letter: str, what: str, text: str) -> str:
        content = "\0".join(("settlement", what, self._sender, text)).encode()
        digest = hmac.new(self._key, content, hashlib.sha256).digest()
        return f"{letter}-{base64.b32encode(digest).decode()[:20]}"


def fingerprint_of(key: str) -> str:
    """What may be shown and recorded of a key: it tells two keys apart, and gives none away."""
    return hashlib.sha256(b"settlement client key\0" + bytes.fromhex(key)).hexdigest()[:16]


def is_day(text: str) -> bool:
    """Whether a text is a day as messages write it, within the years that are settled."""
    if not _DAY.fullmatch(text):
        return False  # Python reads 20180301 and 2018-W09-4 as well
    try:
        return 1990 <= dt.date.fromisoformat(text).year <= 2100
    except ValueError:
        return False
