"""What contract managers and finance look at: the alerts of a run as a workbook and as one page. No client stands in either."""
