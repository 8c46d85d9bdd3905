"""Statements as files: CSV for programs, XLSX for people. No cell is ever a formula."""

import csv
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from typing import Final

import xlsxwriter

Cell = str | int
"""Text, or an amount in fen."""
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_YUAN: Final = 100


def as_csv(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with a mark at its beginning, so that spreadsheets read the Chinese; amounts in yuan
    with two decimals; text that could be a formula begins with an apostrophe."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([harmless(head) for head in headers])
    writer.writerows([_text(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(title: str, headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A sheet with amounts as numbers in yuan; text is written as text, whatever it begins with."""
    out = BytesIO()
    safe = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, {"in_memory": True, **safe}) as book:
        sheet = book.add_worksheet(title)
        bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
        for column, head in enumerate(headers):
            sheet.write_string(0, column, head, bold)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(number, column, cell / _YUAN, money)
                else:
                    sheet.write_string(number, column, cell)
        sheet.set_column(0, len(headers) - 1, 16)
        sheet.freeze_panes(1, 0)
    return out.getvalue()


def harmless(text: str) -> str:
    """Text that no spreadsheet runs."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return harmless(cell)
    sign = "-" if cell < 0 else ""
    return f"{sign}{abs(cell) // _YUAN}.{abs(cell) % _YUAN:02d}"
