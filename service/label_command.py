"""`grader label`: one carton or pallet label as PDF or PNG."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from service.labels.label_language import LabelLanguage
from service.labels.label_stock import CartonStock, PalletStock
from service.labels.symbol_size import Resolution

if TYPE_CHECKING:
    from service.labels.drawing import LabelDrawing
    from service.labels.typeface import Typeface

WRONG_USE = 2
FAILED = 1

label = typer.Typer(help="Make the label of a carton or a pallet: PDF or PNG.", no_args_is_help=True)

Out = Annotated[Path, typer.Option(help="File to write: .pdf, or .png for a label printer.")]
Dpi = Annotated[Resolution, typer.Option(help="Dots per inch of the printer; for PNG.")]
Language = Annotated[LabelLanguage, typer.Option(help="Language of the printed words.")]
Gtin = Annotated[str, typer.Option(help="GTIN of the carton, 8 to 14 digits.")]
Lot = Annotated[str, typer.Option(help="Lot: letters, digits and - . / _ and the like, at most 20.")]
Variety = Annotated[str, typer.Option(help="Variety, as printed.")]
Produce = Annotated[str | None, typer.Option(help="What it is, as printed before the variety.")]
GradeClass = Annotated[str, typer.Option("--class", help="Class, as printed.")]
Size = Annotated[str, typer.Option(help="Size, as printed.")]
Packer = Annotated[str, typer.Option(help="Packer, as printed.")]


@label.command()
def carton(
    out: Out,
    gtin: Gtin,
    lot: Lot,
    packed: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Day of packing.")],
    variety: Variety,
    grade_class: GradeClass,
    size: Size,
    origin: Annotated[str, typer.Option(help="Country of origin, ISO 3166: CN or 156.")],
    packer: Packer,
    produce: Produce = None,
    net_weight_kg: Annotated[
        str | None, typer.Option(help="Net weight in kg with the decimals to be printed, such as 10.00.")
    ] = None,
    count: Annotated[int | None, typer.Option(help="Pieces of fruit in the carton.")] = None,
    serial: Annotated[str | None, typer.Option(help="Serial number of this carton, as the lot.")] = None,
    label_size: Annotated[CartonStock, typer.Option(help="Width x height in mm.")] = CartonStock.SMALL,
    dpi: Dpi = Resolution.DPI_203,
    language: Language = LabelLanguage.BOTH,
) -> None:
    """Make a carton label: words, GS1 DataMatrix of everything, GS1-128 of the GTIN (on 100x150 of the lot, too).

    Net weight and count are in the symbols only if the GTIN starts with 9 (cartons differ); they are printed always.
    """
    # Imported here, so that `grader grade` does not wait for bars and fonts.
    from service.errors import LabelError
    from service.labels.carton_content import CartonContent
    from service.labels.carton_layout import draw_carton
    from service.labels.typeface import find_typeface

    _check_suffix(out)
    try:
        content = CartonContent(
            gtin=gtin,
            lot=lot,
            packed_on=packed.replace(tzinfo=UTC).date(),
            variety=variety,
            grade_class=grade_class,
            size=size,
            origin=origin,
            packer=packer,
            produce=produce,
            net_weight_kg=_decimal("--net-weight-kg", net_weight_kg),
            count=count,
            serial=serial,
        )
        typeface = find_typeface(language)
        drawing = draw_carton(content, label_size, language, typeface)
        _write(out, drawing, typeface, dpi)
    except LabelError as error:
        _stop(f"label: {error}", WRONG_USE)


@label.command()
def pallet(
    out: Out,
    gtin: Gtin,
    cartons: Annotated[int, typer.Option(help="Cartons on the pallet.")],
    lot: Lot,
    variety: Variety,
    grade_class: GradeClass,
    size: Size,
    packer: Packer,
    sscc: Annotated[str | None, typer.Option(help="Number of the pallet, 18 digits.")] = None,
    company_prefix: Annotated[
        str | None, typer.Option(help="GS1 company prefix, 4 to 12 digits; instead of --sscc.")
    ] = None,
    extension: Annotated[int, typer.Option(help="First digit of the SSCC; with --company-prefix.")] = 0,
    serial: Annotated[
        int | None, typer.Option(help="Running number of the pallet; with --company-prefix.")
    ] = None,
    produce: Produce = None,
    gross_weight_kg: Annotated[
        str | None, typer.Option(help="Gross weight in kg with the decimals to be printed, such as 612.5.")
    ] = None,
    label_size: Annotated[PalletStock, typer.Option(help="Width x height in mm.")] = PalletStock.A6,
    dpi: Dpi = Resolution.DPI_203,
    language: Language = LabelLanguage.BOTH,
) -> None:
    """Make a pallet label: words, and GS1-128 of content, count, weight, lot and SSCC.

    The SSCC is given, or made of company prefix, extension digit and running number; no number may be used twice.
    """
    from service.errors import LabelError
    from service.labels.pallet_content import PalletContent
    from service.labels.pallet_layout import draw_pallet
    from service.labels.sscc import allocate_sscc
    from service.labels.typeface import find_typeface

    _check_suffix(out)
    if (sscc is None) == (company_prefix is None) or (company_prefix is None) != (serial is None):
        _stop("expected --sscc, or --company-prefix with --serial", WRONG_USE)
    try:
        if company_prefix is not None and serial is not None:
            sscc = allocate_sscc(company_prefix, extension, serial)
        assert sscc is not None
        content = PalletContent(
            sscc=sscc,
            gtin=gtin,
            carton_count=cartons,
            lot=lot,
            variety=variety,
            grade_class=grade_class,
            size=size,
            packer=packer,
            produce=produce,
            gross_weight_kg=_decimal("--gross-weight-kg", gross_weight_kg),
        )
        typeface = find_typeface(language)
        drawing = draw_pallet(content, label_size, language, typeface)
        _write(out, drawing, typeface, dpi)
    except LabelError as error:
        _stop(f"label: {error}", WRONG_USE)


def _check_suffix(out: Path) -> None:
    if out.suffix.lower() not in (".pdf", ".png"):
        _stop(f"--out: expected a file that ends in .pdf or .png, got {out}", WRONG_USE)


def _decimal(option: str, text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        _stop(f"{option}: expected a number such as 10.00, got {text!r}", WRONG_USE)


def _write(out: Path, drawing: LabelDrawing, typeface: Typeface, dpi: Resolution) -> None:
    from grader.errors import OutputError
    from grader.image_io import write_bytes
    from service.labels.paint_pdf import label_pdf
    from service.labels.paint_png import label_png

    is_pdf = out.suffix.lower() == ".pdf"
    data = label_pdf(drawing, typeface) if is_pdf else label_png(drawing, typeface, dpi)
    try:
        write_bytes(out, data)
    except OutputError as error:
        _stop(f"label: {error}", FAILED)
    typer.echo(str(out))


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
