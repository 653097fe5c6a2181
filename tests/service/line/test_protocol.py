from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import ProtocolError
from service.line.protocol import (
    MAX_COUNT,
    Decision,
    EncoderTick,
    FrameHeader,
    Heartbeat,
    MessageLimits,
    Notice,
    Problem,
    Trigger,
    check_picture,
    decode_answer,
    decode_frame,
    decode_text,
    encode_frame,
)

LIMITS = MessageLimits(max_header_bytes=600, max_picture_bytes=1000)
JPEG = b"\xff\xd8\xff\xe0 apple \xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n melon IEND\xaeB`\x82"
HEADER = {
    "fruit_id": "cup-17",
    "lane": 1,
    "camera": "top",
    "view": 3,
    "encoder": 12345,
    "captured_at": "2026-01-31T08:00:00Z",
    "last_view": False,
}

names = st.text("abcXYZ019_.:/#@+-苹果", min_size=1, max_size=64)
counts = st.integers(0, MAX_COUNT)
headers = st.builds(
    FrameHeader,
    fruit_id=names | counts,
    lane=st.integers(0, 999),
    camera=names | counts,
    view=st.integers(0, 999),
    encoder=counts,
    captured_at=st.datetimes(timezones=st.just(UTC)),
    last_view=st.booleans(),
)
inside = st.binary(max_size=200).filter(lambda data: b"\xff\xd9" not in data and not data.endswith(b"\xff"))


def message(header: object, picture: bytes = JPEG) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(4, "big") + text + picture


def read(data: bytes, limits: MessageLimits = LIMITS) -> tuple[FrameHeader, bytes]:
    header, picture = decode_frame(data, limits)
    check_picture(picture, limits)
    return header, picture


@given(headers, inside)
def test_what_is_encoded_is_decoded(header: FrameHeader, body: bytes) -> None:
    picture = b"\xff\xd8\xff" + body + b"\xff\xd9"
    assert read(encode_frame(header, picture)) == (header, picture)


@given(headers, inside, st.data())
def test_every_truncation_is_a_protocol_error(header: FrameHeader, body: bytes, data: st.DataObject) -> None:
    whole = encode_frame(header, b"\xff\xd8\xff" + body + b"\xff\xd9")
    with pytest.raises(ProtocolError):
        read(whole[: data.draw(st.integers(0, len(whole) - 1))])


def test_each_truncation_of_one_message() -> None:
    for picture in (JPEG, PNG):
        whole = message(HEADER, picture)
        for length in range(len(whole)):
            with pytest.raises(ProtocolError):
                read(whole[:length])
        assert read(whole)[1] == picture


@given(st.binary(max_size=300))
def test_random_bytes_are_a_protocol_error(data: bytes) -> None:
    for attempt in (data, len(data).to_bytes(4, "big") + data):
        with pytest.raises(ProtocolError):
            read(attempt)


@given(st.text(max_size=300) | st.from_regex(r'\{"type": ?"(encoder|trigger|heartbeat)".*\}'))
def test_random_text_is_a_message_or_a_protocol_error(text: str) -> None:
    for decode in (decode_text, decode_answer):
        try:
            decode(text)
        except ProtocolError as error:
            assert error.field.partition(".")[0] in ("text", "answer")  # noqa: PT017


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5))
def test_any_value_of_a_field_is_taken_or_named(value: object) -> None:
    for field in HEADER:
        try:
            read(message({**HEADER, field: value}), MessageLimits())
        except ProtocolError as error:
            assert error.field.startswith(f"header.{field}")  # noqa: PT017


