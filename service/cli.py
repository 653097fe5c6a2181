"""The command `grader`: grading verbs of the library and those of the service, such as `serve` and `stream`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli import app
from service.accounts.commands import keys, users
from service.label_command import label
from service.regrade_command import regrade
from service.review.commands import review_export, tidy
from service.stream_command import stream

WRONG_USE = 2

app.command()(stream)
app.add_typer(label, name="label")
app.add_typer(users, name="users")
app.add_typer(keys, name="keys")
app.command()(regrade)
app.command()(tidy)
app.command("review-export")(review_export)


@app.command()
def serve(
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network. [default: 127.0.0.1]"),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="TCP port; 0 picks a free one. [default: 8000]", min=0, max=65535)
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Folder of records and pictures. [default: ~/.local/share/produce-grader]"),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Show samples: graded pictures, and fruit over a sample line.")
    ] = False,
    sample_lot: Annotated[
        bool | None,
        typer.Option(
            "--sample-lot/--no-sample-lot", help="In a demo: fruit over a sample line. [default: yes]"
        ),
    ] = None,
) -> None:
    """Run the service and its page. Ctrl+C finishes running work, then ends.

    Every setting can also be given as an environment variable GRADER_<NAME>, such as GRADER_PORT.
    """
    # Imported here, so that `grader grade` does not wait for a web server and a database.
    from pydantic import ValidationError

    from service.server import run_server
    from service.settings import read_settings

    given: dict[str, object] = {"host": host, "port": port, "data_dir": data_dir}
    given |= {"demo": demo or None, "sample_lot": sample_lot}
    try:
        settings = read_settings({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"])
            typer.echo(f"setting {name}: {problem['msg']}, got {problem['input']!r}", err=True)
        raise typer.Exit(WRONG_USE) from error
    raise typer.Exit(run_server(settings))


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
