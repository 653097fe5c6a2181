"""What a user can mend is one line and exit code 2; anything else is a fault of ours and stays a traceback."""

from __future__ import annotations

import pytest
import typer

from grader.errors import GraderError
from training.error_line import errors_in_one_line


@pytest.mark.parametrize("error", [GraderError("expected a card, got none"), OSError("disk full")])
def test_mendable_errors_are_a_line(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as end, errors_in_one_line():
        raise error
    assert end.value.exit_code == 2
    assert capsys.readouterr().err == f"{error}\n"


def test_other_errors_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), errors_in_one_line():
        _ = 1 / 0
