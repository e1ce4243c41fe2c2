"""A run: gather, settle, write, record. The only floor that touches folders, clock and ledger."""
