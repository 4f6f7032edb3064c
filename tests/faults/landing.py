"""A small good landing folder in the publishers' layouts, and a run over it as Dagster would make it.

Cities, years and values are made up and stand in view, so that each fault changes one thing only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from resilience_pipeline.arrivals import Arrivals
from resilience_pipeline.driver import Outcome, execute
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.options import Options
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.staging.steps import staging_step
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.warehouse.lake import Lake
from tests.sources.deliveries import workbook

Table = list[list[object]]

#: The sources whose files lie in the good landing folder, and one that awaits its first file.
DELIVERED = tuple(
    source
    for source in SOURCES
    if source.name
    in {
        "city_yearbook",
        "wind",
        "pku_finance_index",
        "pilot_list",
        "national_accounts",
        "compiled_city_panel",
        "compiled_fdi",
    }
)

CITIES = ("杭州市", "宁波市", "温州市", "济南市", "合肥市", "武汉市")
CODES = ("330100", "330200", "330300", "370100", "340100", "420100")
GDP_2020 = "yearbook/edition_2020/2-7 地区生产总值.xlsx"
GDP_2019 = "yearbook/edition_2019/2-7 地区生产总值.xlsx"
POPULATION_2020 = "yearbook/edition_2020/2-1 人口.xlsx"
WIND = "exports/wind_fai.xlsx"
PILOTS = "lists/pilot_cities.csv"
PKU = "index/pku_dfiic.xlsx"
NATION = "nation/national_accounts.csv"
PANEL = "compiled/city_panel.csv"


def gdp(growth: int = 0) -> Table:
    """Table 2-7 of the yearbook: title, two rows of headings, the first city in row 4."""
    head: Table = [
        ["2-7 地区生产总值"],
        ["城 市", "地区生产总值（当年价格）（万元）", None, "人均地区生产总值（元）", None],
        [None, "全市", "市辖区", "全市", "市辖区"],
    ]
    body = [
        [city, 1_000_000 + 100_000 * i + growth, 800_000 + 10_000 * i + growth, 90_000 + i, 95_000 + i]
        for i, city in enumerate(CITIES)
    ]
    return head + body


def population() -> Table:
    """Table 2-1 of the yearbook."""
    head: Table = [["2-1 人口"], ["城 市", "年末户籍人口（万人）", None], [None, "全市", "市辖区"]]
    return head + [[city, 500 + i, 300 + i] for i, city in enumerate(CITIES)]


def wind(frequency: str = "年") -> Table:
    """An export of Wind: labels above, one series a column, a footer below."""
    cities = [city.removesuffix("市") for city in CITIES]
    return [
        ["指标名称", *(f"{city}:固定资产投资完成额" for city in cities)],
        ["频率", *[frequency] * 6],
        ["单位", *["亿元"] * 6],
        ["指标ID", *(f"M{i}" for i in range(6))],
        *([f"{year}-12-31", *(700 + i + year - 2015 for i in range(6))] for year in range(2015, 2020)),
        ["数据来源：Wind"],
    ]


def pku() -> Table:
    """The index with the publisher's four-digit codes."""
    head: Table = [["year", "pref_code_year18", "pref_name_year18", "index_aggregate", "credit"]]
    return head + [
        [year, code[:4], city, 200.5 + i + year - 2015, 150 + i]
        for year in range(2015, 2020)
        for i, (city, code) in enumerate(zip(CITIES, CODES, strict=True))
    ]


def panel() -> Table:
    """A compiled panel: one heading row, one row per city and year; city i of 2010 + y stands in line 2 + 6y + i."""
    head: Table = [["年份", "城市", "城市代码", "地区生产总值_亿元_全市", "社会消费品零售总额_亿元_全市"]]
    return head + [
        [year, city, code, 60 + i + year - 2010, 20 + i]
        for year in range(2010, 2016)
        for i, (city, code) in enumerate(zip(CITIES, CODES, strict=True))
    ]


PILOT_ROWS: Table = [["序号", "城市"], [1, "Beijing"], [2, "Shanghai"], [3, "Zhangjiagang"]]
NATION_ROWS: Table = [
    ["指标", "2018年", "2019年"],
    ["居民消费价格指数(上年=100)", 102.1, 102.9],
    ["人民币对美元汇率(美元=100)(元)", 661.74, 689.85],
]


def csv(rows: Sequence[Sequence[object]]) -> bytes:
    """Delimited text in UTF-8."""
    lines = (",".join("" if value is None else str(value) for value in row) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def put(landing: Path, file: str, content: bytes | Sequence[Sequence[object]]) -> None:
    """Write a file: bytes as they are, rows as a workbook (sheet 表1) or, by the name, as CSV."""
    if not isinstance(content, bytes):
        content = csv(content) if file.endswith(".csv") else workbook({"表1": content})
    path = landing / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def put_good_files(landing: Path) -> None:
    """Every file of the good landing folder."""
    put(landing, GDP_2020, gdp())
    put(landing, GDP_2019, gdp(-50_000))
    put(landing, POPULATION_2020, population())
    put(landing, WIND, wind())
    put(landing, PILOTS, PILOT_ROWS)
    put(landing, PKU, pku())
    put(landing, NATION, NATION_ROWS)
    put(landing, PANEL, panel())


@dataclass
class Run:
    """What became of each step: its outcome, or the message of the error that it raised."""

    outcomes: dict[TableKey, Outcome] = field(default_factory=dict)
    errors: dict[TableKey, str] = field(default_factory=dict)

    def message(self, key: TableKey) -> str:
        """What a user reads about a step that failed, or about the inventory."""
        if key in self.errors:
            return self.errors[key]
        checks = self.outcomes[key].result.checks
        return "\n".join(check.message for check in checks if not check.passed)

    def failed_checks(self, key: TableKey) -> list[str]:
        """Names of the blocking checks of a step that failed."""
        return [check.name for check in self.outcomes[key].failures]

    @property
    def failed(self) -> list[TableKey]:
        """Steps that kept no table."""
        return [*self.errors, *(key for key, outcome in self.outcomes.items() if outcome.pointer is None)]


def run_all(landing: Path, lake: Lake, run_id: str, *, accept_revisions: bool = False, force: bool = True) -> Run:
    """Take in and stage every source. As in Dagster, what failed skips only what reads it; all else goes on.

    With `force` every step is computed, so that a table's run tells whether the run came to it.
    """
    snapshot = lake.pin(run_id)
    arrivals = Arrivals(lake, landing, snapshot.current, snapshot.read)
    run = Run()

    def attempt(step: Step) -> bool:
        try:
            run.outcomes[step.key] = execute(step, snapshot, Options(), accept_revisions=accept_revisions, force=force)
        except PipelineError as error:
            run.errors[step.key] = str(error)
        return step.key not in run.failed

    attempt(arrivals.inventory())
    for source in DELIVERED:
        if attempt(arrivals.intake(source)):
            attempt(staging_step(source))
    return run
