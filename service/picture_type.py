"""The media type of picture bytes, from how they begin. Nothing is decoded here."""

from __future__ import annotations

_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)


def picture_type(data: bytes) -> str:
    """Media type such as `image/jpeg`; `application/octet-stream` for anything unknown.

    >>> picture_type(b"\\xff\\xd8\\xff\\xe0")
    'image/jpeg'
    """
    for beginning, media_type in _BEGINNINGS:
        if data.startswith(beginning):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "application/octet-stream"
