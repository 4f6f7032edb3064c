"""The indicator system: six indicators in three composites, each with its formula, unit, sign, source and reason.

Declarations only. How indicators become composites stands in `composites.py`, how weights arise in `weighting.py`.
"""

from dataclasses import dataclass, field

from resilience_pipeline.options import Options

#: Composites in printed order: resistance, recovery, transformation.
COMPOSITES = ("res", "rec", "rst")


@dataclass(frozen=True)
class Indicator:
    """One indicator of a composite.

    Parameters
    ----------
    name : column of the `indicators` table.
    composite : "res", "rec" or "rst".
    readings : reading -> SQL scalar expression over canonical indicators and `price_level`.
    units : reading -> unit.
    option : option that chooses the reading; None where there is one reading only.
    sign : +1 where more of it means more resilience, else -1.
    source, reason, alternatives : for the printed indicator system.
    """

    name: str
    composite: str
    readings: dict[str, str]
    units: dict[str, str]
    option: str | None
    source: str
    reason: str
    sign: int = 1
    alternatives: tuple[str, ...] = field(default=())

    def reading(self, options: Options) -> str:
        """Name of the reading that the options choose."""
        return next(iter(self.readings)) if self.option is None else str(options[self.option])

    def formula(self, options: Options) -> str:
        """The chosen SQL scalar expression."""
        return self.readings[self.reading(options)]

    def formulas(self, options: Options | None) -> tuple[str, ...]:
        """The chosen expression alone, or every reading's where no options are given."""
        return tuple(self.readings.values()) if options is None else (self.formula(options),)


REGISTRY: tuple[Indicator, ...] = (
    Indicator(
        "supply_chain_robustness",
        "res",
        {"concentration": "1 - (supplier_top5_share_pct + customer_top5_share_pct) / 200"},
        {"concentration": "share, 0 to 1"},
        None,
        "Wind",
        "A firm that depends on few suppliers and customers passes their shocks on; cities without listed firms "
        "take their province's mean, flagged",
        alternatives=("Herfindahl index of suppliers and customers", "supplier share alone"),
    ),
    Indicator(
        "foreign_trade_scale",
        "res",
        {
            "per_resident": "(exports_cny_10k + imports_cny_10k) / (resident_population_10k_persons * 10000)",
            "per_gdp": "(exports_cny_10k + imports_cny_10k) / gdp_cny_10k",
        },
        {"per_resident": "10,000 yuan per resident", "per_gdp": "share of gross regional product"},
        "foreign_trade_scale",
        "City yearbook; Wind",
        "A larger trade base absorbs a shock to one market; per resident it has the scale that Table 3 prints",
        alternatives=("exports alone", "log of exports and imports"),
    ),
    Indicator(
        "consumption_level",
        "rec",
        {
            "per_resident": "retail_sales_cny_10k / (resident_population_10k_persons * 10000) / price_level",
            "per_gdp": "retail_sales_cny_10k / gdp_cny_10k",
        },
        {
            "per_resident": "10,000 yuan per resident at prices of the first year",
            "per_gdp": "share of gross regional product",
        },
        "consumption_level",
        "City yearbook; national accounts (consumer prices)",
        "Domestic demand carries recovery when foreign demand falls",
        alternatives=("household consumption per resident",),
    ),
    Indicator(
        "fiscal_decentralisation",
        "rec",
        {"self_sufficiency": "budget_revenue_cny_10k / budget_expenditure_cny_10k"},
        {"self_sufficiency": "share of expenditure"},
        None,
        "City yearbook",
        "A city that covers its spending from its own revenue can act at once",
        alternatives=("city spending per resident over the nation's",),
    ),
    Indicator(
        "innovation_capability",
        "rst",
        {
            "patents": "patents_granted_count / resident_population_10k_persons",
            "invention_patents": "invention_patents_granted_count / resident_population_10k_persons",
        },
        {"patents": "patents per 10,000 residents", "invention_patents": "inventions per 10,000 residents"},
        "innovation_capability",
        "City yearbook",
        "New products and routes come from new knowledge",
        alternatives=("a published innovation-capability score",),
    ),
    Indicator(
        "product_technology",
        "rst",
        {
            "contracts_per_gdp": "100 * technology_contracts_cny_10k / gdp_cny_10k",
            "firms_per_gdp": "high_tech_firms_count / (gdp_cny_10k / 10000)",
        },
        {"contracts_per_gdp": "% of gross regional product", "firms_per_gdp": "firms per 100 million yuan"},
        "product_technology",
        "City yearbook",
        "Technology in products decides whether a city can move to other goods",
        alternatives=("export sophistication", "new-product sales over sales"),
    ),
)

#: Options that choose among readings of the registry.
READING_OPTIONS = tuple(entry.option for entry in REGISTRY if entry.option is not None)
