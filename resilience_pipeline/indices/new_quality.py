"""The system of new-quality productive forces (NQPF), a mediator: new labour, objects of labour, means of labour.

Declarations only. The paper, which follows Han (2024), names the index and its three dimensions but no indicator; these
are the field's usual ones, as far as a source gives them by city.
"""

from resilience_pipeline.indices.system import Indicator, System

CITY, SCIENCE = "City yearbook", "Science yearbook"


def _indicator(
    name: str,
    dimension: str,
    formula: str,
    unit: str,
    source: str,
    reason: str,
    alternatives: tuple[str, ...],
    sign: int = 1,
    only_with: tuple[str, str] | None = None,
) -> Indicator:
    """An indicator with one reading."""
    return Indicator(
        name,
        f"nqpf_{dimension}",
        {"default": formula},
        {"default": unit},
        None,
        source,
        reason,
        sign=sign,
        alternatives=alternatives,
        only_with=only_with,
    )


NEW_QUALITY = System(
    "new_quality_productive_forces",
    "New-quality productive forces",
    "Section 4.4.",
    {
        "nqpf_labour": "New-quality labour",
        "nqpf_objects": "New-quality objects of labour",
        "nqpf_means": "New-quality means of labour",
    },
    (
        _indicator(
            "skilled_employment_share",
            "labour",
            "(employment_information_persons + employment_science_persons + employment_education_persons)"
            " / employment_total_persons",
            "share of persons employed in urban units",
            CITY,
            "Information, science and education employ the skills that new-quality labour means",
            ("research personnel over persons employed", "students in higher education per resident"),
        ),
        _indicator(
            "real_wage",
            "labour",
            "average_wage_cny / price_level",
            "yuan per year at prices of the first year",
            "City yearbook; national accounts (consumer prices)",
            "Wages follow the product of labour; without prices it would rise with them alone",
            ("gross regional product per person employed",),
        ),
        _indicator(
            "energy_intensity",
            "objects",
            "electricity_10k_kwh / gdp_cny_10k",
            "kWh per yuan of gross regional product",
            CITY,
            "The less energy a yuan of product takes, the greener the objects of labour; of energy the yearbook gives "
            "electricity by city",
            ("all energy in coal equivalent over product, where a city publishes it",),
            sign=-1,
        ),
        _indicator(
            "green_cover",
            "objects",
            "green_cover_pct / 100",
            "share of the built-up area",
            CITY,
            "The state of the environment that labour works in",
            ("harmless treatment of waste", "forest cover"),
        ),
        _indicator(
            "new_product_share",
            "objects",
            "new_product_sales_cny_10k / gdp_cny_10k",
            "sales over gross regional product",
            SCIENCE,
            "New products are new objects of labour; sales count every stage of processing, so the quotient may pass 1",
            ("new-product sales over all sales of the firms above the size threshold",),
        ),
        _indicator(
            "research_intensity",
            "means",
            "research_expenditure_cny_10k / gdp_cny_10k",
            "share of gross regional product",
            SCIENCE,
            "Research makes the technology that new means of labour embody",
            ("budget expenditure on science over all expenditure",),
        ),
        _indicator(
            "telecom_share",
            "means",
            "telecom_revenue_cny_10k / gdp_cny_10k",
            "share of gross regional product",
            CITY,
            "Telecommunication is the network that digital means of labour run on",
            ("broadband subscribers per resident",),
        ),
        _indicator(
            "digital_finance",
            "means",
            "finance_index",
            "index",
            "PKU Digital Inclusive Finance Index",
            "Digital finance is a digital means of labour, measured alike in every city and year",
            ("the index's digitisation sub-index",),
        ),
        _indicator(
            "patents_per_resident",
            "means",
            "patents_granted_count / resident_population_10k_persons",
            "patents per 10,000 residents",
            CITY,
            "Patents are the usual measure of innovation; but they make transformation capacity too, so the mediator "
            "would hold a part of the outcome",
            ("invention patents",),
            only_with=("nqpf_patents", "include"),
        ),
    ),
    form="scaled",
)
