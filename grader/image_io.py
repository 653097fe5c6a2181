"""The only place that decodes and encodes pictures and reads video files. RGB from here on.

What reading can add to `Frame.notes`:

no_colour           a grey picture: three equal channels, colour cannot be judged
transparent         has see-through pixels, laid on neutral grey
first_frame_only    an animation or a file of several pages: the first picture was taken
converted_profile   colours came in another space (Display-P3, CMYK ...) and were converted to sRGB
bad_colour_profile  the embedded colour profile is damaged and was ignored: taken as sRGB
reduced_size        decoded at a reduced size because the caller asked for it
"""

from __future__ import annotations

import io
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import simplejpeg
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from grader.errors import InvalidImageError, OutputError
from grader.input_files import InputFile as InputFile
from grader.input_files import list_inputs as list_inputs
from grader.types import Frame, UInt8Array

# Below Pillow's own warning limit (89 megapixels), so that ours is the one that speaks; 8000 x 6000 fits.
MAX_PIXELS = 80_000_000
# A compressed picture of MAX_PIXELS in 16 bits stays below this; a larger file is something else.
MAX_FILE_BYTES = 600_000_000
# A fruit needs some 30 px across before an outline means anything.
MIN_SIDE_PX = 32
NEUTRAL_GREY = 128
Chroma = Literal["444", "420"]
"""How JPEG files keep colour: at the full size, or at half of it each way, as most cameras do."""

IMAGE_FORMATS = (  # MPO is opened as JPEG
    "JPEG",
    "PNG",
    "BMP",
    "DIB",
    "TIFF",
    "WEBP",
    "GIF",
)

# Everything the decoders raise on damaged bytes (found by fuzzing); all of it is translated at this border.
_DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError,
    OverflowError, MemoryError, NotImplementedError, RuntimeError, ZeroDivisionError, struct.error,
    zlib.error, ImageCms.PyCMSError, UserWarning,
)  # fmt: skip
# libjpeg warnings after which every pixel is still right; all others mean lost pixels.
_HARMLESS_JPEG_WARNINGS = (
    "extraneous bytes before marker",
    "Invalid SOS parameters",
    "Unknown Adobe color transform",
)
_TURN_BY_ORIENTATION = {3: 2, 6: 3, 8: 1, 5: 3, 7: 1}  # EXIF orientation -> quarter turns anticlockwise
_MIRRORED_ORIENTATIONS = (2, 4, 5, 7)


def read_image(path: Path, frame_id: str | None = None) -> Frame:
    """Read one picture file.

    Args:
        path: the file. frame_id: name of the frame, by default the path as given.

    Raises:
        InvalidImageError: missing, unreadable, too large, damaged, or no picture; the message names the file.
    """
    name = path.as_posix() if frame_id is None else frame_id
    try:
        if not path.is_file():
            found = "a folder" if path.is_dir() else "something else" if path.exists() else "nothing"
            raise InvalidImageError(f"{name}: expected a picture file, found {found}")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise InvalidImageError(f"{name}: expected at most {MAX_FILE_BYTES} bytes, got {size}")
        data = path.read_bytes()
    except OSError as exc:
        raise InvalidImageError(f"{name}: cannot be read: {exc.strerror or exc}") from exc
    return decode_image(data, name)


