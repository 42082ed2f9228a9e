"""Looking at what is in the backup, by the real server: films play, pictures download, odd kinds are told."""

from __future__ import annotations

import io
from datetime import datetime

import av
import pytest
from PIL import Image

from mtpbackup.virtual import Literal, VirtualPhone, photo
from tests.web.conftest import serving

pytestmark = pytest.mark.browser

TAKEN = datetime(2024, 5, 6, 7, 8)


def film():
    """Two seconds that a browser can play."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(20):
            picture = Image.new("RGB", (160, 120), (12 * number, 80, 160))
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return out.getvalue()


@pytest.fixture
def gallery(surfer, tmp_path):
    """A backup of a picture, a film and a kind of file that browsers do not show; the phone is gone."""
    with VirtualPhone(serial="SERIAL-1") as phone:
        phone.add_file("DCIM/Camera/IMG_1.jpg", photo(TAKEN, size=30_000), TAKEN)
        phone.add_file("DCIM/Camera/VID_2.mp4", Literal(film()), TAKEN)
        phone.add_file("DCIM/Camera/IMG_3.heic", Literal(b"\0\0\0\x18ftypheic" + b"\0" * 500), TAKEN)
        phone.plug()
        with serving(phone, tmp_path) as served:
            served.when_listed()
            with served.client() as client:
                assert client.post("/api/backup", json={"ids": None}).status_code == 200
            served.when_done("backup")
            phone.unplug()
            with served.server.running(served.app, served.listeners):
                surfer.driver.get(served.gate.address())
                surfer.see("h1", "Home")
                surfer.go("In the backup")
                yield served
                surfer.leave()


def look_at(surfer, kind):
    surfer.click(".chip", kind)
    surfer.until(lambda: surfer.count(".tile") in {1, 2}, kind)
    surfer.click(".tile")
    surfer.see("dialog.viewer", "of")


def test_a_film_plays_from_any_place_in_it(surfer, gallery):
    look_at(surfer, "Videos")
    assert surfer.one(".view-stage video").get_attribute("controls") == "true"
    played = surfer.run_module("""
      const film = document.querySelector('.view-stage video');
      film.muted = true;
      await film.play();
      film.pause();
      const seeked = new Promise((resolve) => film.addEventListener('seeked', resolve, { once: true }));
      film.currentTime = 1.5;
      await seeked;
      return [film.duration, film.currentTime, film.videoWidth];
    """)
    assert played == [pytest.approx(2, abs=0.2), pytest.approx(1.5), 160]


def test_a_picture_is_downloaded_as_it_was(surfer, gallery):
    surfer.until(lambda: surfer.count(".tile") == 3, "three pictures")
    surfer.one('input[type="search"]').send_keys("IMG_1")
    surfer.until(lambda: surfer.count(".tile") == 1, "one picture")
    surfer.click(".tile")
    surfer.click("dialog.viewer a", "Download")
    there = surfer.downloads / "IMG_1.jpg"
    saved = next(gallery.root.rglob("IMG_1.jpg"))
    surfer.until(lambda: there.exists() and there.read_bytes() == saved.read_bytes(), "the download")


def test_what_browsers_do_not_show_is_said(surfer, gallery):
    surfer.until(lambda: surfer.count(".tile") == 3, "three pictures")
    surfer.one('input[type="search"]').send_keys("IMG_3")
    surfer.until(lambda: surfer.count(".tile") == 1, "one picture")
    surfer.click(".tile")
    surfer.see("dialog.viewer", "Browsers do not show this kind of file")
    assert "Download" in surfer.text("dialog.viewer")
