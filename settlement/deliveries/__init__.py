"""Delivered files (Excel and CSV, untrusted) to lines and refusals: every delivered row is one or the other.

``gather`` reads the folders of a run; ``typed_lines`` gives the lines of a case the same types through the same code.
Reading takes place in a child process with bounds (``child``), typing in polars, for all rows of a file at once.
"""
