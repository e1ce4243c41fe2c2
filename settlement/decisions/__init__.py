"""Which terms bite on a position, decided by the engine and proved by the gate; and how much each decision is worth."""
