"""The command `grader`: the grading verbs of the library and `serve`."""

from __future__ import annotations

from pathlib import Path
from socket import socket
from typing import Annotated

import typer
import uvicorn
from pydantic import ValidationError

from grader.cli import app
from service.app import create_app
from service.request_log import configure_logging
from service.settings import ServiceSettings

WRONG_USE = 2


@app.command()
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="TCP port; 0 picks a free one.", min=0, max=65535)] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of records and pictures.")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill an empty data folder with the sample pictures.")
    ] = False,
) -> None:
    """Run the service and its page. Ctrl+C finishes running work, then ends.

    Every setting can also be given as an environment variable GRADER_<NAME>, such as GRADER_PORT.
    """
    given = {"host": host, "port": port, "data_dir": data_dir, "demo": demo or None}
    try:
        settings = ServiceSettings.model_validate(
            ServiceSettings().model_dump()
            | {name: value for name, value in given.items() if value is not None}
        )
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"])
            typer.echo(f"setting {name}: {problem['msg']}, got {problem['input']!r}", err=True)
        raise typer.Exit(WRONG_USE) from error
    configure_logging(settings.log_level)
    raise typer.Exit(run_server(settings))


def run_server(settings: ServiceSettings) -> int:
    """Run until stopped. Returns the exit code: 0 after an orderly end, 1 when it could not start."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_timeout_s,
    )
    server = AnnouncingServer(config, settings.data_dir)
    server.run()
    return 0 if server.started else 1


class AnnouncingServer(uvicorn.Server):
    """Says what to open once it listens."""

    def __init__(self, config: uvicorn.Config, data_dir: Path) -> None:
        super().__init__(config)
        self._data_dir = data_dir

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
            shown = f"[{shown}]" if ":" in shown else shown
            print(  # noqa: T201 - the one line for the person who starts it
                f"Open http://{shown}:{port}/ in a browser (records in {self._data_dir}; Ctrl+C ends)",
                flush=True,
            )


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
