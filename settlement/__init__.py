"""settlement: settles care contracts, from rule files and deliveries to statements, alerts and a ledger."""

__version__ = "0.1.0"
