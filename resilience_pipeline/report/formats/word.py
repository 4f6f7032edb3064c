"""A printed result as a Word document: a real table with three rules, title above and notes beneath.

A .docx is a zip of XML files; dates, in the archive and in the document's properties, are fixed, so that the same
result gives the same bytes. python-docx is imported when the first document is written.
"""

from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from resilience_pipeline.report.document import Document
from resilience_pipeline.report.layout import SYNTHETIC, column_shares

if TYPE_CHECKING:
    from docx.table import Table, _Cell

_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)  # the first date that a zip can hold
_LATIN, _CHINESE = "Times New Roman", "SimSun"  # what Chinese journals ask for
_TALL_PAGE_COLUMNS = 7  # a wider table lies on its side
_POINTS = 9
_PICTURE_INCHES = 6.0
_MARGIN, _SHORT, _LONG = 20, 210, 297  # millimetres of an A4 page


def write(document: Document, picture: bytes | None = None) -> bytes:
    """The document.

    Parameters
    ----------
    picture : a PNG to put above the table, of a result that is a figure.
    """
    import docx
    from docx.shared import Inches, Pt

    file = docx.Document()
    _set_fonts(file.styles["Normal"], Pt(_POINTS + 1))
    wide = len(document.grid.headings) > _TALL_PAGE_COLUMNS or document.grid.prose
    _set_page(file.sections[0], wide=wide)
    if document.synthetic:
        file.add_paragraph().add_run(SYNTHETIC).bold = True
    file.add_paragraph(document.heading)
    if picture is not None:
        file.add_picture(BytesIO(picture), width=Inches(_PICTURE_INCHES))
    _fill(file.add_table(rows=0, cols=len(document.grid.headings)), document, (_LONG if wide else _SHORT) - 2 * _MARGIN)
    for note in document.lines_beneath:
        paragraph = file.add_paragraph()
        paragraph.add_run(note).font.size = Pt(_POINTS - 1)
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    properties = file.core_properties
    properties.title, properties.author, properties.last_modified_by, properties.comments = document.heading, "", "", ""
    properties.created = properties.modified = _EPOCH
    out = BytesIO()
    file.save(out)
    return _undated(out.getvalue())


def _fill(table: "Table", document: Document, width: int) -> None:
    """Headings, cells, rules and widths; `width` in millimetres."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.shared import Mm, Pt

    table.autofit = False
    widths = [Mm(width * share) for share in column_shares(document.grid)]
    for column, own in zip(table.columns, widths, strict=True):
        column.width = own
    for row in (document.grid.headings, *document.grid.rows):
        for place, (cell, text) in enumerate(zip(table.add_row().cells, row, strict=True)):
            cell.width = widths[place]
            paragraph = cell.paragraphs[0]
            paragraph.add_run(text).font.size = Pt(_POINTS)
            paragraph.paragraph_format.space_after = Pt(0)
            paragraph.alignment = ALIGN.LEFT if place == 0 or document.grid.prose else ALIGN.CENTER
    _repeat_on_each_page(table)
    last = len(table.rows) - 1
    for cell in table.rows[0].cells:
        _rule(cell, top=12, bottom=6 if last else 12)
    for cell in table.rows[last].cells if last else ():
        _rule(cell, bottom=12)


def _rule(cell: "_Cell", **eighths: int) -> None:
    """Lines along the sides named, in eighths of a point."""
    borders = _element("w:tcBorders")
    for side, size in eighths.items():
        borders.append(_element(f"w:{side}", val="single", sz=str(size), space="0", color="000000"))
    cell._tc.get_or_add_tcPr().append(borders)


def _repeat_on_each_page(table: "Table") -> None:
    table.rows[0]._tr.get_or_add_trPr().append(_element("w:tblHeader", val="true"))


def _set_fonts(style: Any, size: Any) -> None:
    style.font.name, style.font.size = _LATIN, size
    style.element.rPr.rFonts.set(_name("w:eastAsia"), _CHINESE)


def _set_page(section: Any, *, wide: bool) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm

    section.page_width, section.page_height = (Mm(_LONG), Mm(_SHORT)) if wide else (Mm(_SHORT), Mm(_LONG))
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.left_margin = section.right_margin = Mm(_MARGIN)


def _element(tag: str, **attributes: str) -> Any:
    from docx.oxml import OxmlElement

    element = OxmlElement(tag)
    for name, value in attributes.items():
        element.set(_name(f"w:{name}"), value)
    return element


def _name(tag: str) -> str:
    from docx.oxml.ns import qn

    return qn(tag)


def _undated(data: bytes) -> bytes:
    """The same archive with every entry at one date and by one system."""
    out = BytesIO()
    with ZipFile(BytesIO(data)) as dated, ZipFile(out, "w") as archive:
        for name in dated.namelist():
            entry = ZipInfo(name, _EPOCH.timetuple()[:6])
            entry.compress_type, entry.create_system = ZIP_DEFLATED, 0
            archive.writestr(entry, dated.read(name))
    return out.getvalue()
