"""What the watcher asks for, whatever happens to the files of a landing folder."""

from resilience_pipeline.landing.rules import Rules
from tests.landing.folder import Folder, sha


def folder_with(*files: str) -> Folder:
    """A folder whose files have been asked for."""
    folder = Folder()
    for file in files:
        folder.put(file, f"content of {file}")
    assert len(folder.ticks(3)) == 1
    return folder


def test_a_file_is_asked_for_once_when_two_ticks_have_seen_it_unchanged():
    folder = Folder()
    folder.put("wind/a.xlsx", "A")
    assert folder.tick().request is None
    request = folder.tick().request
    assert (request.sources, request.files, request.failed) == (("wind",), ("wind/a.xlsx",), {})
    assert folder.ticks(20) == []
    assert folder.hashed == ["wind/a.xlsx"]


def test_a_file_that_is_copied_slowly_is_asked_for_when_it_is_whole():
    folder = Folder()
    for part in ("A", "AA", "AAA"):
        folder.put("wind/a.xlsx", part)
        assert folder.tick().request is None
    assert folder.tick().request.files == ("wind/a.xlsx",)
    assert folder.memory.files["wind/a.xlsx"].sha256 == sha("AAA")


def test_an_edition_of_fifteen_workbooks_copied_over_many_ticks_makes_one_run():
    folder = Folder(Rules(patience_ticks=10, give_up_ticks=20))
    requests = []
    for number in range(15):
        folder.put(f"yearbook/{number:02}.xlsx", "x")
        if number % 4 == 0:
            requests += folder.ticks(1)
    requests += folder.ticks(5)
    assert [len(looked.request.files) for looked in requests] == [15]


def test_settled_files_wait_for_arriving_ones_only_so_long():
    folder = Folder()
    folder.put("wind/whole.xlsx", "A")
    asked = []
    for ticks in range(1, 8):
        folder.put("pku/slow.xlsx", "B" * ticks)
        looked = folder.tick()
        if looked.request:
            asked.append((ticks, looked.request.files, dict(looked.held_back)))
    # settled at the second tick, then three ticks of patience
    assert [(ticks, files) for ticks, files, _ in asked[:1]] == [(5, ("wind/whole.xlsx",))]
    assert "pku/slow.xlsx" in asked[0][2]


def test_a_workbook_that_never_opens_becomes_a_failed_delivery_and_holds_nothing_else_back():
    folder = Folder()
    folder.put("wind/cut.xlsx", "PK…")
    folder.put("pku/good.csv", "good")
    good, failed = folder.ticks(20)
    assert good.request.files == ("pku/good.csv",)
    assert good.held_back == {"wind/cut.xlsx": "arriving: it is cut short"}
    assert (failed.request.files, failed.request.sources) == ((), ())
    assert failed.request.failed == {"wind/cut.xlsx": "it is cut short"}
    assert failed.held_back == {"wind/cut.xlsx": "failed: it is cut short"}


def test_a_failed_delivery_that_is_put_right_is_asked_for():
    folder = Folder()
    folder.put("wind/cut.xlsx", "PK…")
    assert len(folder.ticks(20)) == 1
    folder.put("wind/cut.xlsx", "PK whole")
    (asked,) = folder.ticks(20)
    assert asked.request.files == ("wind/cut.xlsx",)
    assert asked.held_back == {}


def test_a_file_that_nobody_may_read_is_asked_for_once_its_permissions_are_mended():
    """Neither its size nor its time tells of that."""
    folder = Folder()
    folder.locked.add("wind/locked.csv")
    folder.put("wind/locked.csv", "A")
    (failed,) = folder.ticks(20)
    assert failed.request.failed == {"wind/locked.csv": "it cannot be opened (Permission denied)"}
    folder.locked.clear()
    (asked,) = folder.ticks(5)
    assert asked.request.files == ("wind/locked.csv",)


def test_files_that_do_not_open_take_no_turn_from_those_to_be_hashed():
    folder = Folder(Rules(hash_bytes=10))
    folder.put("a/cut.xlsx", "PK" * 10 + "…")
    folder.put("b/good.csv", "G" * 8)
    folder.ticks(2)
    assert folder.memory.files["b/good.csv"].sha256 == sha("G" * 8)


def test_a_lake_put_back_from_a_copy_is_looked_at_anew_because_dagster_has_had_its_next_request():
    folder = folder_with("wind/a.xlsx")
    copy = folder.memory
    folder.put("wind/b.xlsx", "B")
    assert len(folder.ticks(5)) == 1
    folder.memory, before = copy, folder.cursor
    (asked,) = folder.ticks(5)
    assert "wind/b.xlsx" in asked.request.files
    assert asked.request.key != f"{before.began}-{before.request}"


def test_a_file_that_never_rests_fails_once_and_is_asked_for_when_it_rests():
    folder = Folder()
    asked = []
    for ticks in range(30):
        folder.put("wind/log.csv", "x" * ticks)
        asked += folder.ticks(1)
    assert [dict(looked.request.failed) for looked in asked] == [{"wind/log.csv": "it is still being written"}]
    (rested,) = folder.ticks(5)
    assert rested.request.files == ("wind/log.csv",)


