"""Thumbnails and files: what a browser gets of good pictures, and of files that want to be pages."""

import io
import threading

import pytest
from PIL import Image

from mtpbackup.virtual import VirtualPhone
from mtpbackup.wire import OperationCode
from tests.thumbnails import hostile
from tests.web.conftest import LATEST, serving

SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.domain)</script></svg>'
PAGE = b"<!doctype html><script>alert(document.domain)</script>"

FILES = {
    "photo.jpg": hostile.picture("JPEG", exif=hostile.exif(6, hostile.picture("JPEG", (160, 120)))),
    "plain.jpg": hostile.picture("JPEG"),
    "raw.dng": hostile.tiff_with_preview(hostile.picture("JPEG")),
    "svg.jpg": SCRIPT,
    "page.jpg": PAGE,
    "page.png": PAGE,
    "svg.svg": SCRIPT,
    "page.html": PAGE,
    "bomb.png": hostile.png_bomb(20_000),
    "film.mp4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + PAGE,
    "empty.jpg": b"",
    "hundred.gif": bytes(range(100)),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A gallery whose phone has these files, all of them backed up."""
    with VirtualPhone(serial="S") as phone:
        for name, content in FILES.items():
            phone.add_file(f"DCIM/{name}", content)
        phone.plug()
        with serving(phone, tmp_path_factory.mktemp("pictures")) as served, served.client() as client:
            served.when_listed()
            served.phone = phone
            served.fresh = {
                item[1]: client.get(f"/thumb/phone/{item[0]}")
                for item in client.get("/api/phone/items").json()["items"]
            }
            served.operations = phone.counts.copy()
            from mtpbackup.engine import Only, Selection

            # All of it, also what is neither photo nor video.
            served.gallery._on_phone(_kind(), lambda link: served.gallery._back_up(link, Selection(Only.ALL)))
            assert served.when_done("backup").summary.saved.items == len(FILES)
            yield served


def _kind():
    from mtpbackup.engine.gallery import JobKind

    return JobKind.BACKUP


@pytest.fixture
def row(client):
    """The number of a file in the backup."""
    return {item[1]: item[0] for item in client.get("/api/archive/items").json()["items"]}.__getitem__


def test_thumbnails_of_what_is_on_the_phone(served):
    turned = served.fresh["photo.jpg"]
    assert turned.status_code == 200 and turned.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(turned.content)).size == (120, 160)
    for name in ("svg.jpg", "page.jpg", "film.mp4", "empty.jpg"):
        assert served.fresh[name].status_code == 404, name
    assert not served.operations[OperationCode.GET_OBJECT]
    assert served.operations[OperationCode.GET_PARTIAL_OBJECT_64] == 4  # JPEGs by name, but for the empty one


def test_what_had_none_on_the_phone_has_one_once_it_is_copied(served, client):
    """And it is made from the disk: the cable is free for others."""
    assert served.fresh["raw.dng"].status_code == 404
    numbers = {item[1]: item[0] for item in client.get("/api/phone/items").json()["items"]}
    before = sum(served.phone.counts.values())
    said = client.get(f"/thumb/phone/{numbers['raw.dng']}")
    assert Image.open(io.BytesIO(said.content)).size == (320, 240)
    operations = served.phone.counts
    assert operations[OperationCode.GET_THUMB] == served.operations[OperationCode.GET_THUMB]
    assert sum(operations.values()) - before <= 1  # a look whether anything changed, at most


def test_thumbnails_of_what_is_in_the_backup(client, row):
    for name, size in {"photo.jpg": (240, 320), "plain.jpg": (320, 240), "raw.dng": (320, 240)}.items():
        said = client.get(f"/thumb/archive/{row(name)}")
        assert said.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(said.content)).size == size
        assert said.headers["cache-control"] == "no-store"  # number 1 of the next backup is another picture


@pytest.mark.parametrize(
    "name", ["svg.jpg", "page.jpg", "page.png", "bomb.png", "film.mp4", "empty.jpg", "hundred.gif"]
)
def test_what_is_no_picture_is_an_icon(client, row, name):
    said = client.get(f"/thumb/archive/{row(name)}")
    assert said.status_code == 404 and not said.content
    details = client.get(f"/api/archive/items/{row(name)}").json()
    assert details["size"] == len(FILES[name]) and details["camera"] == ""


@pytest.mark.parametrize("name", FILES)
def test_no_file_is_ever_a_page(client, row, name):
    said = client.get(f"/file/archive/{row(name)}")
    assert said.content == FILES[name]
    media = said.headers["content-type"]
    inline = said.headers["content-disposition"].startswith("inline")
    assert "html" not in media and "svg" not in media and "xml" not in media
    assert said.headers["x-content-type-options"] == "nosniff"
    assert said.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "script" not in said.headers["content-security-policy"]
    shown = name.rpartition(".")[2] in {"jpg", "png", "gif", "mp4"}
    assert inline == shown
    assert media == {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "mp4": "video/mp4"}.get(
        name.rpartition(".")[2], "application/octet-stream"
    )
    download = client.get(f"/file/archive/{row(name)}?download=1")
    assert download.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, (0, 10)),
        ("bytes=90-", 206, (90, 100)),
        ("bytes=90-1000", 206, (90, 100)),
        ("bytes=-10", 206, (90, 100)),
        ("bytes=-1000", 206, (0, 100)),
        ("bytes=99-99", 206, (99, 100)),
        ("bytes=100-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=0-1,5-6", 200, (0, 100)),
        ("bytes=9-1", 200, (0, 100)),
        ("bytes=x-", 200, (0, 100)),
        ("lines=0-1", 200, (0, 100)),
        ("bytes=" + "9" * 30 + "-", 200, (0, 100)),
    ],
)
def test_a_part_of_a_file(client, row, asked, status, part):
    content = FILES["hundred.gif"]
    said = client.get(f"/file/archive/{row('hundred.gif')}", headers={"range": asked})
    assert said.status_code == status
    if part is None:
        assert said.headers["content-range"] == "bytes */100"
    else:
        assert said.content == content[slice(*part)]
        assert said.headers["content-length"] == str(part[1] - part[0])
        if status == 206:
            assert said.headers["content-range"] == f"bytes {part[0]}-{part[1] - 1}/100"


def test_a_part_of_what_has_changed_is_not_given(client, row):
    path = f"/file/archive/{row('hundred.gif')}"
    etag = client.get(path).headers["etag"]
    assert client.get(path, headers={"range": "bytes=0-0", "if-range": etag}).status_code == 206
    assert client.get(path, headers={"range": "bytes=0-0", "if-range": '"x"'}).status_code == 200
    assert client.head(path).headers["content-length"] == "100"


@pytest.mark.parametrize(
    "path", ["/thumb/archive/", "/file/archive/", "/api/archive/items/", "/thumb/phone/", "/static/"]
)
@pytest.mark.parametrize(
    "way",
    [
        *(
            "../../../../etc/passwd",
            "..%2f..%2f..%2fetc%2fpasswd",
            "%2e%2e/%2e%2e/etc/passwd",
            "%00",
            "1%00",
            "-1",
        ),
        *(
            "1e3",
            "0x1",
            "1.0",
            "9" * 40,
            "%D9%A1",
            "..\\..\\x",
            "//etc/passwd",
            "/etc/passwd",
            "🎂",
            " 1",
            "1;2",
        ),
    ],
)
def test_no_way_leads_out(client, path, way):
    said = client.get(path + way)
    assert said.status_code in (400, 404, 405), said.text
    assert b"root:" not in said.content


def test_a_link_in_the_backup_is_not_followed(served, client, row):
    (path,) = served.root.rglob("plain.jpg")
    content = path.read_bytes()
    path.unlink()
    path.symlink_to("/etc/passwd")
    try:
        assert client.get(f"/file/archive/{row('plain.jpg')}").status_code == 404
    finally:
        path.unlink()
        path.write_bytes(content)


def test_thumbnails_wait_while_something_is_copied(tmp_path):
    """Copying goes first: what is not kept already is answered 503, and comes when it is through."""
    with VirtualPhone(serial="S") as phone:
        phone.add_file("DCIM/a.jpg", FILES["photo.jpg"])
        phone.plug()
        with serving(phone, tmp_path) as served, served.client() as client:
            served.when_listed()
            ((number, *_),) = client.get("/api/phone/items").json()["items"]
            hold = threading.Event()

            def wait(_topic):
                if threading.current_thread().name == "phone keeper":
                    assert hold.wait(LATEST)

            end = served.gallery.listen(wait)
            try:
                client.post("/api/listing", json={})
                said = client.get(f"/thumb/phone/{number}")
                assert said.status_code == 503 and int(said.headers["retry-after"]) > 0
            finally:
                hold.set()
                end()
            served.when_done("listing")
            assert client.get(f"/thumb/phone/{number}").status_code == 200
            phone.log.clear()
            assert client.get(f"/thumb/phone/{number}").status_code == 200
            assert not phone.counts[OperationCode.GET_PARTIAL_OBJECT_64]  # kept


def test_a_thumbnail_of_a_phone_that_left_is_asked_for_again(served, tmp_path):
    with VirtualPhone(serial="T") as phone:
        phone.add_file("DCIM/a.jpg", FILES["photo.jpg"])
        phone.plug()
        with serving(phone, tmp_path) as other, other.client() as client:
            other.when_listed()
            ((number, *_),) = client.get("/api/phone/items").json()["items"]
            phone.unplug()
            other.when(lambda: other.gallery.phone.state.value == "none")
            assert client.get(f"/thumb/phone/{number}").status_code == 503


def test_a_phone_that_gives_no_parts_of_files_is_asked_for_its_own_thumbnails(tmp_path):
    with VirtualPhone("camera") as phone:
        phone.add_file("DCIM/100CANON/IMG_0001.JPG", FILES["plain.jpg"])
        phone.plug()
        with serving(phone, tmp_path) as served, served.client() as client:
            served.when_listed()
            ((number, *_),) = client.get("/api/phone/items").json()["items"]
            said = client.get(f"/thumb/phone/{number}")
            assert Image.open(io.BytesIO(said.content)).size == (160, 120)
            assert phone.counts[OperationCode.GET_THUMB] == 1
            assert not phone.counts[OperationCode.GET_OBJECT]
            assert not phone.counts[OperationCode.GET_PARTIAL_OBJECT]
