"""How each kind of result is printed, one module each. To add one: its module, and a line here."""

from resilience_pipeline.report.kinds import descriptives, indicators, pilots, regression
from resilience_pipeline.report.printer import Printer

#: Kind of result (study.kinds) -> its printer.
PRINTERS: dict[str, Printer] = {
    "regression": regression.PRINTER,
    "descriptives": descriptives.PRINTER,
    "pilots": pilots.PRINTER,
    "indicators": indicators.PRINTER,
}
