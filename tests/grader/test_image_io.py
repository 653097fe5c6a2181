from __future__ import annotations

import contextlib
import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from grader.errors import InvalidImageError, OutputError
from grader.image_io import (
    MIN_SIDE_PX,
    decode_image,
    encode_jpeg,
    encode_png,
    list_inputs,
    read_image,
    read_video,
    write_bytes,
    write_jpeg,
    write_png,
)


def picture(height: int = 48, width: int = 64) -> np.ndarray:
    """Smooth colours, different in every corner."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 200 // width + 20, y * 200 // height + 20, 220 - x * 90 // width], axis=2).astype(
        np.uint8
    )


def pillow_bytes(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def grey_of(value: int) -> np.ndarray:
    return np.full((48, 64, 3), value, np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "WEBP", "JPEG"])
def test_all_formats_are_rgb(kind: str) -> None:
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 0] = 200
    options = {"lossless": True} if kind == "WEBP" else {}
    frame = decode_image(pillow_bytes(Image.fromarray(red), kind, **options), "a")
    assert frame.rgb.shape == (48, 64, 3)
    assert np.abs(frame.rgb.astype(int) - red).max() <= 2
    assert frame.notes == ()
    assert not frame.rgb.flags.writeable


def test_png_round_trip_is_exact() -> None:
    assert np.array_equal(decode_image(encode_png(picture()), "a").rgb, picture())


def test_jpeg_round_trip_is_close() -> None:
    rgb = decode_image(encode_jpeg(picture(), quality=95), "a").rgb
    assert np.abs(rgb.astype(int) - picture()).mean() < 2


def test_index_mask_png_keeps_values(tmp_path: Path) -> None:
    mask = np.arange(48 * 64, dtype=np.uint8).reshape(48, 64) % 23
    write_png(tmp_path / "deep" / "mask.png", mask)
    with Image.open(tmp_path / "deep" / "mask.png") as image:
        assert image.mode == "L"
        assert np.array_equal(np.asarray(image), mask)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["mask.png"]


def test_encode_png_refuses_what_is_no_picture() -> None:
    with pytest.raises((ValueError, cv2.error)):
        encode_png(np.zeros((4, 4, 7), np.uint8))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_orientation_is_undone(kind: str, orientation: int) -> None:
    corner = np.full((96, 64, 3), 30, np.uint8)
    corner[:32, :32] = (230, 40, 40)  # the upright picture: red top left, portrait
    stored = {
        1: corner,
        2: corner[:, ::-1],
        3: corner[::-1, ::-1],
        4: corner[::-1],
        5: corner.transpose(1, 0, 2),
        6: np.rot90(corner, 1),
        7: np.rot90(corner, 2).transpose(1, 0, 2),
        8: np.rot90(corner, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = pillow_bytes(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif)
    rgb = decode_image(data, "a").rgb
    assert rgb.shape == (96, 64, 3)
    assert np.abs(rgb.astype(int) - corner).mean() < 4


def test_sixteen_bit_grey_is_scaled_and_noted() -> None:
    levels = np.linspace(0, 65535, 48 * 64).reshape(48, 64).astype(np.uint16)
    for kind in ("PNG", "TIFF"):
        frame = decode_image(pillow_bytes(Image.fromarray(levels), kind), "a")
        assert frame.notes == ("no_colour",)
        assert np.array_equal(frame.rgb[..., 1], np.round(levels / 257).astype(np.uint8))


def test_sixteen_bit_colour_is_scaled() -> None:
    deep = picture().astype(np.uint16) * 257
    for suffix in (".png", ".tiff"):
        done, data = cv2.imencode(suffix, deep[..., ::-1])
        assert done
        assert np.abs(decode_image(data.tobytes(), "a").rgb.astype(int) - picture()).max() <= 1


def test_float_tiff_is_refused() -> None:
    data = pillow_bytes(Image.fromarray(np.ones((48, 64), np.float32)), "TIFF")
    with pytest.raises(InvalidImageError, match="expected 8 or 16 bits"):
        decode_image(data, "deep.tif")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_grey_is_noted(kind: str) -> None:
    data = pillow_bytes(Image.fromarray(picture()[..., 0].copy()), kind)
    frame = decode_image(data, "a")
    assert frame.notes == ("no_colour",)
    assert np.array_equal(frame.rgb[..., 0], frame.rgb[..., 2])


def test_transparency_is_laid_on_neutral_grey() -> None:
    rgba = np.dstack([picture(), np.full((48, 64), 255, np.uint8)])
    assert decode_image(pillow_bytes(Image.fromarray(rgba), "PNG"), "a").notes == ()
    rgba[:10, :10, 3] = 0
    frame = decode_image(pillow_bytes(Image.fromarray(rgba), "PNG"), "a")
    assert frame.notes == ("transparent",)
    assert frame.rgb[5, 5].tolist() == [128, 128, 128]
    assert np.array_equal(frame.rgb[20:], picture()[20:])


def test_cmyk_jpeg_becomes_rgb() -> None:
    red = Image.new("CMYK", (64, 48), (0, 255, 255, 0))
    frame = decode_image(pillow_bytes(red, "JPEG", quality=95), "a")
    assert frame.notes == ("converted_profile",)
    red_value, green, blue = frame.rgb[20, 20].astype(int)
    assert red_value > 200
    assert max(green, blue) < 60


def test_animation_gives_its_first_frame() -> None:
    frames = [Image.fromarray(grey_of(value)).convert("RGB") for value in (40, 200)]
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        data = pillow_bytes(frames[0], kind, save_all=True, append_images=frames[1:])
        frame = decode_image(data, "a")
        assert "first_frame_only" in frame.notes
        assert abs(int(frame.rgb[20, 20, 0]) - 40) <= 4


def swap_red_and_blue(profile: bytes) -> bytes:
    """The ICC profile with its red and blue primaries exchanged and sRGB taken out of its name."""
    out = bytearray(profile)
    (count,) = struct.unpack(">I", profile[128:132])
    entries = {profile[at : at + 4]: at for at in range(132, 132 + 12 * count, 12)}
    red, blue = entries[b"rXYZ"], entries[b"bXYZ"]
    out[red + 4 : red + 12], out[blue + 4 : blue + 12] = (
        profile[blue + 4 : blue + 12],
        profile[red + 4 : red + 12],
    )
    start, length = struct.unpack(">II", profile[entries[b"desc"] + 4 : entries[b"desc"] + 12])
    text = out[start + 8 : start + length]
    out[start + 8 : start + length] = text.replace(b"R\0G\0B", b"B\0G\0R").replace(b"RGB", b"BGR")
    return bytes(out)


def test_foreign_profile_is_converted_srgb_is_not() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    other_space = swap_red_and_blue(srgb)
    for kind in ("JPEG", "PNG"):
        plain = decode_image(pillow_bytes(Image.fromarray(picture()), kind, icc_profile=srgb), "a")
        assert plain.notes == ()
        other = decode_image(pillow_bytes(Image.fromarray(picture()), kind, icc_profile=other_space), "a")
        assert other.notes == ("converted_profile",)
        assert np.abs(other.rgb[..., ::-1].astype(int) - plain.rgb).mean() < 3
        broken = decode_image(
            pillow_bytes(Image.fromarray(picture()), kind, icc_profile=b"no profile" * 20), "a"
        )
        assert broken.notes == ("bad_colour_profile",)
        assert np.abs(broken.rgb.astype(int) - plain.rgb).mean() < 3


def test_empty_and_text_are_refused() -> None:
    with pytest.raises(InvalidImageError, match=r"a\.jpg: expected a picture, got an empty file"):
        decode_image(b"", "a.jpg")
    with pytest.raises(InvalidImageError, match=r"notes\.jpg: expected JPEG, PNG.*unknown format.*Hello"):
        decode_image(b"Hello, this is no picture at all", "notes.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF"])
@pytest.mark.parametrize("kept", [0.3, 0.7, 0.98])
def test_a_cut_off_picture_is_refused(kind: str, kept: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    data = pillow_bytes(Image.fromarray(noise), kind)
    with pytest.raises(InvalidImageError, match=r"^half\.pic: "):
        decode_image(data[: int(len(data) * kept)], "half.pic")


def test_a_jpeg_cut_off_with_its_end_mark_put_back_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    data = encode_jpeg(noise)
    with pytest.raises(InvalidImageError, match="damaged"):
        decode_image(data[: len(data) // 2] + b"\xff\xd9", "half.jpg")


def test_bytes_after_the_picture_do_not_matter() -> None:
    data = encode_jpeg(picture())
    assert np.array_equal(decode_image(data + bytes(50), "a").rgb, decode_image(data, "a").rgb)


def test_twelve_bit_jpeg_is_refused() -> None:
    data = bytearray(encode_jpeg(picture()))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(InvalidImageError, match="unsupported kind"):
        decode_image(bytes(data), "deep.jpg")


def png_header_only(width: int, height: int) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_decompression_bomb_is_refused_by_its_header(side: int) -> None:
    with pytest.raises(InvalidImageError, match=r"bomb\.png: expected at most 80000000 pixels"):
        decode_image(png_header_only(side, side), "bomb.png")


def test_pixel_limit_is_exact() -> None:
    data = encode_png(picture(48, 64))
    assert decode_image(data, "a", max_pixels=48 * 64).rgb.shape == (48, 64, 3)
    with pytest.raises(InvalidImageError, match="at most 3071 pixels, got 64 x 48"):
        decode_image(data, "a", max_pixels=48 * 64 - 1)


def test_smallest_side_is_exact() -> None:
    assert decode_image(encode_png(picture(MIN_SIDE_PX, 64)), "a").rgb.shape[0] == MIN_SIDE_PX
    with pytest.raises(InvalidImageError, match=r"tiny\.png: expected at least 32 px a side, got 64 x 31"):
        decode_image(encode_png(picture(MIN_SIDE_PX - 1, 64)), "tiny.png")


def test_a_large_picture_is_read_whole() -> None:
    data = encode_jpeg(np.full((6000, 8000, 3), 90, np.uint8))
    assert decode_image(data, "a").rgb.shape == (6000, 8000, 3)
    small = decode_image(data, "a", shrink_to_px=1000)
    assert small.rgb.shape[0] in range(1000, 2000)
    assert small.notes == ("reduced_size",)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF"]))
def test_damaged_bytes_give_a_picture_or_our_error(data: st.DataObject, kind: str) -> None:
    raw = bytearray(pillow_bytes(Image.fromarray(picture(40, 40)), kind))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, min(len(raw) - 1, 400)))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InvalidImageError):
        assert decode_image(bytes(raw), "damaged", max_pixels=1_000_000).rgb.dtype == np.uint8


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_our_error(data: bytes) -> None:
    with pytest.raises(InvalidImageError):
        decode_image(b"\xff\xd8\xff" + data, "noise")


def test_read_image_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "果.png"
    path.write_bytes(encode_png(picture()))
    assert read_image(path).frame_id == path.as_posix()
    assert read_image(path, "lot7/1.png").frame_id == "lot7/1.png"
    with pytest.raises(InvalidImageError, match=r"none\.png: expected a picture file, found nothing"):
        read_image(tmp_path / "none.png")
    with pytest.raises(InvalidImageError, match="found a folder"):
        read_image(tmp_path)


def test_list_inputs_keeps_order_and_carries_errors(tmp_path: Path) -> None:
    lot = tmp_path / "lot"
    for name in ("b/2.JPG", "b/1.png", "a.tif", "note.txt", ".hidden.png", "clip.mp4"):
        (lot / name).parent.mkdir(parents=True, exist_ok=True)
        (lot / name).write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd.dat").write_bytes(b"x")
    found = list_inputs([tmp_path / "none.jpg", lot, tmp_path / "empty", tmp_path / "odd.dat", lot / "a.tif"])
    assert [item.relative_path for item in found] == [
        "none.jpg", "a.tif", "b/1.png", "b/2.JPG", "clip.mp4", "empty", "odd.dat", "a.tif",
    ]  # fmt: skip
    assert [item.error is not None for item in found] == [True, *[False] * 4, True, False, False]
    assert "none.jpg: expected a file or folder, found nothing" in str(found[0].error)
    assert "found none" in str(found[5].error)
    assert found[2].frame_id == (lot / "b/1.png").as_posix()
    assert [item.kind for item in found[3:5]] == ["image", "video"]


def test_an_unreadable_folder_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (tmp_path / "a.png").write_bytes(b"x")
    closed.chmod(0)
    try:
        if (closed / "probe").parent.stat() and _can_list(closed):
            pytest.skip("this user may read every folder")
        found = list_inputs([tmp_path])
    finally:
        closed.chmod(0o755)
    assert [item.relative_path for item in found] == ["a.png", "closed"]
    assert "folder cannot be read" in str(found[1].error)


def _can_list(folder: Path) -> bool:
    try:
        list(folder.iterdir())
    except OSError:
        return False
    return True


def make_video(path: Path, count: int = 12) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for index in range(count):
        red = np.zeros((48, 64, 3), np.uint8)
        red[..., 2] = min(250, 20 * index)  # cv2 writes B-G-R
        writer.write(red)
    writer.release()


def test_video_frames_are_rgb_and_numbered(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    make_video(path)
    frames = list(read_video(path, "lot/clip.avi"))
    assert [frame.frame_id for frame in frames] == [f"lot/clip.avi#{index:06d}" for index in range(12)]
    assert abs(int(frames[10].rgb[20, 20, 0]) - 200) <= 6
    assert frames[10].rgb[20, 20, 2] <= 6
    assert [frame.frame_id[-6:] for frame in read_video(path, every=5)] == ["000000", "000005", "000010"]
    with pytest.raises(ValueError, match="at least 1"):
        next(read_video(path, every=0))


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"no video" * 100)
    with pytest.raises(InvalidImageError, match=r"bad\.mp4: expected a video, could not read a single frame"):
        list(read_video(tmp_path / "bad.mp4"))


def test_a_cut_off_video_says_so_after_its_frames(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    make_video(path, 40)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    seen = []
    with pytest.raises(InvalidImageError, match="clip"):
        seen.extend(read_video(path))


def test_writing_names_file_and_cause(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(OutputError, match=r"file/out\.png: could not be written: "):
        write_png(tmp_path / "file" / "out.png", picture())
    (tmp_path / "taken.jpg").mkdir()
    with pytest.raises(OutputError, match=r"taken\.jpg"):
        write_jpeg(tmp_path / "taken.jpg", picture())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "taken.jpg"]  # nothing half-written


def test_a_full_disk_is_named() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(OutputError):
        write_bytes(Path("/dev/full/x.png"), b"x")


def test_writing_replaces_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"old")
    write_jpeg(path, picture())
    assert read_image(path).rgb.shape == (48, 64, 3)
