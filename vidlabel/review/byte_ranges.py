"""Parts of files over HTTP (RFC 9110, section 14): what players ask for to jump within a video."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

_ONE_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.ASCII | re.IGNORECASE)
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes of a file from `start` to before `end`."""

    start: int
    end: int


class UnsatisfiableRangeError(ValueError):
    """A range begins after the end of the file."""


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The range that a header asks for; None: the whole file, as where it asks for several ranges or is no range.

    Args:
        header: the value of `Range`.
        size: bytes of the file.

    Raises:
        UnsatisfiableRangeError: no byte of the file is in the range.
    """
    match = None if header is None else _ONE_RANGE.fullmatch(header.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, end = max(0, size - int(match[2])), size
    else:
        start = int(match[1])
        end = min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    if start >= size or start >= end:
        raise UnsatisfiableRangeError
    return ByteRange(start, end)


async def file_response(request: Request, path: Path, media_type: str) -> Response:
    """A file, or the part of it that is asked for. It is read as fast as the client takes it.

    Args:
        request: a GET or HEAD.
        path: of the file.
        media_type: of its content.
    """
    try:
        file = await anyio.open_file(path, "rb")
    except OSError:
        return Response("The file has gone.", status_code=404)
    status = os.fstat(file.wrapped.fileno())
    size, tag = status.st_size, f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    headers = {"accept-ranges": "bytes", "etag": tag}
    wanted = request.headers.get("range")
    if request.headers.get("if-range", tag) != tag:  # It has another version of the file.
        wanted = None
    try:
        part = parse_range(wanted, size)
    except UnsatisfiableRangeError:
        await file.aclose()
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
    start, end = (0, size) if part is None else (part.start, part.end)
    headers["content-length"] = str(end - start)
    if part is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    code = 200 if part is None else 206
    if request.method == "HEAD":
        await file.aclose()
        return Response(status_code=code, headers=headers, media_type=media_type)
    return StreamingResponse(_chunks(file, start, end), code, headers, media_type)


async def _chunks(file: anyio.AsyncFile[bytes], start: int, end: int) -> AsyncIterator[bytes]:
    async with file:
        await file.seek(start)
        while start < end and (data := await file.read(min(_CHUNK, end - start))):
            start += len(data)
            yield data
