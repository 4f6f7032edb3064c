"""Delivered files are copied before they are read, and nothing outside the landing folder is touched."""

import hashlib
import os

import pytest

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.warehouse.deliveries import store_delivery
from resilience_pipeline.warehouse.lake import Lake

CONTENT = "城市,2018\n杭州市,13509\n".encode("gb18030")


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


@pytest.fixture
def landing(tmp_path):
    folder = tmp_path / "landing"
    (folder / "年鉴").mkdir(parents=True)
    (folder / "年鉴" / "2-1.csv").write_bytes(CONTENT)
    return folder


def test_a_delivery_is_copied_under_its_hash(lake, landing):
    delivery = lake.store_delivery(landing, "年鉴/2-1.csv")
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert delivery.path == lake.root / "deliveries" / digest / "2-1.csv"
    assert delivery.path.read_bytes() == CONTENT
    assert (delivery.file, delivery.sha256, delivery.size) == ("年鉴/2-1.csv", digest, len(CONTENT))
    assert not delivery.synthetic
    assert (landing / "年鉴" / "2-1.csv").read_bytes() == CONTENT


def test_the_same_bytes_again_are_not_copied(lake, landing):
    first = lake.store_delivery(landing, "年鉴/2-1.csv").path.stat()
    again = lake.store_delivery(landing, "年鉴/2-1.csv").path.stat()
    assert (first.st_ino, first.st_mtime_ns) == (again.st_ino, again.st_mtime_ns)


def test_a_revised_delivery_is_kept_beside_the_old_one(lake, landing):
    old = lake.store_delivery(landing, "年鉴/2-1.csv")
    (landing / "年鉴" / "2-1.csv").write_bytes(CONTENT + b"1")
    new = lake.store_delivery(landing, "年鉴/2-1.csv")
    assert (old.path.read_bytes(), new.path.read_bytes()) == (CONTENT, CONTENT + b"1")


def test_a_copy_that_was_changed_is_copied_again(lake, landing):
    copy = lake.store_delivery(landing, "年鉴/2-1.csv").path
    copy.chmod(0o644)
    copy.write_bytes(b"changed")
    assert lake.store_delivery(landing, "年鉴/2-1.csv").path.read_bytes() == CONTENT


def test_a_file_of_the_twin_is_known_as_synthetic(lake, landing):
    (landing / "twin.csv").write_bytes(CONTENT + b"SYNTHETIC TWIN\n")
    assert lake.store_delivery(landing, "twin.csv").synthetic


@pytest.mark.parametrize("relative", ["../secret.csv", "年鉴/../../secret.csv", "/etc/passwd", "", "."])
def test_a_path_out_of_the_landing_folder_is_refused(lake, landing, relative):
    (landing.parent / "secret.csv").write_text("secret")
    with pytest.raises(DeliveryError, match="outside the landing folder"):
        lake.store_delivery(landing, relative)
    assert not (lake.root / "deliveries").exists()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_out_of_the_landing_folder_is_refused(lake, landing, tmp_path, kind):
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "secret.csv").write_text("secret")
    if kind == "file":
        (landing / "link.csv").symlink_to(tmp_path / "private" / "secret.csv")
    else:
        (landing / "link").symlink_to(tmp_path / "private")
    with pytest.raises(DeliveryError, match=r"outside the landing folder[\s\S]*in place of the link"):
        lake.store_delivery(landing, "link.csv" if kind == "file" else "link/secret.csv")
    assert not (lake.root / "deliveries").exists()


def test_a_link_inside_the_landing_folder_is_followed(lake, landing):
    (landing / "link.csv").symlink_to(landing / "年鉴" / "2-1.csv")
    assert lake.store_delivery(landing, "link.csv").path.read_bytes() == CONTENT


@pytest.mark.parametrize("target", ["nowhere.csv", "circle.csv"])
def test_a_link_to_nothing_is_named(lake, landing, target):
    (landing / "circle.csv").symlink_to(landing / target)
    with pytest.raises(DeliveryError, match=r"circle\.csv: there is no such file"):
        lake.store_delivery(landing, "circle.csv")


def test_a_pipe_is_refused_without_waiting_for_it(lake, landing):
    os.mkfifo(landing / "pipe.csv")
    with pytest.raises(DeliveryError, match="not a regular file"):
        lake.store_delivery(landing, "pipe.csv")


def test_a_folder_is_refused(lake, landing):
    with pytest.raises(DeliveryError, match="a folder"):
        lake.store_delivery(landing, "年鉴")


def test_a_file_over_the_bound_is_refused(lake, landing):
    with pytest.raises(DeliveryError, match=r"too large[\s\S]*at most 10 bytes"):
        store_delivery(lake.root, landing, "年鉴/2-1.csv", maximum_bytes=10)
    assert not (lake.root / "deliveries").exists()


def test_a_name_that_is_not_text_is_refused(lake, landing):
    name = os.fsdecode("年鉴.csv".encode("gb18030"))
    (landing / name).write_bytes(CONTENT)
    with pytest.raises(DeliveryError, match="rename the file"):
        lake.store_delivery(landing, name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(lake, landing):
    (landing / "年鉴" / "2-1.csv").chmod(0)
    with pytest.raises(DeliveryError, match="make the file readable"):
        lake.store_delivery(landing, "年鉴/2-1.csv")
