"""The template: the workbook that a provider fills in for a contract and a month, with the columns that its terms need."""
