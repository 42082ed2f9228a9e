"""Gives out one file of the backup: whole or a part (RFC 9110, section 14), sandboxed, and never as a page."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

_PIECE: Final = 256 * 1024

#: What a browser may show, by the ending of the name. Everything else is only given out to be saved: HTML and
#: SVG above all, which would run as a page of ours.
_SHOWN: Final = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "jpe": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "3gp": "video/3gpp",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
}
#: A page of the browser's own around a picture or film may show that one thing, and nothing else; no script.
_POLICY: Final = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def file_response(request: Request, descriptor: int, name: str, stamp: str) -> Response:
    """An answer with a file's content. Takes the descriptor over, and closes it.

    Args:
        request: the question; its `Range` and `If-Range` are heeded.
        descriptor: a regular file.
        name: the file's, hostile.
        stamp: stands for the content: the same as long as that is.
    """
    size = os.fstat(descriptor).st_size
    media = _SHOWN.get(name.rpartition(".")[2].lower())
    as_file = media is None or request.query_params.get("download") == "1"
    etag = f'"{stamp}"'
    headers = {
        "accept-ranges": "bytes",
        "content-disposition": f"{'attachment' if as_file else 'inline'}; filename*=UTF-8''{_quoted(name)}",
        "content-security-policy": _POLICY,
        "cache-control": "private, no-cache",
        "etag": etag,
    }
    start, end, status = 0, size, 200
    asked = request.headers.get("range")
    if asked is not None and request.headers.get("if-range", etag) == etag:
        part = _part(asked, size)
        if part == (0, 0):
            os.close(descriptor)
            return Response(status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
        if part is not None:
            start, end = part
            status = 206
            headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    headers["content-length"] = str(end - start)
    media_type = "application/octet-stream" if media is None else media
    if request.method == "HEAD":
        os.close(descriptor)
        return Response(status_code=status, headers=headers, media_type=media_type)
    content = _content(descriptor, start, end)
    return StreamingResponse(content, status, headers=headers, media_type=media_type)


def _quoted(name: str) -> str:
    return quote(name.encode("utf-8", errors="replace"), safe="")


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """Start and end of what is asked for; (0, 0) when that lies outside, None when it is not to be heeded."""
    match = _RANGE.fullmatch(asked.strip())
    if match is None or not (match[1] or match[2]):
        return None  # several parts at once, or nonsense: the whole is a right answer
    if not match[1]:
        length = min(int(match[2]), size)
        return (size - length, size) if length else (0, 0)
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    if match[2] and int(match[2]) < start:
        return None
    return (start, end) if start < end else (0, 0)


async def _content(descriptor: int, start: int, end: int) -> AsyncIterator[bytes]:
    try:
        while start < end:
            piece = await anyio.to_thread.run_sync(os.pread, descriptor, min(_PIECE, end - start), start)
            if not piece:
                return  # it became shorter: the length that was told does not agree, and the browser notices
            start += len(piece)
            yield piece
    finally:
        os.close(descriptor)
