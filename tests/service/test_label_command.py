"""`grader label` as staff use it: the commands of docs/labels.md, and what is refused."""

from __future__ import annotations

import shlex
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from service.cli import app
from tests.service.labels.examples import CARTON, PALLET, needs_chinese_font

pytestmark = needs_chinese_font
DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = {
    words[2]: words[3:]
    for line in (DOCS / "labels.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("grader label")
    for words in [shlex.split(line)]
}
CODES = {
    "carton": {
        "0196901234000019",
        "0196901234000019132611223102001000102611-L7\x1d3048\x1d422156\x1d21000123",
    },
    "pallet": {"0296901234000019" + "3756", "3301006125" + "102611-L7", "00369012340000000017"},
}


def run(kind: str, out: Path | str, *changes: str) -> Result:
    """The command of the documentation with another file; changes: options that stand later and so win."""
    words = COMMANDS[kind][: COMMANDS[kind].index("--out")]
    return CliRunner().invoke(app, ["label", kind, *words, "--out", str(out), *changes])


def codes(picture: Image.Image) -> set[str]:
    found = zxingcpp.read_barcodes(picture.convert("L"), text_mode=zxingcpp.TextMode.Plain)
    assert {one.symbology_identifier for one in found} <= {"]C1", "]d2"}
    return {one.bytes.decode("ascii") for one in found}


@pytest.mark.parametrize("kind", ["carton", "pallet"])
def test_the_commands_of_the_documentation_make_its_pictures(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "labels" / "one.png"
    done = run(kind, out)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"{out}\n"
    for path in (out, DOCS / f"label_{kind}.png"):
        with Image.open(path) as picture:
            assert codes(picture) == CODES[kind]
            assert picture.size == {"carton": (800, 560), "pallet": (840, 1184)}[kind]


@pytest.mark.parametrize("kind", ["carton", "pallet"])
def test_a_pdf_carries_the_same_codes(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "one.PDF"
    assert run(kind, out).exit_code == 0
    document = pypdfium2.PdfDocument(out)
    assert codes(document[0].render(scale=300 / 72).to_pil()) == CODES[kind]
    document.close()


def test_size_resolution_and_language_can_be_chosen(tmp_path: Path) -> None:
    out = tmp_path / "one.png"
    assert run("carton", out, "--label-size", "100x150", "--dpi", "300", "--language", "en").exit_code == 0
    with Image.open(out) as picture:
        assert picture.size == (1181, 1772)
        assert codes(picture) == CODES["carton"] | {"13261122102611-L7"}


@pytest.mark.parametrize(
    ("kind", "changes", "problem"),
    [
        (
            "carton",
            ("--gtin", "96901234000018"),
            "label: gtin: expected 9 as the last (check) digit, got 8 in",
        ),
        ("carton", ("--lot", "A" * 21), "label: lot: expected 1 to 20 characters, got 21 in"),
        (
            "carton",
            ("--net-weight-kg", "10,0"),
            "--net-weight-kg: expected a number such as 10.00, got '10,0'",
        ),
        ("carton", ("--net-weight-kg", "0"), "label: net_weight_kg: expected a weight above 0 kg, got 0"),
        (
            "carton",
            ("--origin", "China"),
            "label: origin: expected an ISO 3166 country such as CN or 156, got 'China'",
        ),
        ("carton", ("--size", "diameter 80 to 85 mm"), "label: size: expected text of at most"),
        ("carton", ("--packed", "2026-02-30"), "Invalid value for '--packed'"),
        ("carton", ("--dpi", "150"), "Invalid value for '--dpi'"),
        ("pallet", ("--cartons", "0"), "label: carton_count: expected 1 to 99999999, got 0"),
        (
            "pallet",
            ("--serial", "1000000000"),
            "label: serial: expected at most 999999999 under company prefix 6901234",
        ),
        ("pallet", ("--sscc", "369012340000000017"), "expected --sscc, or --company-prefix with --serial"),
        (
            "pallet",
            ("--gross-weight-kg", "heavy"),
            "--gross-weight-kg: expected a number such as 10.00, got 'heavy'",
        ),
    ],
)
def test_wrong_values_end_with_2_and_write_nothing(
    kind: str, changes: tuple[str, ...], problem: str, tmp_path: Path
) -> None:
    out = tmp_path / "one.png"
    done = run(kind, out, *changes)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert problem in done.stderr
    assert not out.exists()


def test_a_file_of_another_kind_is_refused() -> None:
    done = run("carton", "label.jpg")
    assert (done.exit_code, done.stderr) == (
        2,
        "--out: expected a file that ends in .pdf or .png, got label.jpg\n",
    )


def test_a_file_that_cannot_be_written_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run("carton", tmp_path / "file" / "one.png")
    assert done.exit_code == 1
    assert done.stderr.startswith("label: ")
    assert "could not be written" in done.stderr


def test_the_examples_of_the_tests_are_those_of_the_documentation() -> None:
    assert COMMANDS["carton"][COMMANDS["carton"].index("--packer") + 1] == CARTON.packer
    assert COMMANDS["pallet"][COMMANDS["pallet"].index("--packer") + 1] == PALLET.packer
