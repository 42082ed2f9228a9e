"""Who may come in. Any program and any page in a browser can reach 127.0.0.1; only who holds the token may.

- A token opens the door once, and is exchanged for a cookie. Tokens stand in the address that the browser is
  started with, where other programs of this computer may read them; after the first use that is worth nothing.
- The cookie is HttpOnly and SameSite=Strict. That alone does not do: another server on 127.0.0.1 is the same
  site for a browser, whatever its port. So what a page of another origin asks for is refused by `Origin` and
  `Sec-Fetch-Site`, and changes need a header that such a page cannot send.
- `Host` must be ours: else a foreign name that is made to mean 127.0.0.1 (DNS rebinding) would be our origin.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY: Final = (
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
#: On every answer. `sandbox` and stricter rules are added where a file of a phone is given out.
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
}

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>mtpbackup</title>{head}</head>
<body><h1>{headline}</h1><p>{then}</p></body></html>
"""

#: How the pages show that a change comes from them.
PROOF: Final = ("x-requested-with", "mtpbackup")


class Gate:
    """The tokens and the cookie of one run.

    Attributes:
        port: where the server listens; set when it is known.
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self._session = secrets.token_urlsafe(32)
        self._tokens: set[str] = set()
        self._lock = threading.Lock()

    @property
    def cookie(self) -> str:
        """The cookie's name. Cookies are shared between ports: two galleries must not lock each other out."""
        return f"mtpbackup_{self.port}"

    def address(self) -> str:
        """An address that opens the gallery, once."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens.add(token)
        return f"http://127.0.0.1:{self.port}/?token={token}"

    def redeem(self, token: str) -> bool:
        """Whether a token opens the door; it does so once."""
        with self._lock:
            for known in self._tokens:
                if hmac.compare_digest(known.encode(), token.encode(errors="replace")):
                    self._tokens.remove(known)
                    return True
        return False

    def set_cookie(self, response: Response) -> None:
        """Lets a browser in from now on."""
        response.set_cookie(self.cookie, self._session, path="/", httponly=True, samesite="strict")

    def has_cookie(self, headers: Headers) -> bool:
        """Whether a request brings the cookie."""
        # Not by http.cookies: that stops at the first cookie that is not as it should be, and all servers of
        # this computer share one jar.
        pairs = (each.strip().partition("=") for line in headers.getlist("cookie") for each in line.split(";"))
        return any(
            name == self.cookie and hmac.compare_digest(value.encode(), self._session.encode())
            for name, _, value in pairs
        )

    def is_ours(self, host: str) -> bool:
        """Whether a name with a port, as in `Host`, is this server's."""
        return host in (f"127.0.0.1:{self.port}", f"localhost:{self.port}")


class GateKeeper:
    """The middleware that asks the gate."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # websockets: there are none

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        """What is said to who may not come in, or None."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._gate.is_ours(hosts[0]):
            return _refused("This is not the name of this program's page.", 421)
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{hosts[0]}":
            return _refused("Another page asked for this. It was refused.", 403)
        opening = scope["path"] == "/" and scope["method"] in ("GET", "HEAD")
        if not opening and headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return _refused("Another page asked for this. It was refused.", 403)
        if scope["method"] not in ("GET", "HEAD"):
            if headers.get(PROOF[0]) != PROOF[1] or origin is None:
                return _refused("Only the pages of this program may ask for changes.", 403)
            if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
                return _refused("This is not what the pages send.", 415)
        if opening and b"token=" in scope["query_string"]:
            return None  # the way in: `app` looks at the token
        if not self._gate.has_cookie(headers):
            return closed_door(page=opening)
        return None


def closed_door(*, page: bool) -> Response:
    """What is said to who has no cookie."""
    if not page:
        return _refused("Open the address that mtpbackup printed.", 403)
    text = (
        "The address of the gallery works once, in one browser. For a new one press Enter where "
        "<code>mtpbackup show</code> is running, or start it again."
    )
    return HTMLResponse(_PAGE.format(head="", headline="This page is closed.", then=text), 403)


def welcome() -> Response:
    """Takes a browser from the address with the token to the gallery.

    A page that goes on by itself, and no redirect: where the address was opened by another page, as in a mail
    program in the browser, a redirect would not bring the new cookie along (SameSite=Strict).
    """
    head = '<meta http-equiv="refresh" content="0;url=/">'
    return HTMLResponse(_PAGE.format(head=head, headline="mtpbackup", then='<a href="/">Your pictures</a>'))


def _refused(headline: str, status: int) -> Response:
    return JSONResponse({"headline": headline, "what_to_do": []}, status)
