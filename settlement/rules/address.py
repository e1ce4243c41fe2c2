"""The address of a ledger on a server, as organisation.yaml gives it: without a password, which no message shows."""

from __future__ import annotations

import re
from urllib.parse import unquote

from settlement.rules.grammar import NotAccepted, Value, did_you_mean, quote

_EXAMPLE = "postgresql://settlement@db.example/settlement"
_PARAMETERS = (
    "host", "port", "service", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "channel_binding", "gssencmode",
    "krbsrvname", "connect_timeout", "target_session_attrs",
)  # fmt: skip
"""What may stand behind the question mark, as PostgreSQL means it."""
_MAXIMUM = 500

_URL = re.compile(
    r"postgres(?:ql)?://(?:[^:@/?#\s]+@)?(?P<hosts>[^@/?#\s]*)/(?P<database>[^/?#\s]*)(?:\?(?P<parameters>[^?#\s]*))?"
)
_PASSWORD = re.compile(r"(://[^:@/\s]*:)([^\s]+)(?=@)|((?:^|[?&])(?:ssl)?password=)([^&\s]*)", re.IGNORECASE)


def without_password(line: str) -> str:
    """A line as a message may show it: as wide as it was, with dots where the password of an address stands."""
    return _PASSWORD.sub(lambda found: (found[1] or found[3]) + "•" * len(found[2] or found[4] or ""), line)


def read_ledger_address(text: str) -> str:
    """The URL of a database on a PostgreSQL server."""
    if _PASSWORD.search(text):
        raise NotAccepted(
            "password",
            "a password stands in the address of the ledger",
            f"Rule files are copied and kept: have it changed, and write {_stripped(text)}\n"
            "The new one belongs in the environment (PGPASSWORD), in the file .pgpass of whoever runs this, or in a "
            "service file.",
        )
    match = _URL.fullmatch(text)
    if match is None or len(text) > _MAXIMUM:
        raise NotAccepted(
            "ledger-address",
            f"{quote(text)} is not the address of a ledger",
            f"Write the user, the server and the database: {_EXAMPLE}. Left out, the ledger is a file among the outputs.",
        )
    given = dict(part.partition("=")[::2] for part in (match["parameters"] or "").split("&") if part)
    for name in given:
        if name not in _PARAMETERS:
            raise NotAccepted(
                "ledger-parameter",
                f"{quote(name)} cannot be said about a ledger's server",
                did_you_mean(name, _PARAMETERS, f"Accepted here: {', '.join(_PARAMETERS)}."),
            )
    if "service" in given:
        return text
    if not unquote(match["database"]) or not (match["hosts"] or given.get("host")):
        missing = "database" if match["hosts"] or given.get("host") else "server"
        raise NotAccepted(
            "ledger-address",
            f"{quote(text)} names no {missing}",
            f"Write the user, the server and the database: {_EXAMPLE}. Left out, the ledger is a file among the outputs.",
        )
    return text


def _stripped(text: str) -> str:
    """The same address without its password."""
    behind = re.sub(r"(?<=[?&])(?:ssl)?password=[^&\s]*&?", "", text, flags=re.IGNORECASE).rstrip("?&")
    return re.sub(r"(://[^:@/\s]*):[^\s]+(?=@)", r"\1", behind)


LEDGER_ADDRESS = Value("address of a database", _EXAMPLE, read_ledger_address)
