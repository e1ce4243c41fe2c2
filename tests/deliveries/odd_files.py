"""Makes a folder of bad and odd files, as providers, programs and attackers send them; odd_files.csv says what must come of each.

    python tests/deliveries/odd_files.py FOLDER      writes them there, to look at
"""

from __future__ import annotations

import gzip
import io
import random
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from delivered_files import DATE_STYLES, HEADINGS, heading_row, raw_parts, sheet_xml, text_cell, zipped
from test_opendocument import HEADING_ROW as ODS_HEADINGS
from test_opendocument import content, line, number, packed, table, text

HERE = Path(__file__).parent
ODD: dict[str, Callable[[], bytes]] = {}
"""By name of the file: what makes it."""
Parts = dict[str, str | bytes]
SHEET, BOOK, STYLES, STRINGS = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
CSV_HEAD = "Cliëntnummer;Begindatum;Einddatum;Volume;Eenheid;Bedrag\n"
CSV_LINE = "C-1;01-03-2018;31-03-2018;60;min;€ 10,00\n"
LAUGHS = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'


def cells(row: int = 2, **other: str) -> str:
    """One good line; by column letter, what stands there instead (whole cells, or the text of an inline string)."""
    own = {
        "A": text_cell(f"A{row}", f"C-{row}"), "B": text_cell(f"B{row}", "45A48"), "C": f'<c r="C{row}" s="1"><v>43160</v></c>',
        "D": f'<c r="D{row}" s="2"><v>43190</v></c>', "E": f'<c r="E{row}"><v>60</v></c>', "F": text_cell(f"F{row}", "min"),
        "G": f'<c r="G{row}"><v>62.5</v></c>', "H": text_cell(f"H{row}", f"R{row}"),
    }  # fmt: skip
    for column, cell in other.items():
        own[column] = cell if not cell or cell.startswith("<c ") else text_cell(f"{column}{row}", cell)
    return f'<row r="{row}">{"".join(own.values())}</row>'


def parts(rows: str | None = None, *, before: str = "", after: str = "", **more: object) -> Parts:
    xml = sheet_xml(heading_row() + (cells() if rows is None else rows), before=before, after=after)
    return raw_parts({"Levering": xml}, styles=DATE_STYLES, **more)  # type: ignore[arg-type]


def changed(changes: Mapping[str, Callable[[str], str]], made: Parts | None = None) -> bytes:
    made = dict(made or parts())
    for part, change in changes.items():
        made[part] = change(str(made[part]))
    return zipped(made)


def doctype(xml: str) -> str:
    return LAUGHS + xml.partition("?>")[2] if xml.startswith("<?xml") else LAUGHS + xml


def odd(name: str, data: bytes | str | Callable[[], bytes]) -> None:
    assert name not in ODD, name
    content = data.encode() if isinstance(data, str) else data
    ODD[name] = content if callable(content) else lambda: content


def rows(name: str, xml: str, **more: object) -> None:
    odd(f"{name}.xlsx", lambda: zipped(parts(xml, **more)))


def cell(name: str, column: str, value: str) -> None:
    """A line with one odd cell, and a good line below it."""
    rows(f"cel {name}", cells(2, **{column: value}) + cells(3))


def csv(name: str, body: str, encoding: str = "utf-8", head: str = CSV_HEAD) -> None:
    odd(f"{name}.csv", (head + body).encode(encoding))


# ---- no workbooks, and broken ones -----------------------------------------------------------------------

