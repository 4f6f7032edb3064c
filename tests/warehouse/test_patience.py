"""What a share refuses for a moment is tried again, a few times and ever later; nothing else is."""

import errno
import os

import pytest

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.warehouse import deliveries, patience
from resilience_pipeline.warehouse.atomic import replace_text
from resilience_pipeline.warehouse.patience import WAITS, patiently


def refusing(times, error):
    """An action that fails so many times, then returns how often it was called."""
    calls = []

    def action():
        calls.append(1)
        if len(calls) <= times:
            raise error
        return len(calls)

    action.calls = calls
    return action


def on_windows(code):
    error = PermissionError(errno.EACCES, "The process cannot access the file")
    error.winerror = code
    return error


@pytest.mark.parametrize(
    "error", [OSError(errno.ESTALE, "Stale file handle"), OSError(errno.EAGAIN, ""), on_windows(32)]
)
def test_a_refusal_that_passes_is_waited_for_ever_longer(error):
    slept = []
    assert patiently(refusing(2, error), sleep=slept.append) == 3
    assert slept == [0.2, 1.0]


def test_a_refusal_that_does_not_pass_is_raised_after_the_last_attempt():
    slept, action = [], refusing(99, OSError(errno.ESTALE, "Stale file handle"))
    with pytest.raises(OSError, match="Stale"):
        patiently(action, sleep=slept.append)
    assert (len(action.calls), tuple(slept)) == (4, WAITS)


@pytest.mark.parametrize(
    "error",
    [FileNotFoundError(errno.ENOENT, ""), PermissionError(errno.EACCES, ""), OSError(errno.ENOSPC, ""), ValueError()],
)
def test_what_a_second_look_cannot_mend_is_raised_at_once(error):
    action = refusing(1, error)
    with pytest.raises(type(error)):
        patiently(action, sleep=lambda wait: pytest.fail("it waited"))
    assert len(action.calls) == 1


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(patience, "WAITS", (0.0, 0.0, 0.0))


def refuses_for_good(*_):
    raise OSError(errno.ESTALE, "Stale file handle")


def test_a_delivery_on_a_share_that_stutters_is_taken_in(tmp_path, monkeypatch, impatient):
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "wind.csv").write_text("x\n1\n")
    opened, really = [], deliveries._open

    def stuttering(*arguments):
        opened.append(1)
        if len(opened) < 3:
            raise OSError(errno.ESTALE, "Stale file handle")
        return really(*arguments)

    monkeypatch.setattr(deliveries, "_open", stuttering)
    assert deliveries.store_delivery(tmp_path / "lake", tmp_path / "landing", "wind.csv").path.read_text() == "x\n1\n"
    monkeypatch.setattr(deliveries, "_open", refuses_for_good)
    with pytest.raises(DeliveryError, match="Stale file handle"):
        deliveries.store_delivery(tmp_path / "lake", tmp_path / "landing", "wind.csv")


def test_a_delivery_against_the_rules_is_read_once(tmp_path, monkeypatch, impatient):
    (tmp_path / "landing" / "folder.csv").mkdir(parents=True)
    tried, really = [], deliveries._stored
    monkeypatch.setattr(deliveries, "_stored", lambda *arguments: (tried.append(1), really(*arguments))[1])
    with pytest.raises(DeliveryError, match="not a regular file"):
        deliveries.store_delivery(tmp_path / "lake", tmp_path / "landing", "folder.csv")
    assert len(tried) == 1


def test_a_file_that_somebody_holds_open_on_windows_is_replaced_when_they_let_go(tmp_path, monkeypatch, impatient):
    really, tried = os.replace, []

    def held(source, target):
        tried.append(1)
        if len(tried) == 1:
            raise on_windows(5)
        really(source, target)

    monkeypatch.setattr(os, "replace", held)
    replace_text(tmp_path / "current.json", "new")
    assert (tmp_path / "current.json").read_text() == "new"
    assert len(tried) == 2
