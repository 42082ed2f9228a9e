"""Who may come in, and what a foreign page can do: nothing."""

import http.client
import re
from urllib.parse import urlsplit

import pytest

from mtpbackup.virtual import VirtualPhone
from tests.web.conftest import serving

ASSETS = ["/", "/api/state", "/api/phone/items", "/api/archive/items", "/api/events", "/static/index.html"]
CHANGES = ["/api/backup", "/api/stop", "/api/retry", "/api/listing", "/api/restore", "/api/restore/preview"]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One gallery for all: nothing that is refused leaves a trace."""
    with VirtualPhone(serial="SERIAL-1") as phone:
        phone.add_file("DCIM/Camera/IMG_0001.jpg", b"\xff\xd8 one")
        phone.plug()
        with serving(phone, tmp_path_factory.mktemp("gate")) as served:
            served.when_listed()
            yield served


@pytest.mark.parametrize(
    "path", [*ASSETS, "/thumb/phone/x", "/thumb/archive/1", "/file/archive/1", "/api/help"]
)
def test_nothing_is_shown_without_the_cookie(served, path):
    with served.client(inside=False) as outside:
        said = outside.get(path)
    assert said.status_code == 403
    assert "IMG_" not in said.text


def test_a_token_opens_once_and_for_one_browser(served):
    address = served.gate.address()
    with served.client(inside=False) as first, served.client(inside=False) as second:
        opened = first.get(address)
        assert opened.status_code == 200
        assert re.search(r'content="0;url=/"', opened.text)
        cookie = opened.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie
        assert first.get("/api/state").status_code == 200
        # Who is in may come by the used address again, as by the browser's history; others may not.
        assert first.get(address).status_code == 200
        used = second.get(address)
        assert used.status_code == 403
        assert "works once" in used.text
        assert second.get("/api/state").status_code == 403


@pytest.mark.parametrize("token", ["", "x", "é", "%00", "a" * 5000])
def test_a_wrong_token_does_not_open(served, token):
    with served.client(inside=False) as outside:
        assert outside.get("/", params={"token": token}).status_code == 403
        assert "set-cookie" not in outside.get("/", params={"token": token}).headers


@pytest.mark.parametrize(
    "cookie",
    ["mtpbackup_{port}=wrong", "mtpbackup_{port}=", "other={value}", "mtpbackup_1={value}", ";;==\x80"],
)
def test_a_wrong_cookie_does_not_open(served, cookie):
    with served.client() as inside:
        value = inside.cookies[f"mtpbackup_{served.server.port}"]
    with served.client(inside=False) as outside:
        text = cookie.format(port=served.server.port, value=value)
        said = outside.get("/api/state", headers={"cookie": text.encode("latin-1")})
        assert said.status_code == 403


@pytest.mark.parametrize(
    "others", ['a[b]={"x": 1}; ', "=; ", "é; ", 'open="; ', "mtpbackup_{port}=old; ", "mtpbackup_1=x; path; "]
)
def test_cookies_of_other_servers_of_this_computer_do_not_lock_out(served, others):
    """A browser has one jar for all of 127.0.0.1, whatever the port."""
    with served.client() as inside:
        value = inside.cookies[f"mtpbackup_{served.server.port}"]
    with served.client(inside=False) as outside:
        text = f"{others}mtpbackup_{{port}}={value}".replace("{port}", str(served.server.port))
        assert outside.get("/api/state", headers={"cookie": text.encode()}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""]
)
def test_a_foreign_name_for_this_computer_is_refused(served, client, host):
    said = client.get("/api/state", headers={"host": host.format(port=served.server.port)})
    assert said.status_code == 421


def test_localhost_is_this_computer(served, client):
    name = f"localhost:{served.server.port}"
    assert client.get("/api/state", headers={"host": name, "origin": f"http://{name}"}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost:{port}"]
)
@pytest.mark.parametrize("path", [*CHANGES, "/api/state", "/thumb/archive/1"])
def test_what_a_page_of_another_origin_asks_for_is_refused(served, client, origin, path):
    before = served.gallery.board.job
    method = "POST" if path in CHANGES else "GET"
    headers = {"origin": origin.format(port=served.server.port), "content-type": "application/json"}
    assert client.request(method, path, headers=headers).status_code == 403
    assert served.gallery.board.job is before


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_picture_in_a_page_of_another_server_stays_empty(client, site):
    """For a browser another port of this computer is the same site: it sends the cookie along."""
    assert client.get("/thumb/archive/1", headers={"sec-fetch-site": site}).status_code == 403
    assert client.get("/api/state", headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_a_link_from_elsewhere_shows_the_gallery_only_to_who_is_in(client):
    assert client.get("/", headers={"sec-fetch-site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("missing", ["origin", "x-requested-with"])
def test_changes_need_what_only_our_pages_send(served, path, missing):
    with served.client() as client:
        before = served.gallery.board.job
        del client.headers[missing]
        said = client.post(path, json={})
        assert said.status_code == 403
        assert said.json()["headline"]
        assert served.gallery.board.job is before


def test_a_form_cannot_ask_for_changes(served, client):
    said = client.post("/api/backup", data={"ids": "null"})
    assert said.status_code == 415
    assert served.gallery.board.job.kind.value == "listing"


@pytest.mark.parametrize("path", CHANGES)
def test_looking_changes_nothing(client, path):
    assert client.get(path).status_code == 405


@pytest.mark.parametrize(
    "path", ["/", "/api/state", "/api/phone/items", "/static/index.html", "/nowhere", "/thumb/phone/x"]
)
def test_every_answer_forbids_what_is_not_ours(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert (
        "default-src 'self'" in headers["content-security-policy"]
        or "sandbox" in headers["content-security-policy"]
    )
    assert "unsafe" not in headers["content-security-policy"]
    assert not any(name.startswith("access-control-") for name in headers)


def test_the_server_is_heard_on_this_computer_only(served):
    assert served.server._socket.getsockname()[0] == "127.0.0.1"
    with served.server.running(served.app, served.listeners):
        connection = http.client.HTTPConnection("127.0.0.1", served.server.port, timeout=10)
        parts = urlsplit(served.gate.address())
        connection.request("GET", f"/?{parts.query}")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        assert answer.getheader("server") is None
        connection.close()


def test_pages_name_nothing_that_is_elsewhere():
    """Offline means: no address of another computer in what is shipped, but for names of XML."""
    from mtpbackup.web import app

    for path in app._STATIC.rglob("*"):
        if path.suffix in {".html", ".js", ".css", ".svg"}:
            text = path.read_text()
            named = set(re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z0-9./-]+", text))
            assert {name for name in named if "www.w3.org" not in name} == set(), path
