"""Small cards with text, painted once and laid on a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from grader.overlay_words import Rgb
from grader.types import UInt8Array

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
_CHINESE_FONTS = (
    "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf", "NotoSansSC-Regular.ttf",
    "SourceHanSansCN-Regular.otf", "SourceHanSansSC-Regular.otf", "wqy-microhei.ttc", "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf", "PingFang.ttc", "STHeiti Light.ttc", "msyh.ttc", "simhei.ttf",
)  # fmt: skip
_LATIN_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "Arial.ttf",
    "arial.ttf",
)

CARD_FILL = (22, 24, 29, 225)
TEXT_FILL = (255, 255, 255, 255)
QUIET_FILL = (205, 208, 216, 255)
FINER = 4  # rounded corners are painted this much larger, then averaged


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFonts:
    """Where the letters come from. path None: the scalable face that Pillow brings. language: what it can write."""

    path: Path | None
    language: str

    def at(self, size_px: int) -> Font:
        """The face at a height in px."""
        if self.path is None:
            return ImageFont.load_default(size_px)
        return ImageFont.truetype(str(self.path), size_px)


def find_fonts(language: str, folders: Iterable[str] = _FONT_FOLDERS) -> LabelFonts:
    """A face for the language on this computer; English where no Chinese face is installed."""
    wanted = {"zh": _CHINESE_FONTS}.get(language, _LATIN_FONTS)
    found: dict[str, Path] = {}
    for folder in folders:
        root = Path(folder).expanduser()
        if root.is_dir():
            found |= {path.name: path for path in sorted(root.rglob("*")) if path.name in wanted}
    for name in wanted:
        if name in found:
            return LabelFonts(path=found[name], language=language)
    if language == "en":
        return LabelFonts(path=None, language="en")
    return find_fonts("en", folders)


def text_card(lines: tuple[str, ...], fonts: LabelFonts, size_px: int, accent: Rgb) -> UInt8Array:
    """A dark rounded card with a stripe of the accent colour; the first line is strong, the others quiet.

    Returns uint8 (h, w, 4), RGB and alpha.
    """
    strong, quiet = fonts.at(size_px), fonts.at(max(8, round(size_px * 0.82)))
    faces = [strong] + [quiet] * (len(lines) - 1)
    pad, stripe, gap = max(2, round(size_px * 0.38)), max(2, round(size_px * 0.28)), max(1, size_px // 5)
    widths = [round(face.getlength(line)) for face, line in zip(faces, lines, strict=True)]
    heights = [_line_height(face) for face in faces]
    width = stripe + 2 * pad + max(widths)
    height = 2 * pad + sum(heights) + gap * (len(lines) - 1)
    card = _rounded(width, height, max(2, round(size_px * 0.3)), CARD_FILL)
    bar = _rounded(width, height, max(2, round(size_px * 0.3)), (*accent, 255))
    card.paste(bar.crop((0, 0, stripe, height)), (0, 0))
    draw = ImageDraw.Draw(card)
    y = pad
    for index, (line, face, tall) in enumerate(zip(lines, faces, heights, strict=True)):
        fill = TEXT_FILL if index == 0 else QUIET_FILL
        weight = max(1, round(size_px / 28)) if index == 0 and size_px >= 14 else 0
        top = face.getbbox("Hg国" if fonts.language == "zh" else "Hg")[1]
        draw.text(
            (stripe + pad, y - top), line, font=face, fill=fill, stroke_width=weight / 2, stroke_fill=fill
        )
        y += tall + gap
    return np.array(card)


def pill(line: str, fonts: LabelFonts, size_px: int, accent: Rgb) -> UInt8Array:
    """One line on a dark pill with a dot of the accent colour. Returns uint8 (h, w, 4), RGB and alpha."""
    face = fonts.at(size_px)
    pad, dot = max(2, round(size_px * 0.3)), max(3, round(size_px * 0.5))
    tall = _line_height(face)
    height = tall + 2 * pad
    width = round(face.getlength(line)) + dot + 4 * pad
    card = _rounded(width, height, height // 2, CARD_FILL)
    mark = _rounded(dot, dot, dot // 2, (*accent, 255))
    card.paste(mark, (round(1.3 * pad), (height - dot) // 2), mark)
    draw = ImageDraw.Draw(card)
    top = face.getbbox("Hg")[1]
    draw.text((dot + round(2.2 * pad), pad - top), line, font=face, fill=TEXT_FILL)
    return np.array(card)


def lay_on(canvas: UInt8Array, card: UInt8Array, x: int, y: int) -> None:
    """Lay a card (h, w, 4) on the canvas uint8 (H, W, 3), in place, top left at (x, y); what hangs out is cut."""
    left, top = max(0, -x), max(0, -y)
    part = card[top : max(top, canvas.shape[0] - y), left : max(left, canvas.shape[1] - x)]
    if part.size == 0:
        return
    y0, x0 = y + top, x + left
    target = canvas[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]]
    alpha = part[:, :, 3:].astype(np.float32) / 255
    target[:] = np.round(part[:, :, :3] * alpha + target * (1 - alpha)).astype(np.uint8)


def _line_height(face: Font) -> int:
    _, top, _, bottom = face.getbbox("Hg")
    return round(bottom - top)


def _rounded(width: int, height: int, radius: int, fill: tuple[int, int, int, int]) -> Image.Image:
    large = Image.new("L", (width * FINER, height * FINER), 0)
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, width * FINER - 1, height * FINER - 1), radius * FINER, fill=fill[3]
    )
    shape = Image.new("RGBA", (width, height), fill[:3])
    shape.putalpha(large.resize((width, height), Image.Resampling.BOX))
    return shape
