"""Figures: the same bytes twice, the synthetic label in each, Chinese in a font that has it, no boxes without one."""

import io
import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from resilience_pipeline.report import charts, plots
from resilience_pipeline.report.plots import FORMATS, MissingFontWarning, new_figure, save

PERIODS = np.arange(2012, 2023)
ESTIMATES = np.where(PERIODS < 2018, 0.02, 0.1 * (PERIODS - 2017))
CHINESE = "供应链创新试点"

needs_chinese = pytest.mark.skipif(plots.chinese_font() is None, reason="no font with Chinese characters is installed")


def event_study(*, title="Figure 1: leads and lags", synthetic=False):
    with new_figure(title=title, synthetic=synthetic) as (figure, axes):
        low, high = ESTIMATES - 0.1, ESTIMATES + 0.1
        charts.event_study(axes, PERIODS, ESTIMATES, low, high, reference=2017, policy=2018)
    return figure


def placebo():
    with new_figure(synthetic=False) as (figure, axes):
        charts.placebo_distribution(axes, np.random.default_rng(1).normal(size=500), 2.5)
    return figure


def overlap():
    rng = np.random.default_rng(1)
    treated, control = rng.beta(3, 3, 45), rng.beta(2, 5, 240)
    with new_figure(synthetic=False) as (figure, axes):
        charts.overlap(axes, treated, control, control_weights=control)
    return figure


def dots():
    with new_figure(synthetic=False) as (figure, axes):
        labels = ["Headline", "No controls", "Region by year"]
        charts.dot_plot(axes, labels, [0.6, 0.7, np.nan], [0.4, 0.5, np.nan], [0.8, 0.9, np.nan], emphasised=[0])
    return figure


def texts(figure):
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("draw", [event_study, placebo, overlap, dots])
def test_a_figure_drawn_twice_is_the_same_file_to_the_byte(draw, format):
    assert save(draw(), format) == save(draw(), format)


@pytest.mark.parametrize("format", FORMATS)
def test_a_figure_saved_twice_is_the_same_file_to_the_byte(format):
    figure = event_study()
    assert save(figure, format) == save(figure, format)


@pytest.mark.parametrize("format", FORMATS)
def test_no_file_holds_a_date_or_the_version_of_what_drew_it(format):
    data = save(event_study(), format).lower()
    for word in (b"date>", b"creationdate", b"matplotlib v", b"producer"):
        assert word not in data


def test_a_synthetic_figure_says_so_above_and_across():
    said = [text for text in texts(event_study(synthetic=True)) if "SYNTHETIC" in text]
    assert len(said) == 2
    assert save(event_study(synthetic=True), "png") != save(event_study(), "png")
    assert not [text for text in texts(event_study()) if "SYNTHETIC" in text]


@needs_chinese
def test_chinese_is_drawn_in_a_font_that_has_it():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = save(event_study(title=CHINESE), "png")
    assert drawn != save(event_study(title="?" * len(CHINESE)), "png")


@pytest.fixture
def without_chinese_fonts(monkeypatch):
    monkeypatch.setattr(plots, "chinese_font", lambda: None)


@pytest.mark.usefixtures("without_chinese_fonts")
def test_without_such_a_font_there_are_question_marks_and_a_warning_that_says_what_to_install():
    figure = event_study(title=f"{CHINESE} pilots")
    with pytest.warns(MissingFontWarning, match="供应链创新试点.*fonts-noto-cjk"):
        save(figure, "svg")
    assert "??????? pilots" in texts(figure)


@pytest.mark.usefixtures("without_chinese_fonts")
def test_without_such_a_font_names_along_an_axis_are_replaced_as_well():
    with new_figure(synthetic=False) as (figure, axes):
        charts.dot_plot(axes, ["杭州市", "Ningbo"], [0.1, 0.2], [0.0, 0.1], [0.2, 0.3])
    with pytest.warns(MissingFontWarning) as warned:
        save(figure, "png")
    assert [type(warning.message) for warning in warned] == [MissingFontWarning]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["???", "Ningbo"]


@pytest.mark.usefixtures("without_chinese_fonts")
def test_without_such_a_font_latin_figures_warn_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save(event_study(), "svg")


def test_a_font_installed_after_matplotlib_listed_the_fonts_is_found(monkeypatch):
    from matplotlib import font_manager

    latin = [entry for entry in font_manager.fontManager.ttflist if entry.name == "DejaVu Sans"]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", latin)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: ["/fonts/simhei.ttf", "/fonts/times.ttf"])
    added = []
    monkeypatch.setattr(font_manager.fontManager, "addfont", added.append)
    plots._scan_fonts.cache_clear()
    plots.chinese_font()
    plots._scan_fonts.cache_clear()
    assert added == ["/fonts/simhei.ttf"]


def test_a_dollar_sign_in_a_label_is_no_formula():
    save(event_study(title="exports in $ and in $ \\input{x}"), "svg")


def test_a_users_matplotlib_settings_move_no_byte():
    import matplotlib

    expected = save(event_study(), "svg")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        assert save(event_study(), "svg") == expected


def test_drawing_leaves_the_users_settings_alone():
    import matplotlib

    with matplotlib.rc_context({"font.size": 30}):
        save(event_study(), "svg")
        assert matplotlib.rcParams["font.size"] == 30


def test_the_reference_period_is_drawn_at_zero_and_the_policy_before_its_first_year():
    (axes,) = event_study().axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert lines["Reference 2017"].get_xydata().tolist() == [[2017.0, 0.0]]
    assert lines["Policy begins"].get_xdata() == [2017.5, 2017.5]
    assert 2017.0 not in lines["Estimate"].get_xdata()


def test_controls_of_an_overlap_plot_hang_below_zero_and_each_group_sums_to_one():
    (axes,) = overlap().axes
    treated, control, weighted = (patch.get_data().values.sum() for patch in axes.patches)
    assert (treated, control, weighted) == pytest.approx((1.0, -1.0, -1.0))


def test_a_png_is_as_wide_as_a_page():
    image = Image.open(io.BytesIO(save(event_study(), "png")))
    assert image.width == round(plots.WIDTH * plots.DOTS_PER_INCH)


def test_a_format_that_is_none_of_the_three_is_refused():
    with pytest.raises(ValueError, match="svg, png, pdf"):
        save(event_study(), "gif")


def test_matplotlib_is_not_imported_with_the_modules():
    modules = "resilience_pipeline.report.plots, resilience_pipeline.report.charts"
    code = f"import sys, {modules}; print('matplotlib' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_panels_share_one_legend_beneath_them():
    with new_figure(panels=(1, 2), synthetic=False) as (figure, axes):
        for panel in axes.flat:
            charts.placebo_distribution(panel, [0.1, 0.2, 0.3], 0.5)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["3 draws", "Our estimate"]
    assert all(panel.get_legend() is None for panel in axes.flat)
    figure.draw_without_rendering()
    top = legend.get_window_extent().y1
    assert all(top < panel.get_tightbbox().y0 for panel in axes.flat)
