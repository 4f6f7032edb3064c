"""Government work reports: one short text per city and year, some with a paragraph on the digital economy."""

from pathlib import Path

from resilience_pipeline.sources.synthetic import MARKER
from resilience_pipeline.twin.blemishes import holes
from resilience_pipeline.twin.economy import Draw

_OPENING = (
    "各位代表：现在，我代表市人民政府，向大会报告工作，请予审议，并请各位委员提出意见。过去一年，面对复杂形势，全市上下"
    "坚持稳中求进工作总基调，统筹推进稳增长、促改革、调结构、惠民生、防风险，经济社会保持平稳健康发展。"
)
_PARAGRAPHS = (
    "产业结构持续优化，重点项目加快建设，工业投资和民间投资稳步增长，园区承载能力明显增强，一批企业建成投产。",
    "乡村振兴扎实推进，粮食生产再获丰收，高标准农田建设任务全面完成，农村人居环境明显改善，农民收入稳步提高。",
    "民生保障不断加强，城镇新增就业完成年度目标，教育医疗养老等公共服务水平持续提升，生态环境质量进一步改善。",
    "对外开放不断扩大，口岸通关更加便利，外贸企业稳定发展，营商环境持续优化，市场主体活力进一步增强。",
)
_DIGITAL = (
    "大力发展数字经济，推进数字产业化和产业数字化，加快大数据、云计算、人工智能、工业互联网和第五代移动通信的应用，"
    "建设智慧城市，推动平台经济规范发展。"
)


#: Number of mentions of the digital economy -> what the report says of it, so that a rule on the number has something
#: to tell on both sides of it.
_MENTIONS = {
    0: "",
    1: "探索发展数字经济。",
    2: "探索发展数字经济，支持大数据应用。",
    3: "加快发展数字经济，支持大数据和人工智能应用。",
    10: _DIGITAL,
}


def report(draw: Draw, i: int, t: int) -> str:
    """The report of city i in year t."""
    digital = _MENTIONS[int(draw.moderators.mentions[i, t])]
    order = [(i + t + k) % len(_PARAGRAPHS) for k in range(len(_PARAGRAPHS))]
    paragraphs = [_OPENING, *(_PARAGRAPHS[k] for k in order), *([digital] if digital else [])]
    title = f"{draw.cities[i].name}政府工作报告（{draw.year_list[t]}年）"
    return "\n".join([title, *paragraphs, f"合成数据 {MARKER}", ""])


def write_work_reports(draw: Draw, landing: Path) -> None:
    """政府工作报告/<year>/<city>.txt; what each says of the digital economy is the draw's."""
    absent = holes(draw).absent
    for t, year in enumerate(draw.year_list):
        folder = landing / "政府工作报告" / str(year)
        folder.mkdir(parents=True, exist_ok=True)
        for i, city in enumerate(draw.cities):
            if not absent[i, t]:
                (folder / f"{city.name}.txt").write_bytes(report(draw, i, t).encode("utf-8"))
