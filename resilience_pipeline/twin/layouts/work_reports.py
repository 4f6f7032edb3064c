"""Government work reports: one short text per city and year, some with a paragraph on the digital economy."""

from pathlib import Path

import numpy as np

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


def write_work_reports(draw: Draw, landing: Path) -> None:
    """政府工作报告/<year>/<city>.txt; the share with a digital paragraph grows over the years."""
    rng = np.random.default_rng([draw.seed, 19])
    absent = holes(draw).absent
    digital = rng.random(absent.shape) < np.linspace(0.2, 0.9, absent.shape[1])
    for t, year in enumerate(draw.year_list):
        folder = landing / "政府工作报告" / str(year)
        folder.mkdir(parents=True, exist_ok=True)
        for i, city in enumerate(draw.cities):
            if absent[i, t]:
                continue
            order = [(i + t + k) % len(_PARAGRAPHS) for k in range(len(_PARAGRAPHS))]
            paragraphs = [_OPENING, *(_PARAGRAPHS[k] for k in order), *([_DIGITAL] if digital[i, t] else [])]
            text = "\n".join([f"{city.name}政府工作报告（{year}年）", *paragraphs, f"合成数据 {MARKER}", ""])
            (folder / f"{city.name}.txt").write_bytes(text.encode("utf-8"))
