"""Plain-text documents: one delivery, one text."""

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.container import delivered_bytes, kind_of
from resilience_pipeline.sources.readers.delimited import decode
from resilience_pipeline.sources.source import Delivery

_FOUND = {"zip": "a zip archive or Word document", "ole": "an old Word or Excel file", "pdf": "a PDF document"}


def read_text(delivery: Delivery) -> str:
    """The whole document, line ends as "\\n".

    Raises
    ------
    DeliveryError
        Empty, no plain text, or in no known encoding.
    """
    content = delivered_bytes(delivery)
    if (kind := kind_of(content)) in _FOUND:
        raise DeliveryError(
            "the document is not plain text",
            remedy="save it as plain text (UTF-8), extension .txt",
            file=delivery.file,
            expected="plain text",
            found=_FOUND[kind],
        )
    return decode(delivery, content).replace("\r\n", "\n").replace("\r", "\n")
