"""Paper: how every workbook of ours looks, prints and is kept safe. The one room of openpyxl.

Statements and alerts say what stands where; this floor knows fonts, A4, protection, the one gate for text
from outside, and how the same content gives the same bytes.
"""
