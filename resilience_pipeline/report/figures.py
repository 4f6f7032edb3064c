"""How numbers are printed: digits, stars, the distance from a published figure."""

#: Significance levels of one, two and three stars, as in the paper's notes.
STAR_LEVELS = (0.10, 0.05, 0.01)


def number(value: float | None, digits: int = 3) -> str:
    """`digits` decimals, or as many significant digits where decimals would hide a small number; "" for None."""
    if value is None:
        return ""
    if value != 0 and abs(value) < 10 ** (1 - digits):
        return f"{value:#.{digits}g}"
    return f"{value:,.{digits}f}"


def probability(value: float | None) -> str:
    """A p value: three decimals, four below 0.001, "<0.0001" where those would show zeros; "" for None."""
    if value is None:
        return ""
    if value < 0.0001:
        return "<0.0001"
    return f"{value:.4f}" if value < 0.001 else f"{value:.3f}"


def count(value: int | None) -> str:
    """A whole number with separators; "" for None."""
    return "" if value is None else f"{value:,}"


def stars(p_value: float | None) -> str:
    """One star at 10 %, two at 5 %, three at 1 %; none where there is no p value."""
    return "" if p_value is None else "*" * sum(p_value < level for level in STAR_LEVELS)


def in_published_se(ours: float | None, published: float | None, published_se: float | None) -> float | None:
    """(ours - published) / published standard error; None where one of them is missing."""
    if ours is None or published is None or not published_se:
        return None
    return (ours - published) / published_se
