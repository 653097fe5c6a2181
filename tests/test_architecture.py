"""Imports point one way: service -> grader <- training; each outside library has its one place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "grader": {"service", "training", "torch", "torchvision", "fastapi", "sqlalchemy", "pydantic"},
    "training": {"service", "fastapi", "sqlalchemy"},
    "service": {"training", "torch", "torchvision", "onnxruntime"},
}
ONLY_IN = {
    "onnxruntime": ("grader/onnx_model.py", "training/quantise.py"),
    "sqlalchemy": ("service/store/",),
    "torch": ("training/",),
    "simplejpeg": ("grader/image_io.py",),
    "zint": ("service/labels/symbols.py",),
    "reportlab": (
        "service/labels/paint_pdf.py",
        "service/labels/embedded_font.py",
        "service/statement/paint_pdf.py",
    ),
    "fontTools": ("service/labels/",),
}


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


def violations(root: Path) -> list[str]:
    bad = []
    for package, forbidden in FORBIDDEN.items():
        for path in (root / package).rglob("*.py"):
            name = path.relative_to(root).as_posix()
            for module in set(imported(path.read_text(encoding="utf-8"))):
                if module in forbidden or not name.startswith(ONLY_IN.get(module, (name,))):
                    bad.append(f"{name} imports {module}")
    return sorted(bad)


def test_imports_point_one_way() -> None:
    assert violations(ROOT) == []


def test_planted_violations_are_found(tmp_path: Path) -> None:
    for name, line in (
        ("grader/a.py", "import service.app"),
        ("grader/b.py", "from onnxruntime import InferenceSession"),
        ("service/c.py", "import torch.nn"),
        ("training/d.py", "from service import app"),
        ("service/api/e.py", "import sqlalchemy as sa"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(line + "\n", encoding="utf-8")
    assert violations(tmp_path) == [
        "grader/a.py imports service",
        "grader/b.py imports onnxruntime",
        "service/api/e.py imports sqlalchemy",
        "service/c.py imports torch",
        "training/d.py imports service",
    ]


def test_importing_the_grader_loads_neither_torch_nor_fastapi() -> None:
    code = (
        "import sys, grader.pipeline, grader.cli\n"
        "print(sorted({'torch', 'fastapi', 'sqlalchemy', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