def test_a_touched_file_and_one_delivered_again_ask_for_nothing():
    folder = folder_with("wind/a.xlsx")
    folder.put("wind/a.xlsx", "content of wind/a.xlsx")
    assert folder.ticks(5) == []
    assert folder.hashed == ["wind/a.xlsx", "wind/a.xlsx"]


def test_a_corrected_file_asks_for_a_run_and_so_does_the_way_back():
    folder = folder_with("wind/a.xlsx")
    keys = {folder.memory.request}
    for content in ("corrected", "content of wind/a.xlsx"):
        folder.put("wind/a.xlsx", content)
        (asked,) = folder.ticks(5)
        assert asked.request.files == ("wind/a.xlsx",)
        keys.add(asked.request.key)
    assert len(keys) == 3


def test_a_renamed_file_is_one_run_since_a_name_may_say_the_edition():
    folder = folder_with("yearbook/edition_2019/2-7.xlsx")
    folder.files["yearbook/edition_2018/2-7.xlsx"] = folder.files.pop("yearbook/edition_2019/2-7.xlsx")
    asked = folder.ticks(5)
    assert [looked.request.files for looked in asked] == [("yearbook/edition_2018/2-7.xlsx",)]


def test_a_deleted_file_asks_for_nothing_and_is_named():
    folder = folder_with("wind/a.xlsx", "wind/b.xlsx")
    del folder.files["wind/a.xlsx"]
    looked = folder.tick()
    assert (looked.request, looked.gone) == (None, ("wind/a.xlsx",))
    assert "what they held stands" in looked.words
    assert folder.tick().words == "nothing new"


def test_what_a_terminal_run_has_taken_in_already_is_not_asked_for():
    folder = Folder()
    folder.put("wind/a.xlsx", "A")
    folder.put("wind/b.xlsx", "B")
    folder.lake = {("wind/a.xlsx", sha("A")), ("wind/b.xlsx", sha("old B"))}
    (asked,) = folder.ticks(5)
    assert asked.request.files == ("wind/b.xlsx",)


def test_while_a_run_is_going_files_gather_and_then_make_one_run():
    folder = Folder()
    for name in "abc":
        folder.put(f"wind/{name}.xlsx", name)
        folder.tick(busy="run 1")
        assert folder.tick(busy="run 1").request is None
    folder.lake = {("wind/a.xlsx", sha("a"))}  # that run took it in when it started
    (asked,) = folder.ticks(3)
    assert asked.request.files == ("wind/b.xlsx", "wind/c.xlsx")


def test_a_daemon_ended_before_it_kept_the_cursor_asks_again_under_the_same_key():
    folder = Folder()
    folder.put("wind/a.xlsx", "A")
    folder.tick()
    first = folder.tick_and_die().request
    folder.put("pku/later.csv", "B")
    again = folder.tick().request
    assert again == first
    (later,) = folder.ticks(3)
    assert later.request.files == ("pku/later.csv",)
    assert later.request.key != first.key


def test_a_lost_memory_or_a_reset_cursor_looks_anew_and_runs_only_what_the_lake_lacks():
    for lost in ("memory", "cursor"):
        folder = folder_with("wind/a.xlsx", "wind/b.xlsx")
        old = f"{folder.memory.began}-1"
        folder.lake = {("wind/a.xlsx", sha("content of wind/a.xlsx"))}
        setattr(folder, lost, None)
        (asked,) = folder.ticks(5)
        assert asked.request.files == ("wind/b.xlsx",)
        assert asked.request.key != old  # Dagster remembers run keys for ever


def test_a_blocked_edition_does_not_loop():
    folder = folder_with("yearbook/bad.xlsx")  # the lake never takes it in
    assert folder.ticks(50) == []


def test_a_file_that_no_source_knows_is_told_to_the_inventory_only():
    folder = Folder()
    folder.put("notes.pdf", "x")
    (asked,) = folder.ticks(5)
    assert (asked.request.sources, asked.request.files) == ((), ("notes.pdf",))


def test_large_files_are_hashed_over_several_ticks_and_make_one_run():
    folder = Folder(Rules(patience_ticks=10, hash_bytes=10))
    for name in "abc":
        folder.put(f"wind/{name}.csv", name * 8)
    hashed = []
    for _ in range(4):
        asked = folder.tick().request
        hashed.append(len(folder.hashed))
    assert hashed == [0, 1, 2, 3]
    assert asked.files == ("wind/a.csv", "wind/b.csv", "wind/c.csv")


def test_arrivals_are_told_once_for_each_source():
    folder = Folder()
    folder.put("wind/a.xlsx", "A")
    folder.put("pku/b.csv", "B")
    arrived = [folder.tick().arrived for _ in range(4)]
    assert arrived == [{}, {"pku": ("pku/b.csv",), "wind": ("wind/a.xlsx",)}, {}, {}]
