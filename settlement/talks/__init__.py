"""Account talks: what a contract manager and a provider have before them once a quarter, as a page and as a workbook.

They are made with the papers of a quarter's last month, and every figure is one that the month settled: positions, sums by
month, what the statements and the ledger say was paid.
"""
