"""The returned file: a provider's own workbook back, with its faults marked on its own cells and listed on a sheet."""
