"""The archive: the same content, the same bytes; nothing is read that could harm."""

import io
import zipfile

import pytest

from resilience_pipeline.bundle import archive
from resilience_pipeline.bundle.archive import read_archive, write_archive
from resilience_pipeline.errors import BundleError

FILES = {"README.md": b"# README\n", "results/table_4.csv": b"did,0.6\n"}


def test_what_is_written_is_read_and_twice_the_same_is_the_same_bytes(tmp_path):
    write_archive(tmp_path / "a.zip", FILES)
    write_archive(tmp_path / "b.zip", dict(reversed(FILES.items())))
    assert read_archive(tmp_path / "a.zip") == FILES
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        *("../out.txt", "/etc/out.txt", "a/../../out.txt", "a\\..\\out.txt", "C:/out.txt"),
        *("specifications/own//etc/out.txt", "./out.txt", "a/./out.txt"),  # what is cut off such names leads elsewhere
        "red\x1b[31m.txt",  # a terminal would obey the name
    ],
)
def test_a_path_that_leads_out_of_the_archive_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as bad:
        bad.writestr(zipfile.ZipInfo(name), b"x")
    with pytest.raises(BundleError, match="safely"):
        read_archive(tmp_path / "bad.zip")


def test_a_name_that_stands_twice_is_refused_since_programs_differ_in_which_they_take(tmp_path):
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as twice:
        twice.writestr("README.md", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            twice.writestr("README.md", b"other")
    with pytest.raises(BundleError, match="twice"):
        read_archive(tmp_path / "twice.zip")


def test_a_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("results/table_4.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archived:
        archived.writestr(link, b"/etc/passwd")
    with pytest.raises(BundleError, match="link"):
        read_archive(tmp_path / "link.zip")


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAXIMUM_BYTES", 1000)
    write_archive(tmp_path / "bomb.zip", {"a": b"\0" * 2000})
    with pytest.raises(BundleError, match="safely"):
        read_archive(tmp_path / "bomb.zip")


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAXIMUM_FILES", 1)
    write_archive(tmp_path / "many.zip", FILES)
    with pytest.raises(BundleError, match="safely"):
        read_archive(tmp_path / "many.zip")


@pytest.mark.parametrize("damage", [lambda data: data[:-30], lambda data: b"no zip", lambda data: b""])
def test_a_damaged_archive_says_what_to_do(tmp_path, damage):
    write_archive(tmp_path / "whole.zip", FILES)
    (tmp_path / "part.zip").write_bytes(damage((tmp_path / "whole.zip").read_bytes()))
    with pytest.raises(BundleError, match="get it again"):
        read_archive(tmp_path / "part.zip")


def test_a_flipped_byte_is_found(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as stored:
        stored.writestr("README.md", b"# README of the bundle\n")
    data = bytearray(buffer.getvalue())
    data[data.index(b"bundle")] ^= 1
    (tmp_path / "flipped.zip").write_bytes(bytes(data))
    with pytest.raises(BundleError):
        read_archive(tmp_path / "flipped.zip")
