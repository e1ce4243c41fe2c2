"""What contract managers and finance look at: the alerts of a run, as workbook and as page. No client in either."""