GOOD = zipped(parts())
odd("leeg.xlsx", b"")
odd("een byte.xlsx", b"P")
odd("alleen pk.xlsx", b"PK\x03\x04")
odd("ruis.xlsx", random.Random(1).randbytes(5000))
odd("pk en ruis.xlsx", b"PK\x03\x04" + random.Random(2).randbytes(5000))
odd("html.xlsx", "<html><table><tr><td>Cliëntnummer</td></tr></table></html>")
odd("html.xls", "<html><table><tr><td>Cliëntnummer</td></tr></table></html>")
odd("csv als xls.xls", CSV_HEAD + CSV_LINE)
odd("csv als xlsx.xlsx", CSV_HEAD + CSV_LINE)
odd("xml 2003.xlsx", '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>')
odd("pdf.xlsx", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
odd("plaatje.xlsx", b"\x89PNG\r\n\x1a\n" + b"\0" * 50)
odd("gzip.xlsx", gzip.compress(GOOD, mtime=0))
odd("zip.xlsx", zipped({"lees mij.txt": "x"}))
odd("zip in zip.xlsx", zipped({"levering.xlsx": GOOD}))
odd("oud.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + random.Random(3).randbytes(3000))
odd("oud onder nieuwe naam.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + random.Random(3).randbytes(3000))
odd("heel oud.xls", b"\x09\x04\x06\x00" + b"\0" * 100)
odd("wachtwoord.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"))
odd("binair.xlsb", lambda: zipped(parts() | {"xl/workbook.bin": b"\x83\x01\x00"}))
odd("binair onder nieuwe naam.xlsx", lambda: zipped(parts() | {"xl/workbook.bin": b"\x83\x01\x00"}))
odd("nieuw onder oude naam.xls", GOOD)
odd("nieuw onder binaire naam.xlsb", GOOD)
odd("macro's.xlsm", lambda: zipped(parts() | {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}))
for share in (20, 50, 90, 99):
    odd(f"afgebroken op {share} procent.xlsx", GOOD[: len(GOOD) * share // 100])
odd("een byte te kort.xlsx", GOOD[:-1])
odd("iets erachter.xlsx", GOOD + b"x")
odd("nullen erachter.xlsx", GOOD + b"\0" * 100_000)
odd("iets ervoor.xlsx", b"x" + GOOD)
odd("tweemaal achter elkaar.xlsx", GOOD + GOOD)


def of_zip(name: str, change: Callable[[bytearray], None]) -> None:
    def make() -> bytes:
        data = bytearray(GOOD)
        change(data)
        return bytes(data)

    odd(f"zip {name}.xlsx", make)


def in_directory(offset: int, value: bytes, part: int = 5) -> Callable[[bytearray], None]:
    """Changes something in the central directory's entry of a part."""

    def change(data: bytearray) -> None:
        at = -1
        for _ in range(part):
            at = data.index(b"PK\x01\x02", at + 1)
        data[at + offset : at + offset + len(value)] = value

    return change


def flip(at: int) -> Callable[[bytearray], None]:
    def change(data: bytearray) -> None:
        data[at] ^= 1

    return change


of_zip("met wachtwoord", in_directory(8, b"\x01\x00"))
of_zip("onbekende pakwijze", in_directory(10, b"\x63\x00"))
of_zip("verkeerde controle", in_directory(16, b"\0\0\0\0"))
of_zip("zegt groter te zijn", in_directory(24, (600 << 20).to_bytes(4, "little")))
of_zip("zegt kleiner te zijn", in_directory(24, (10).to_bytes(4, "little")))
of_zip("gepakt groter dan het bestand", in_directory(20, (1 << 30).to_bytes(4, "little")))
of_zip("overlappende delen", in_directory(42, b"\0\0\0\0"))
of_zip("deel voorbij het einde", in_directory(42, b"\xff\xff\xff\x7f"))
of_zip("bit om in de gegevens", flip(900))
of_zip("bit om in het slot", flip(-20))


def twice() -> bytes:
    """A zip in which one part stands twice; written under another name of the same length, for zipfile warns of it."""
    return zipped(parts() | {SHEET.replace("sheet1", "sheetX"): sheet_xml(heading_row())}).replace(b"sheetX", b"sheet1")


odd("zip deel staat er tweemaal.xlsx", twice)
odd("zip delen verschillen in hoofdletters.xlsx", lambda: zipped(parts() | {"xl/worksheets/SHEET1.xml": sheet_xml("")}))
odd("zip bom van nullen.xlsx", lambda: zipped(parts() | {"xl/media/image1.png": b"\0" * (20 << 20)}))
odd("zip bom in een blad.xlsx", lambda: zipped(parts() | {SHEET: sheet_xml(heading_row() + " " * (20 << 20))}))
odd("zip bom in een zip.xlsx", lambda: zipped(parts() | {"xl/embeddings/x.zip": zipped({"x": b"\0" * (9 << 20)})}))
odd("zip tienduizend delen.xlsx", lambda: zipped(parts() | {f"xl/media/{at}.png": b"" for at in range(10_001)}))
odd("zip paden naar buiten.xlsx", lambda: zipped(parts() | {"../../../etc/cron.d/x": "x", "/etc/passwd": "x", "C:\\x": "x"}))


def of_bzip2() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as package:
        for name, xml in parts().items():
            package.writestr(zipfile.ZipInfo(name), xml, zipfile.ZIP_BZIP2)
    return out.getvalue()


odd("zip deel met bzip2.xlsx", of_bzip2)

# ---- XML -------------------------------------------------------------------------------------------------

for part in (SHEET, BOOK, STYLES, RELATIONS, "_rels/.rels"):
    odd(f"xml doctype in {part.replace('/', ' ')}.xlsx", lambda part=part: changed({part: doctype}))
odd("xml extern bestand.xlsx", lambda: changed({SHEET: lambda xml: xml.replace("<worksheet", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet').replace("C-2", "&a;")}))
odd("xml onbekende entiteit.xlsx", lambda: changed({SHEET: lambda xml: xml.replace("C-2", "&nbsp;")}))
odd("xml stopt halverwege.xlsx", lambda: changed({SHEET: lambda xml: xml[:-60]}))
odd("xml sluit verkeerd.xlsx", lambda: changed({SHEET: lambda xml: xml.replace("</row>", "</rij>", 1)}))
odd("xml nul teken.xlsx", lambda: changed({SHEET: lambda xml: xml.replace("C-2", "C\0-2")}))
odd("xml verwijzing naar nul.xlsx", lambda: changed({SHEET: lambda xml: xml.replace("C-2", "C&#0;-2")}))
odd("xml verwijzing te groot.xlsx", lambda: changed({SHEET: lambda xml: xml.replace("C-2", "C&#9999999;-2")}))
odd("xml diep genest.xlsx", lambda: changed({SHEET: lambda xml: xml.replace("<sheetData>", "<a>" * 50_000 + "</a>" * 50_000 + "<sheetData>")}))
odd("xml regels tweemaal.xlsx", lambda: changed({SHEET: lambda xml: xml.replace("</worksheet>", f"<sheetData>{cells(3)}</sheetData></worksheet>")}))
odd("xml commentaar met cellen.xlsx", lambda: changed({SHEET: lambda xml: xml.replace("<sheetData>", f"<sheetData><!--{cells(9).replace('--', '')}-->")}))
odd("xml als cdata.xlsx", lambda: changed({SHEET: lambda xml: xml.replace("<t>C-2</t>", "<t><![CDATA[C-2]]></t>")}))
odd("xml met bom.xlsx", lambda: changed({SHEET: lambda xml: "\ufeff" + xml}))
odd("xml latijn-1.xlsx", lambda: zipped(parts() | {SHEET: parts()[SHEET].replace('encoding="UTF-8"', 'encoding="ISO-8859-1"').replace("C-2", "Zoë").encode("latin-1")}))  # type: ignore[union-attr]
odd("xml geen utf-8.xlsx", lambda: zipped(parts() | {SHEET: str(parts()[SHEET]).encode().replace(b"C-2", b"C\xff2")}))
odd("xml strikt.xlsx", lambda: changed(dict.fromkeys((SHEET, BOOK, STYLES, RELATIONS, "_rels/.rels"), _strict)))
odd("xml met voorvoegsel.xlsx", lambda: changed({SHEET: _prefixed, BOOK: _prefixed, STYLES: _prefixed}))


def _strict(xml: str) -> str:
    return (
        xml.replace("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
        .replace("http://schemas.openxmlformats.org/officeDocument/2006/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships")
        .replace('<c r="C2" s="1"><v>43160</v></c>', '<c r="C2" s="1" t="d"><v>2018-03-01T00:00:00</v></c>')
    )  # fmt: skip


def _prefixed(xml: str) -> str:
    import re

    return re.sub(r"<(/?)(?![?!/])", r"<\1x:", xml).replace('xmlns="', 'xmlns:x="')


# ---- workbooks and sheets --------------------------------------------------------------------------------

odd("blad ontbreekt.xlsx", lambda: zipped({name: xml for name, xml in parts().items() if name != SHEET}))
odd("opmaak ontbreekt.xlsx", lambda: zipped({name: xml for name, xml in parts().items() if name != STYLES}))
odd("werkmap zonder bladen.xlsx", lambda: zipped(raw_parts({})))
odd("zonder opmaak.xlsx", lambda: zipped(raw_parts({"L": sheet_xml(heading_row() + cells(C="01-03-2018", D="31-03-2018"))})))
odd("zonder soorten delen.xlsx", lambda: zipped({name: xml for name, xml in parts().items() if name != "[Content_Types].xml"}))
odd("alleen een verborgen blad.xlsx", lambda: zipped(raw_parts({"L": str(parts()[SHEET])}, styles=DATE_STYLES, states={"L": "veryHidden"})))
odd("twee bladen met regels.xlsx", lambda: zipped(raw_parts(dict.fromkeys(("Maart", "April"), str(parts()[SHEET])), styles=DATE_STYLES)))
odd("grafiekblad ervoor.xlsx", lambda: changed({RELATIONS: lambda xml: xml.replace("/worksheet\"", "/chartsheet\"", 1)}, raw_parts({"G": "<chartsheet/>", "L": str(parts()[SHEET])}, styles=DATE_STYLES)))
odd("verwijst naar buiten.xlsx", lambda: changed({RELATIONS: lambda xml: xml.replace("worksheets/sheet1.xml", "../../../../etc/passwd")}))
odd("verwijst naar het net.xlsx", lambda: changed({RELATIONS: lambda xml: xml.replace('Target="worksheets/sheet1.xml"', 'Target="http://example.org/x" TargetMode="External"')}))
odd("verwijst naar zichzelf.xlsx", lambda: changed({RELATIONS: lambda xml: xml.replace("worksheets/sheet1.xml", "workbook.xml")}))
odd("opmaak met onzin.xlsx", lambda: changed({STYLES: lambda xml: xml.replace('numFmtId="14"', 'numFmtId="veertien"')}))
odd("eerst alles berekenen.xlsx", lambda: changed({BOOK: lambda xml: xml.replace("</workbook>", '<calcPr fullCalcOnLoad="1"/></workbook>')}, parts(cells(E='<c r="E2"><f>1+1</f><v>0</v></c>'))))
rows("een miljoen kolommen", cells(), before='<dimension ref="A1:XFD1048576"/>')
rows("laatste hoek gevuld", cells() + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
rows("voorbij de laatste kolom", '<row r="2"><c r="XFE2"><v>1</v></c></row>')
rows("voorbij de laatste rij", cells(2) + '<row r="1048577"><c r="A1048577"><v>1</v></c></row>')
rows("cel tweemaal", cells(A='<c r="A2"><v>1</v></c><c r="A2"><v>2</v></c>'))
rows("rij tweemaal", cells(2) + cells(2))
rows("rijen door elkaar", cells(3) + cells(2))
rows("rij noemt een andere rij", cells(2).replace('r="A2"', 'r="A3"'))
rows("geen rijnummers", cells(2).replace('<row r="2">', "<row>"))
rows("onwaar bereik", cells(), before='<dimension ref="A1:A1"/>')
rows("tekst die niet bestaat", cells(A='<c r="A2" t="s"><v>7</v></c>'), strings=["x"])
rows("tekst met minteken", cells(A='<c r="A2" t="s"><v>-1</v></c>'), strings=["x"])
rows("opmaak die niet bestaat", cells(E='<c r="E2" s="9999"><v>60</v></c>'))
rows("celsoort die niet bestaat", cells(E='<c r="E2" t="zz"><v>60</v></c>'))
rows("samengevoegd over een miljoen rijen", cells(), after='<mergeCells><mergeCell ref="J1:XFD1048576"/></mergeCells>')
rows("samengevoegd over elkaar", cells(2) + cells(3), after='<mergeCells><mergeCell ref="A2:A3"/><mergeCell ref="A3:A4"/></mergeCells>')
rows("samengevoegde cliënt", cells(2) + cells(3, A=""), after='<mergeCells><mergeCell ref="A2:A3"/></mergeCells>')
rows("samengevoegd volume", cells(2) + cells(3, E=""), after='<mergeCells><mergeCell ref="E2:E3"/></mergeCells>')
rows("duizenden samengevoegd", cells(), after="<mergeCells>" + "".join(f'<mergeCell ref="J{at}:K{at}"/>' for at in range(1, 20_003)) + "</mergeCells>")
rows("geen regels", "")
rows("koppen nogmaals", cells(2) + heading_row(row=3) + cells(4))
rows("verborgen rij", cells(2) + cells(3).replace('<row r="3">', '<row r="3" hidden="1">'))
rows("totaal klopt", cells(2) + cells(3) + f'<row r="5">{text_cell("A5", "Totaal")}<c r="E5"><v>120</v></c><c r="G5"><v>125</v></c></row>')
rows("totaal klopt niet", cells(2) + cells(3) + f'<row r="5">{text_cell("A5", "Totaal")}<c r="E5"><v>180</v></c></row>')
odd("koppen ver naar onderen.xlsx", lambda: zipped(raw_parts({"L": sheet_xml(heading_row(row=50) + cells(51))}, styles=DATE_STYLES)))
odd("koppen onbekend.xlsx", lambda: zipped(raw_parts({"L": sheet_xml(heading_row(["Wie", "Wat", "Wanneer"]) + cells())}, styles=DATE_STYLES)))
odd("twee kolommen volume.xlsx", lambda: zipped(raw_parts({"L": sheet_xml(heading_row([*HEADINGS, "Aantal"]) + cells())}, styles=DATE_STYLES)))
odd("kolom bsn.xlsx", lambda: zipped(raw_parts({"L": sheet_xml(heading_row([*HEADINGS, "BSN"]) + cells())}, styles=DATE_STYLES)))
rows("bsn als cliëntnummer", "".join(cells(at, A=bsn) for at, bsn in enumerate(("111222333", "123456782", "999999990"), 2)))

# ---- cells -----------------------------------------------------------------------------------------------

for what, client in {
    "onzichtbaar nul breed": "C\u200b-1", "vaste spatie": "C\u00a01", "schrijfrichting": "\u202eC-1", "zacht streepje": "C\u00ad1",
    "cyrillisch": "\u0421-1", "grieks": "\u0391-1", "volle breedte": "C-\uff11", "arabische cijfers": "C-\u0663", "emoji": "C-\U0001f600",
    "regeleinde": "C\n1", "tab": "C\t1", "pad omhoog": "../../../etc/passwd", "pad van windows": "C:\\Windows\\system32",
    "formule als tekst": "=HYPERLINK(\"http://example.org\")", "opdracht": "=cmd|' /C calc'!A0", "script": "<script>alert(1)</script>",
    "aanhaling": "C'; DROP TABLE lines;--", "te lang": "C" * 201, "los accent": "Zoe\u0308", "spaties eromheen": "  C-1  ",
    "scheiding van ons zelf": "C\x7f1", "wees van een paar": "C_xD800_1", "nul uit excel": "C_x0000_1", "bsn alleen": "111222333",
}.items():  # fmt: skip
    cell(f"cliënt {what}", "A", client)
for what, xml in {
    "getal": "<v>231</v>", "getal met punt nul": "<v>231.0</v>", "getal als macht": "<v>1.2345678E7</v>", "gebroken": "<v>231.5</v>",
    "zestien cijfers": "<v>1234567890123456</v>", "dag": '" s="1"><v>43160</v>', "met nullen getoond": '" s="3"><v>231</v>', "waar": '" t="b"><v>1</v>',
    "fout": '" t="e"><v>#N/A</v>', "formule met tekst": '" t="str"><f>"C"&amp;1</f><v>C1</v>', "formule zonder uitkomst": "<f>A1</f>",
    "leeg": "",
}.items():  # fmt: skip
    cell(f"cliënt {what}", "A", f'<c r="A2{xml}</c>' if xml.startswith('"') else f'<c r="A2">{xml}</c>')
for what, stored in {
    "1e308": "1e308", "min nul": "-0", "min een": "-1", "nan": "NaN", "oneindig": "INF", "bijna niets": "4.9e-324", "hex": "0x10",
    "drijvend": "95.499999999999986", "te fijn": "1.23456", "leeg getal": "", "spatie": " ", "miljoen en een": "1000001",
    "arabische cijfers": "\u0661\u0662",
}.items():  # fmt: skip
    cell(f"volume {what}", "E", f'<c r="E2"><v>{stored}</v></c>')
for what, written in {
    "komma": "1.234,50", "punt": "1234.50", "dubbelzinnig": "1.234", "woorden": "veel", "formule": "=60*2", "min": "-5", "procent": "50%",
    "euro": "\u20ac 5", "spatie erin": "1 234",
}.items():  # fmt: skip
    cell(f"volume tekst {what}", "E", written)
cell("volume datum", "E", '<c r="E2" s="1"><v>43160</v></c>')
for what, xml in {
    "jaar 9999": ' s="1"><v>2958465</v>', "voorbij 9999": ' s="1"><v>9999999</v>', "jaar 1900": ' s="1"><v>60</v>', "negatief": ' s="1"><v>-1</v>',
    "met tijd": ' s="1"><v>43160.5</v>', "getal": "><v>43160</v>", "getal van acht": "><v>20180301</v>", "waar": ' t="b"><v>1</v>',
    "punt nul": ' s="1"><v>43160.0</v>', "geschreven": ' t="d"><v>2018-03-01</v>',
}.items():  # fmt: skip
    cell(f"begin {what}", "C", f'<c r="C2"{xml}</c>')
for what, written in {
    "schuin": "03/04/2018", "maand eerst": "12/31/2018", "twee cijfers": "1-3-18", "bestaat niet": "31-02-2018", "jaar 9999": "31-12-9999",
    "woorden": "1 maart 2018", "achterstevoren": "2018-03-01", "gisteren": "gisteren",
}.items():  # fmt: skip
    cell(f"begin tekst {what}", "C", written)
cell("eenheid onbekend", "F", "kwartieren")
cell("bedrag te fijn", "G", "€ 10,005")

# ---- CSV -------------------------------------------------------------------------------------------------

odd("leeg.csv", b"")
odd("ruis.csv", random.Random(4).randbytes(5000))
odd("nullen.csv", b"\0" * 1000)
odd("werkmap.csv", GOOD)
odd("html.csv", "<html><body>Cliëntnummer</body></html>")
odd("json.csv", '{"Cliëntnummer": 1}')
odd("alleen puntkomma's.csv", b";" * 100_000)
odd("alleen aanhalingstekens.csv", b'"' * 1001)
odd("alleen regeleinden.csv", b"\r" * 10_000)
odd("duizenden kolommen.csv", "Cliënt;" * 5000)
csv("gewoon", CSV_LINE)
for encoding in ("utf-8-sig", "utf-16", "utf-16-be", "cp1252", "latin-1", "utf-32"):
    csv(f"letters {encoding}", CSV_LINE.replace("C-1", "Zoë").replace("€ ", ""), encoding)
csv("letters door elkaar", "", head="")
ODD["letters door elkaar.csv"] = lambda: (CSV_HEAD + CSV_LINE.replace("C-1", "Zoë")).encode() + CSV_LINE.replace("C-1", "Zoë").encode("cp1252")
csv("nul erin", CSV_LINE.replace("C-1", "C\0-1"))
csv("rij te kort", "C-1;01-03-2018\n" + CSV_LINE)
csv("rij te lang", CSV_LINE.replace("\n", ";extra\n") + CSV_LINE.replace("\n", ";;\n"))
csv("aanhaling sluit niet", '"C-1;01-03-2018;31-03-2018;60;min;1\n')
csv("aanhaling halverwege", '"C"1;01-03-2018;31-03-2018;60;min;1\n')
csv("regeleinde in een cel", '"C\n1";01-03-2018;31-03-2018;60;min;1\n' + CSV_LINE)
csv("los regeleinde", CSV_LINE.replace("\n", "\r") * 2)
csv("afgebroken in een rij", CSV_LINE + CSV_LINE[:20])
csv("afgebroken op een regeleinde", CSV_LINE + CSV_LINE + "Totaal;;;180;;\n")
csv("laatste regel zonder einde", CSV_LINE.strip())
csv("met pijpjes", CSV_LINE.replace(";", "|"), head=CSV_HEAD.replace(";", "|"))
csv("met dubbele punten", CSV_LINE.replace(";", ":"), head=CSV_HEAD.replace(";", ":"))
csv("met komma's", 'C-1,01-03-2018,31-03-2018,"1.234,50",min,10.00\n', head=CSV_HEAD.replace(";", ","))
csv("met komma's zonder aanhaling", "C-1,01-03-2018,31-03-2018,1,5,min,10\n", head=CSV_HEAD.replace(";", ","))
csv("met tabs", CSV_LINE.replace(";", "\t"), head=CSV_HEAD.replace(";", "\t"))
csv("hint van excel", CSV_LINE, head="sep=;\n" + CSV_HEAD)
csv("tekst als formule", CSV_LINE.replace("C-1", '="0231"') + CSV_LINE.replace("C-1", '"=""0232"""'))
csv("formule", CSV_LINE.replace("60", "=30*2"))
csv("heel lange regel", "C" * 2_000_000 + ";01-03-2018;31-03-2018;60;min;1\n" + CSV_LINE)
csv("dubbelzinnige dagen", CSV_LINE.replace("01-03-2018", "03/04/2018").replace("31-03-2018", "03/04/2018"))
csv("dagen die elkaar verklaren", CSV_LINE.replace("01-03-2018", "03/04/2018").replace("31-03-2018", "30/04/2018"))
csv("dubbelzinnig getal", CSV_LINE.replace("60", "1.234"))
csv("getal door de kolom verklaard", CSV_LINE.replace("60", "1.234") + CSV_LINE.replace("60", "2,5"))
csv("koppen nogmaals", CSV_LINE + CSV_HEAD + CSV_LINE)
csv("kolom bsn", CSV_LINE, head=CSV_HEAD.replace("Bedrag", "Burgerservicenummer"))
csv("bsn onder een andere kop", "".join(CSV_LINE.replace("€ 10,00", bsn) for bsn in ("111222333", "123456782", "999999990")), head=CSV_HEAD.replace("Bedrag", "Kenmerk"))
csv("ander contract in de kop", CSV_LINE, head="Contractnummer;ONBEKEND-9\n" + CSV_HEAD)

# ---- OpenDocument ----------------------------------------------------------------------------------------

odd("open gewoon.ods", lambda: packed(content(table(ODS_HEADINGS, line()))))
odd("open afgebroken.ods", lambda: packed(content(table(ODS_HEADINGS, line())))[:-200])
odd("open rijen herhaald.ods", lambda: packed(content(table(ODS_HEADINGS, line(more=' table:number-rows-repeated="3"')))))
odd("open bom van rijen.ods", lambda: packed(content(table(ODS_HEADINGS, line(more=' table:number-rows-repeated="1048575"'), ""))))
odd("open tien miljoen rijen.ods", lambda: packed(content(table(ODS_HEADINGS, line(more=' table:number-rows-repeated="10000000"')))))
odd("open volume 1e308.ods", lambda: packed(content(table(ODS_HEADINGS, line(quantity=number("1E+308"))))))
odd("open cyrillisch.ods", lambda: packed(content(table(ODS_HEADINGS, line(client=text("\u0421-1"))))))
odd("open doctype.ods", lambda: packed(LAUGHS + "<x>&c;</x>"))
odd("open wachtwoord.ods", lambda: packed("x", **{"META-INF/manifest.xml": '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:encryption-data/></m:manifest>'}))
odd("open tekstdocument.ods", lambda: zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"}))
odd("open onder nieuwe naam.xlsx", lambda: packed(content(table(ODS_HEADINGS, line()))))


def write(folder: Path) -> list[str]:
    """All of them, each with a contract of its own before its name; answers their names."""
    names = []
    for at, (name, make) in enumerate(ODD.items(), 1):
        (folder / f"O-{at} {name}").write_bytes(make())
        names.append(f"O-{at} {name}")
    return names


if __name__ == "__main__":
    write(Path(sys.argv[1]))
