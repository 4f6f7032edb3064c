"""The wording of Chinese statistical headings: Chinese apart from English, the unit apart from the name.

Pure functions on text. Where a heading stands in a sheet is the business of `city_table` and `long_table`; which
indicator it names, of `sources.naming`.
"""

import re
import unicodedata
from collections.abc import Iterable

_MULTIPLE = "(?:百|千|万|十万|百万|千万|亿|十亿|百亿|千亿|万亿)?"
_THING = (
    "(?:元|美元|人年|人次|人公里|人|吨公里|吨标准煤|吨|公里|千米|平方公里|平方千米|平方米|公顷|亩|立方米|米|千瓦时|"
    "千瓦小时|度|微克|毫克|件|项|个|户|册|张|辆|标台|台|所|家|部|座|名|篇|天|次|岁|枚)"
)
_MONEY_UNIT = f"(?:人民币)?{_MULTIPLE}(?:元|美元)(?:人民币)?"
#: a unit of measurement after white space is removed and full-width signs are made half-width
UNIT = re.compile(
    rf"(?:{_MONEY_UNIT}|{_MULTIPLE}{_THING}|人民币)(?:/(?:\d+|百)?{_MULTIPLE}(?:{_THING}|立方米))?"
    r"|[%‰]|百分比|百分点|以?上年(?:同期)?(?:=|为)100|无量纲|没有单位|无单位|0-1"
)
#: units that Stata leaves at the end of a name when it drops the brackets around them
_BARE_UNIT = re.compile(
    r"(?<=[一-鿿])(?:(?:百|千|万|百万|亿)(?:元|美元|人次|人|吨|件|户|千瓦时|千瓦小时|平方米|立方米|公顷)|美元"
    r"|(?<=[值资入出额])元|(?<=数)[人件个户家项]|(?<=业)人|人年|百分比|%)$"
)
_SCOPE = "(?:全市|市辖区)"
_CJK = re.compile(r"[㐀-鿿]")
_BRACKET = re.compile(r"[(（]([^()（）]*)[)）]")
_UNIT_ROW = re.compile(r"^\(?(?:计量)?单位:?(?P<unit>.*)$")
#: after the last Chinese character: its closing bracket, an acronym that touches it, brackets without letters
_CHINESE_TAIL = re.compile(r"(?:[A-Z]{2,5}(?![A-Za-z]))?[^\sA-Za-z()（）\[\]]*[)）\]]*(?:\s*[(（]\s*[%％‰]\s*[)）])*")


def clean_heading(text: str) -> str:
    """The form in which headings and titles are compared: no white space, full-width signs made half-width.

    Zero-width characters count as white space; dashes of any width become "-".
    """
    return re.sub("[‐-―−]", "-", without_white_space(unicodedata.normalize("NFKC", text)))


def without_white_space(text: str) -> str:
    """The text less every blank, line break and zero-width character."""
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))


def has_chinese(text: str | None) -> bool:
    """Whether a text holds a Chinese character."""
    return text is not None and _CJK.search(text) is not None


def chinese_part(text: str) -> str:
    """`地区生产总值 （亿元） Gross Regional Product (100 million yuan)` -> `地区生产总值 （亿元）`; "" without Chinese.

    Acronyms and brackets stay where Chinese follows them: `R&D经费内部支出`.
    """
    characters = list(_CJK.finditer(text))
    if not characters:
        return ""
    end = characters[-1].end()
    tail = _CHINESE_TAIL.match(text, end)
    return " ".join((text[:end] + (tail[0] if tail else "")).split())


def is_unit(text: str) -> bool:
    """Whether the whole text is a unit of measurement, with or without brackets."""
    return UNIT.fullmatch(clean_heading(text).strip("()")) is not None


def unit_of_row(text: str | None) -> str | None:
    """`单位：万人      (10 000 persons)` -> `万人`; None where the text is no unit row, or names several units."""
    if text is None or not (match := _UNIT_ROW.match(clean_heading(text.strip()))):
        return None
    unit = match["unit"].strip("()") if is_unit(match["unit"]) else match["unit"].split("(")[0]
    return unit if UNIT.fullmatch(unit) else None


def split_unit(text: str) -> tuple[str, str | None]:
    """Name and unit of one heading; the last bracket that holds a unit counts, others stay in the name.

    The name stays as printed but for white space, the unit is cleaned.

    >>> split_unit("地区生产总值（当年价格） （亿元）")
    ('地区生产总值（当年价格）', '亿元')
    """
    name, unit = without_white_space(text), None
    for bracket in reversed(list(_BRACKET.finditer(name))):
        content = clean_heading(bracket[1]).removeprefix("单位:")
        if UNIT.fullmatch(content):
            unit = unit or content
            name = name[: bracket.start()] + name[bracket.end() :]
    return name, unit


def split_column_name(text: str) -> tuple[str, str | None]:
    """Heading path and unit of a one-row column name, in any of the ways compilers write it.

    >>> split_column_name("货物出口额_万元_全市")
    ('货物出口额|全市', '万元')
    >>> split_column_name("当年实际使用外资金额万美元")
    ('当年实际使用外资金额', '万美元')
    """
    name, unit = split_unit(text)
    if not has_chinese(name):
        return name, unit
    parts = [part for part in re.split("[_|]", name) if part]
    unit = next((clean_heading(part) for part in parts[1:] if is_unit(part)), unit)
    levels = [part for part in parts if clean_heading(part) != unit]
    scope = re.search(f"(?<=.)[-－(（]*({_SCOPE})[)）]?$", levels[0]) if len(levels) == 1 else None
    if scope:
        levels = [levels[0][: scope.start()], scope[1]]
    if unit is None and (bare := _BARE_UNIT.search(levels[0])):
        unit, levels[0] = bare[0], levels[0][: bare.start()]
    return "|".join(levels), unit


def heading_path(levels: Iterable[str | None]) -> tuple[str | None, str | None]:
    """Path and unit of one column from its header cells, outermost first.

    English levels fall out, a level that repeats the one above it counts once, a level that is a unit alone names no
    heading. The innermost unit counts: it is printed nearest to the numbers.
    """
    path: list[str] = []
    unit = None
    for level in levels:
        chinese = chinese_part(level) if level else ""
        if not chinese and not (level and is_unit(level)):
            continue
        if is_unit(chinese or level or ""):
            unit = clean_heading(chinese or level or "").strip("()")
            continue
        name, printed = split_unit(chinese)
        unit = printed or unit
        if name and name not in path[-1:]:
            path.append(name)
    return "|".join(path) or None, unit


def printed_scope(text: str | None) -> str | None:
    """`全市` or `市辖区`, where a heading or title names one of the two; None where it names neither or both."""
    found = set(re.findall(_SCOPE, clean_heading(text or "")))
    return found.pop() if len(found) == 1 else None
