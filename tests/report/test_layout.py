"""Plain text keeps to its width: blocks of numbered columns, broken notes and words, and never a broken number."""

from resilience_pipeline.report.layout import Grid, render, text_width

#: Six columns as Table 9 has them, each beside the paper's.
HEADINGS = ("Variable", *(part for n in range(1, 7) for part in (f"({n})", "paper", "difference")))
CELLS = ("0.018***", "0.0187***", "-0.46")
WIDE = Grid(
    HEADINGS,
    (
        ("did", *CELLS * 6),
        ("", *("(0.00116)", "(0.00186)", "") * 6),
        ("BUET", "", "", "", *CELLS, *("",) * 12),
    ),
)


def text_of(grid: Grid, notes: tuple[str, ...] = (), width: int = 120) -> str:
    return render("Mechanisms", grid, notes, synthetic=False, width=width).text


def test_a_wide_regression_table_is_printed_in_blocks_that_each_name_their_rows():
    lines = text_of(WIDE).splitlines()
    heads = [line for line in lines if line.startswith("Variable")]
    assert [head.split()[1::3] for head in heads] == [["(1)", "(2)", "(3)"], ["(4)", "(5)", "(6)"]]
    assert sum(line.startswith("did") for line in lines) == 2
    assert max(map(text_width, lines)) <= 120


def test_a_block_leaves_out_the_rows_that_are_empty_in_it():
    assert sum(line.startswith("BUET") for line in text_of(WIDE).splitlines()) == 1


def test_no_number_is_broken_however_narrow_the_terminal():
    words = text_of(WIDE, width=30).split()
    assert words.count("0.0187***") == 7
    assert words.count("(0.00116)") == 6


def test_a_table_that_fits_stays_in_one_piece():
    assert text_of(WIDE, width=300).count("Variable") == 1


def test_columns_of_words_share_what_is_left_and_keep_their_words_whole():
    grid = Grid(
        ("Indicator", "Formula", "City-years"),
        (("trade scale", "exports_cny_10k / resident_population_10k_persons", "3091"),),
        prose=True,
    )
    text = text_of(grid, width=60)
    assert "resident_population_10k_persons" in text
    assert "3091" in text
    assert max(map(text_width, text.splitlines())) <= 60


def test_a_long_note_is_broken_and_its_other_lines_are_indented():
    note = "Intervals are pointwise: " + "each year by itself " * 10
    lines = text_of(WIDE, (note.strip(),)).splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("Intervals"))
    assert " ".join(line.strip() for line in lines[start:]) == note.strip()
    assert all(line.startswith("  ") for line in lines[start + 1 :])