def decode_image(
    data: bytes, frame_id: str, *, max_pixels: int = MAX_PIXELS, shrink_to_px: int | None = None
) -> Frame:
    """Decode one picture (JPEG, PNG, BMP, TIFF, WebP, GIF) to 8-bit sRGB, upright as its EXIF tag says.

    Args:
        data: the bytes of the file.
        frame_id: name of the frame, also used in messages.
        max_pixels: refused above this, from the header, before anything is decoded.
        shrink_to_px: lets a JPEG be decoded smaller while both sides stay at least this long, for previews;
            other formats ignore it. A scale in mm/px does not hold for such a frame.

    Raises:
        InvalidImageError: empty, damaged, cut off, unknown format, too many pixels, too few (MIN_SIDE_PX).
    """
    if not data:
        raise InvalidImageError(f"{frame_id}: expected a picture, got an empty file")
    try:
        with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
            _check_size(image, frame_id, max_pixels)
            size = image.size
            if image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L"):
                rgb, notes = _decode_plain_jpeg(data, image, shrink_to_px)
            else:
                rgb, notes = _decode_with_pillow(image)
    except UnidentifiedImageError as exc:
        expected = "JPEG, PNG, BMP, TIFF, WebP or GIF"
        raise InvalidImageError(f"{frame_id}: expected {expected}, got {_describe_bytes(data)}") from exc
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise InvalidImageError(f"{frame_id}: expected at most {max_pixels} pixels: {exc}") from exc
    except _DECODER_ERRORS as exc:
        reason = str(exc) or type(exc).__name__
        raise InvalidImageError(f"{frame_id}: expected a whole picture, it is damaged: {reason}") from exc
    whole_hw = None
    if "reduced_size" in notes:
        turned = (rgb.shape[0] > rgb.shape[1]) != (size[1] > size[0])
        whole_hw = size if turned else size[::-1]
    return Frame(frame_id=frame_id, rgb=rgb, notes=tuple(sorted(notes)), whole_hw=whole_hw)


def read_video(path: Path, frame_id: str | None = None, *, every: int = 1) -> Iterator[Frame]:
    """Yield the frames of a video file in order; ids count from 0 in the file, as in `clip.mp4#000012`.

    Args:
        every: 1 yields each frame, n yields frames 0, n, 2n ...

    Raises:
        InvalidImageError: not a video; or it ends early (the frames before have been yielded by then).
    """
    if every < 1:
        raise ValueError(f"every must be at least 1, got {every}")
    name = path.as_posix() if frame_id is None else frame_id
    capture = cv2.VideoCapture(str(path))
    try:
        expected = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        count = 0
        while capture.grab():
            if count % every == 0:
                yield _next_frame(capture, f"{name}#{count:06d}")
            count += 1
    finally:
        capture.release()
    if count == 0:
        raise InvalidImageError(f"{name}: expected a video, could not read a single frame")
    if count < 0.95 * expected - 1:  # the header's count is an estimate in some containers
        raise InvalidImageError(f"{name}: expected about {expected} frames, the video ends after {count}")


def encode_jpeg(rgb: UInt8Array, *, quality: int = 85, chroma: Chroma = "444") -> bytes:
    """Encode uint8 (H, W, 3) R-G-B as JPEG; quality 1-100."""
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(rgb), quality=quality, colorsubsampling=chroma))


def encode_png(image: UInt8Array) -> bytes:
    """Encode uint8 (H, W, 3) R-G-B or (H, W) grey or index values as PNG, without loss."""
    ordered = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == 3 else image
    done, buffer = cv2.imencode(".png", ordered)
    if not done:
        raise ValueError(f"expected uint8 (H, W) or (H, W, 3), got {image.dtype} {image.shape}")
    return bytes(buffer.tobytes())


def write_png(path: Path, image: UInt8Array) -> None:
    """Write `encode_png(image)`; the file appears whole or not at all. Raises OutputError."""
    write_bytes(path, encode_png(image))