@pytest.mark.parametrize(
    ("data", "field", "problem"),
    [
        (b"", "header length", "expected 4 bytes, got 0"),
        (b"\0\0\0\0" + JPEG, "header length", "expected 1-600 bytes, got 0"),
        (b"\0\0\2\x59" + b"{" * 700, "header length", "expected 1-600 bytes, got 601"),
        (b"\xff\xff\xff\xff{}", "header length", "got 4294967295"),
        (b"\0\0\0\5{}", "header", "expected 5 bytes, got 2"),
        (message([]), "header", "object"),
        (message({**HEADER, "lane": True}), "header.lane", "got True"),
        (message({**HEADER, "lane": 1000}), "header.lane", "got 1000"),
        (message({**HEADER, "view": 2.0}), "header.view", "got 2.0"),
        (message({**HEADER, "encoder": -1}), "header.encoder", "got -1"),
        (message({**HEADER, "last_view": 1}), "header.last_view", "got 1"),
        (message({**HEADER, "captured_at": "2026-01-31T08:00:00"}), "header.captured_at", "timezone"),
        (message({**HEADER, "fruit_id": "x" * 65}), "header.fruit_id", "got 'xxx"),
        (
            message({**HEADER, "fruit_id": "a b"}),
            "header.fruit_id",
            r"Input should be a valid integer or String should match pattern '^[\w.:/#@+-]{1,64}$', got 'a b'",
        ),
        (message({**HEADER, "camera": ""}), "header.camera", "got ''"),
        (message({key: HEADER[key] for key in HEADER if key != "view"}), "header.view", "required"),
        (message(HEADER, b""), "picture", "got nothing"),
        (message(HEADER, b"GIF89a"), "picture", "got 47 49 46"),
        (message(HEADER, JPEG[:-1]), "picture", "expected a whole JPEG, got 12 bytes"),
        (message(HEADER, PNG[:-1]), "picture", "expected a whole PNG"),
        (message(HEADER, JPEG + b"x" * 1000), "picture", "expected at most 1,000 bytes, got 1,013"),
    ],
)
def test_the_error_names_the_field_and_what_came(data: bytes, field: str, problem: str) -> None:
    with pytest.raises(ProtocolError, match=r".") as refused:
        read(data)
    assert refused.value.field.startswith(field)
    assert problem in str(refused.value)


def test_compatible_forms() -> None:
    header, _ = read(
        message({**HEADER, "fruit_id": 17, "captured_at": 1769846400.25, "of_a_newer_client": 1})
    )
    assert header.fruit_id == 17
    assert header.captured_at == datetime(2026, 1, 31, 8, 0, 0, 250_000, UTC)
    assert read(message(HEADER, JPEG + b"\0\0\0"))[1].endswith(b"\0")


def test_a_message_of_the_largest_size_is_taken() -> None:
    padded = {**HEADER, "pad": ""}
    padded["pad"] = "x" * (600 - len(json.dumps(padded)))
    picture = b"\xff\xd8\xff" + b"x" * 995 + b"\xff\xd9"
    assert read(message(padded, picture))[1] == picture


@pytest.mark.parametrize(
    "sent",
    [EncoderTick(encoder=5), Trigger(fruit_id="a", lane=2, encoder=9), Heartbeat(number=3), Heartbeat()],
)
def test_text_to_the_line(sent: EncoderTick | Trigger | Heartbeat) -> None:
    assert decode_text(sent.to_json()) == sent


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "text"),
        ("{", "text"),
        ('{"type": "stop"}', "text"),
        ('{"type": "encoder", "encoder": "5"}', "text.encoder.encoder"),
        ('{"type": "heartbeat", "pad": "%s"}' % ("x" * 5000), "text"),
        ("\ud800", "text"),
    ],
)
def test_wrong_text(text: str, field: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        decode_text(text)
    assert refused.value.field == field


def test_answers() -> None:
    decision = Decision(
        fruit_id=17, lane=1, outlet="juice", sku="APL", grade_class="II", eject_at_encoder=9, late=False
    )
    assert {"fruit_id", "outlet", "sku", "class", "eject_at_encoder", "late"} <= set(
        json.loads(decision.to_json())
    )
    notice = Notice(error=Problem(code="bad_message", message="header: cut off"))
    for answer in (decision, notice, Heartbeat(number=4)):
        assert decode_answer(answer.to_json()) == answer
