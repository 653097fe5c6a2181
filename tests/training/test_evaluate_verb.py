"""The verb `evaluate`: what is asked wrongly is said at once, before anything is measured.

That it measures and writes its report is shown by `test_training_cli.py`, with a network that is exported there.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from training.cli import app


def run(*words: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout, stderr; stderr without the frame that is drawn around wrong use."""
    done = CliRunner().invoke(app, ["evaluate", *(str(word) for word in words)])
    return done.exit_code, done.stdout, " ".join(done.stderr.replace("│", " ").split())


def test_faults_are_one_line(tmp_path: Path) -> None:
    code, out, err = run("--model", tmp_path)
    assert (code, out) == (2, "")
    assert "card.json: expected a model card" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--suite", "nightly"), "--suite: expected one of release, dev, "),
        (("--report", "page.pdf"), "--report: expected a name that ends in .html, got 'page.pdf'"),
    ],
)
def test_wrong_use_is_refused(words: tuple[str, ...], message: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert message in err


def test_a_data_folder_without_a_list_is_one_line(tmp_path: Path) -> None:
    code, out, err = run("--data", tmp_path, "--no-simulated")
    assert (code, out) == (2, "")
    assert err == f"expected a list of photographs at {tmp_path}/manifest.csv, found none"
