"""The messages of a line's WebSocket: bytes and text <-> frozen types. Nothing is decided here.

A frame is one binary message: 4 bytes big-endian length of the header, the header (JSON), then the JPEG or PNG.
All other messages are JSON text: encoder ticks, triggers and heartbeats to the line; decisions, heartbeats and
errors from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AliasChoices,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    TypeAdapter,
    ValidationError,
)

from service.errors import ProtocolError

LENGTH_BYTES = 4
MAX_ID_LENGTH = 64
MAX_TEXT_BYTES = 4096
MAX_COUNT = 2**63 - 1
MAX_LANE = 999
MAX_VIEW = 999

_PICTURES = (
    ("JPEG", b"\xff\xd8\xff", b"\xff\xd9"),
    ("PNG", b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
)

Name = Annotated[StrictStr, Field(pattern=rf"^[\w.:/#@+-]{{1,{MAX_ID_LENGTH}}}$")]
Count = Annotated[StrictInt, Field(ge=0, le=MAX_COUNT)]
FruitId = Count | Name
Lane = Annotated[StrictInt, Field(ge=0, le=MAX_LANE)]


class _Message(BaseModel):
    """Unknown keys are left aside, so that a newer client can speak to an older line."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_json(self) -> str:
        """The text that goes over the wire."""
        return self.model_dump_json(by_alias=True)


class FrameHeader(_Message):
    """What a frame shows. fruit_id: name or number of the fruit or its cup, answered as it came. encoder: counts
    of the line's encoder at the exposure. captured_at: ISO 8601 with time zone, or seconds since 1970. last_view:
    no further view of this fruit follows from this camera.
    """

    fruit_id: FruitId
    lane: Lane
    camera: Name | Count
    view: Annotated[StrictInt, Field(ge=0, le=MAX_VIEW)]
    encoder: Count
    captured_at: AwareDatetime
    last_view: StrictBool


class EncoderTick(_Message):
    """Where the belt is now, in counts. Without ticks the encoder counts of the frames are all the line knows."""

    type: Literal["encoder"] = "encoder"
    encoder: Count


class Trigger(_Message):
    """A fruit has passed the light barrier, whether or not a camera sees it."""

    type: Literal["trigger"] = "trigger"
    fruit_id: FruitId
    lane: Lane
    encoder: Count


class Heartbeat(_Message):
    """Are you there? The line answers with the same number."""

    type: Literal["heartbeat"] = "heartbeat"
    number: Count = 0


class Decision(_Message):
    """The one answer for a fruit.

    outlet: where the fruit has to leave the line. sku, grade_class, model_id, standard_id: null where nothing was
    judged. eject_at_encoder: raw count at which the fruit is at that outlet; null when its place is not known any
    more. late: the fruit was not decided in time. reason: why it goes to the recirculate outlet, null for a fruit
    that was graded. view_count: views that showed the fruit.
    """

    fruit_id: FruitId
    lane: Lane
    outlet: str
    sku: str | None
    grade_class: str | None = Field(
        validation_alias=AliasChoices("class", "grade_class"), serialization_alias="class"
    )
    eject_at_encoder: int | None
    late: bool
    reason: str | None = None
    model_id: str | None = None
    standard_id: str | None = None
    view_count: int = 0


class Problem(BaseModel):
    """code: stable, for programs. message: expected and actual. fruit_id: the fruit spoken of, where known."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    fruit_id: FruitId | None = None


class Notice(_Message):
    """A message was refused. The line goes on."""

    error: Problem


LineMessage = Annotated[EncoderTick | Trigger | Heartbeat, Field(discriminator="type")]
_HEADER: TypeAdapter[FrameHeader] = TypeAdapter(FrameHeader)
_LINE_MESSAGE: TypeAdapter[EncoderTick | Trigger | Heartbeat] = TypeAdapter(LineMessage)
_ANSWER: TypeAdapter[Decision | Notice | Heartbeat] = TypeAdapter(Decision | Notice | Heartbeat)

Message = TypeVar("Message")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLimits:
    """Largest parts of a frame message, in bytes."""

    max_header_bytes: int = 4096
    max_picture_bytes: int = 8_000_000


def encode_frame(header: FrameHeader, picture: bytes) -> bytes:
    """A frame as one binary message. picture: a whole JPEG or PNG file."""
    text = header.to_json().encode()
    return len(text).to_bytes(LENGTH_BYTES, "big") + text + picture


def decode_frame(data: bytes, limits: MessageLimits) -> tuple[FrameHeader, bytes]:
    """The header and the picture of a binary message; the picture's bytes are not looked at (`check_picture`).

    Raises:
        ProtocolError: cut off, header too long, or a field that is missing or wrong.
    """
    if len(data) < LENGTH_BYTES:
        raise ProtocolError("header length", f"expected {LENGTH_BYTES} bytes, got {len(data)}")
    length = int.from_bytes(data[:LENGTH_BYTES], "big")
    if not 0 < length <= limits.max_header_bytes:
        raise ProtocolError("header length", f"expected 1-{limits.max_header_bytes} bytes, got {length}")
    end = LENGTH_BYTES + length
    if len(data) < end:
        raise ProtocolError("header", f"expected {length} bytes, got {len(data) - LENGTH_BYTES}")
    return _read(_HEADER, data[LENGTH_BYTES:end], "header"), data[end:]


def check_picture(picture: bytes, limits: MessageLimits) -> None:
    """Refuse what is no whole JPEG or PNG, by its size, beginning and end; zero bytes may follow the end.

    Raises:
        ProtocolError
    """
    if len(picture) > limits.max_picture_bytes:
        raise ProtocolError(
            "picture", f"expected at most {limits.max_picture_bytes:,} bytes, got {len(picture):,}"
        )
    for name, beginning, end in _PICTURES:
        if picture.startswith(beginning):
            if picture.rstrip(b"\0").endswith(end):
                return
            raise ProtocolError(
                "picture", f"expected a whole {name}, got {len(picture):,} bytes without its end"
            )
    got = picture[:8].hex(" ") or "nothing"
    raise ProtocolError("picture", f"expected the bytes of a JPEG or PNG, got {got}")


def decode_text(text: str) -> EncoderTick | Trigger | Heartbeat:
    """A text message to the line. Raises ProtocolError."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_TEXT_BYTES:
        raise ProtocolError("text", f"expected at most {MAX_TEXT_BYTES} bytes, got {len(data)}")
    return _read(_LINE_MESSAGE, data, "text")


def decode_answer(text: str) -> Decision | Notice | Heartbeat:
    """A text message from the line, for clients. Raises ProtocolError."""
    return _read(_ANSWER, text.encode("utf-8", "surrogatepass"), "answer")


def _read(adapter: TypeAdapter[Message], data: bytes, part: str) -> Message:
    try:
        return adapter.validate_json(data)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False)
        places = [_place(one["loc"]) for one in errors]
        wrong = " or ".join(
            one["msg"] for one, place in zip(errors, places, strict=True) if place == places[0]
        )
        field = ".".join((part, *places[0]))
        raise ProtocolError(field, f"{wrong}, got {_short(errors[0]['input'])}") from error


def _place(loc: tuple[int | str, ...]) -> tuple[str, ...]:
    """Where an error is, without the type of a field that may be a number or a name."""
    return tuple(str(part) for part in loc if not str(part).startswith("constrained-"))


def _short(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
