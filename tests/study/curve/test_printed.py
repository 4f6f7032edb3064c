"""The page and the figure of a curve."""

from resilience_pipeline.report.kinds.curve import draw
from resilience_pipeline.report.render import draw as draw_result
from tests.study.curve.small_curve import DIMENSIONS, printed, rows_of


def test_the_page_marks_the_column_and_says_what_shares_are_not(study, results):
    text = printed(study, results, synthetic=True)[0].text
    assert "SYNTHETIC" in text
    assert "mine_1.1 as printed is specification" in text
    assert "many significant ones are not many findings" in text
    assert "Joint test: pilots dealt out to cities at random 19 times" in text
    assert "counties, Henan's three" in text


def test_the_figure_is_the_same_bytes_each_time(study, results):
    table, tidy = study.table("figure_4"), rows_of(study, results)
    for form in ("png", "svg", "pdf"):
        one, two = (draw_result(table, tidy, form, synthetic=True) for _ in range(2))
        assert one is not None
        assert one == two
    figure = draw(tidy, "Curve", False)
    labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert labels[:4] == ["Pilots", "no counties", "counties, Henan's three", "Start year"]
    assert len(labels) == sum(1 + tidy[name].n_unique() for name in DIMENSIONS)