def write_jpeg(path: Path, rgb: UInt8Array, *, quality: int = 90) -> None:
    """Write `encode_jpeg(rgb)`; the file appears whole or not at all. Raises OutputError."""
    write_bytes(path, encode_jpeg(rgb, quality=quality))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that it appears whole or not at all (temporary file, then renamed); makes folders.

    Raises:
        OutputError: folder not writable, disk full ...; names the file and the cause.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
            temporary = Path(file.name)
            file.write(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as exc:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise OutputError(f"{path}: could not be written: {exc.strerror or exc}") from exc


def _check_size(image: Image.Image, frame_id: str, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise InvalidImageError(f"{frame_id}: expected at most {max_pixels} pixels, got {width} x {height}")
    if min(width, height) < MIN_SIDE_PX:
        raise InvalidImageError(
            f"{frame_id}: expected at least {MIN_SIDE_PX} px a side, got {width} x {height}"
        )


def _decode_plain_jpeg(
    data: bytes, image: Image.Image, shrink_to_px: int | None
) -> tuple[UInt8Array, list[str]]:
    least = shrink_to_px if shrink_to_px is not None else 0
    try:
        rgb: UInt8Array = simplejpeg.decode_jpeg(data, "RGB", min_height=least, min_width=least)
    except ValueError as exc:
        if not any(text in str(exc) for text in _HARMLESS_JPEG_WARNINGS):
            raise
        rgb = simplejpeg.decode_jpeg(data, "RGB", min_height=least, min_width=least, strict=False)
    notes = ["no_colour"] if image.mode == "L" else []
    if rgb.shape[:2] != image.size[::-1]:
        notes.append("reduced_size")
    profile = image.info.get("icc_profile")
    if profile and image.mode == "RGB":
        converted, profile_notes = _convert_profile(Image.fromarray(rgb), profile)
        rgb, notes = np.array(converted), notes + profile_notes
    return _upright(rgb, image.getexif().get(ExifTags.Base.Orientation, 1)), notes


def _upright(rgb: UInt8Array, orientation: int) -> UInt8Array:
    """Undo the EXIF orientation 1-8 (EXIF 2.32, tag 0x0112); other values mean upright."""
    turned = np.rot90(rgb, _TURN_BY_ORIENTATION.get(orientation, 0))
    if orientation in _MIRRORED_ORIENTATIONS:
        turned = turned[::-1] if orientation == 4 else turned[:, ::-1]
    return np.ascontiguousarray(turned)


def _decode_with_pillow(image: Image.Image) -> tuple[UInt8Array, list[str]]:
    notes = ["first_frame_only"] if getattr(image, "n_frames", 1) > 1 and image.format != "MPO" else []
    image.seek(0)
    profile = image.info.get("icc_profile")
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in ("I", "I;16", "I;16L", "I;16B", "F"):
        return _from_deep_grey(image), [*notes, "no_colour"]
    if image.mode in ("P", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode in ("1", "L", "LA"):
        notes.append("no_colour")
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        alpha = image.getchannel("A") if image.mode == "RGBA" else None
        image, profile_notes = _convert_profile(image if alpha is None else image.convert("RGB"), profile)
        notes += profile_notes
        if alpha is not None:
            image.putalpha(alpha)
    if image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        image = image.convert("RGB")
        notes.append("converted_profile")
    if image.mode in ("RGBA", "LA"):
        if image.getextrema()[-1][0] < 255:  # type: ignore[index]
            notes.append("transparent")
        ground = Image.new("RGBA", image.size, (NEUTRAL_GREY, NEUTRAL_GREY, NEUTRAL_GREY, 255))
        image = Image.alpha_composite(ground, image.convert("RGBA"))
    return np.array(image.convert("RGB")), notes


def _from_deep_grey(image: Image.Image) -> UInt8Array:
    """16-bit grey to 8-bit RGB, rounded: 65535 -> 255. Raises ValueError for floats and over 16 bits."""
    values = np.asarray(image)
    if values.dtype.kind == "f" or values.min() < 0 or values.max() > 65535:
        raise ValueError(f"expected 8 or 16 bits a channel, got {values.dtype} {values.min()}-{values.max()}")
    grey = ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _convert_profile(image: Image.Image, profile: bytes) -> tuple[Image.Image, list[str]]:
    """Convert from the embedded ICC profile to sRGB (relative colorimetric), unless it is sRGB already."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return image, []
        converted = ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image.convert("RGB"), ["bad_colour_profile"]
    assert converted is not None  # only None with inPlace
    return converted, ["converted_profile"]


def _describe_bytes(data: bytes) -> str:
    if data.startswith(b"\xff\xd8"):
        return f"a JPEG of an unsupported kind (12-bit, lossless) or damaged header ({len(data)} bytes)"
    return f"{len(data)} bytes of an unknown format that start with {data[:8]!r}"


def _next_frame(capture: cv2.VideoCapture, frame_id: str) -> Frame:
    done, bgr = capture.retrieve()
    if not done or bgr is None:
        raise InvalidImageError(f"{frame_id}: the frame could not be decoded")
    rgb: UInt8Array = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)  # type: ignore[assignment]
    return Frame(frame_id=frame_id, rgb=rgb)
