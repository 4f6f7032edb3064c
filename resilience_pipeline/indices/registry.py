"""The system of trade resilience: six indicators in three composites, each with formula, unit, sign, source, reason.

Declarations only. How indicators become composites stands in `composites.py`, how weights arise in `weighting.py`.
"""

from resilience_pipeline.indices.system import Indicator, System

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

TRADE_RESILIENCE = System(
    "ctri",
    "Urban trade resilience",
    "Section 4.3; the paper's Table 2.",
    {"res": "Resistance (RES)", "rec": "Recovery (REC)", "rst": "Transformation (RST)"},
    REGISTRY,
)

#: Composites in printed order: resistance, recovery, transformation.
COMPOSITES = tuple(TRADE_RESILIENCE.dimensions)
