"""Undoing `Content-Encoding` piece by piece, never beyond a size: a gzip bomb stays folded.

httpx would inflate each received chunk whole, up to a thousand times its size, before anyone
could count.
"""

from __future__ import annotations

import zlib

ACCEPTED = "gzip, deflate"
"""The encodings understood here, as an `Accept-Encoding` header."""


class TooLargeError(Exception):
    """The body is larger than allowed once decompressed."""


class EncodingError(Exception):
    """The body is not in the encoding its header names, or in one not understood here."""


class BodyReader:
    """Collects a body from its chunks.

    Args:
        encoding: the answer's `Content-Encoding`.
        limit: the most bytes of the decompressed body.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        self._limit = limit
        self._body = bytearray()
        encoding = encoding.strip().lower()
        if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise EncodingError(f"content encoding {encoding[:40]!r} is not supported")
        self._inflating = encoding not in {"", "identity"}
        # 32 + 15: zlib tells gzip from zlib by the header.
        self._inflater = zlib.decompressobj(47)

    def feed(self, chunk: bytes) -> None:
        """Take in the next chunk as it came from the network.

        Raises:
            TooLargeError: the body has outgrown its limit.
            EncodingError: the chunk does not decompress.
        """
        if self._inflating:
            self._inflate(chunk)
        else:
            self._add(chunk)

    def body(self) -> bytes:
        """Everything so far, decompressed."""
        return bytes(self._body)

    def _add(self, data: bytes) -> None:
        if len(self._body) + len(data) > self._limit:
            raise TooLargeError
        self._body += data

    def _inflate(self, chunk: bytes) -> None:
        while chunk:
            room = self._limit - len(self._body) + 1
            try:
                data = self._inflater.decompress(chunk, room)
            except zlib.error as error:
                if self._body:
                    raise EncodingError(f"the body does not decompress: {error}") from error
                # Some servers send "deflate" without the zlib header.
                self._inflater = zlib.decompressobj(-15)
                try:
                    data = self._inflater.decompress(chunk, room)
                except zlib.error:
                    raise EncodingError(f"the body does not decompress: {error}") from error
            self._add(data)
            chunk = self._inflater.unconsumed_tail
            if self._inflater.eof:
                chunk = self._inflater.unused_data
                self._inflater = zlib.decompressobj(47)
                if not chunk.startswith(b"\x1f\x8b"):
                    return
