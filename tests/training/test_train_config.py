"""A config with a typing error is refused, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.train_config import ConfigError, TrainConfig, load_config

CONFIGS = Path(__file__).parents[2] / "training" / "configs"
LEAST = 'out = "runs/x"\nsimulated = {"runs/sim/*" = 1.0}\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_not_written_has_its_default(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, LEAST)) == TrainConfig(out="runs/x", simulated={"runs/sim/*": 1.0})


def test_every_field_is_read(tmp_path: Path) -> None:
    text = """
out = "runs/y"
photographs = "runs/weak"
backgrounds = "runs/grounds"
paste_share = 0.25
licences = ["MIT", "CC BY 4.0"]
withheld = ["scald"]
size = 96
batch = 2
steps = 7
rate = 1e-3
backbone_rate = 0.5
frozen_blocks = 2
frozen_statistics = true
warm_up = 3
average = 0.9
seed = 4
start_from = "runs/x/last.pt"
threads = 1
save_every = 5
[simulated]
"runs/sim/a" = 2
[photograph_shares]
plates = 0.5
"""
    assert load_config(written(tmp_path, text)) == TrainConfig(
        out="runs/y",
        simulated={"runs/sim/a": 2.0},
        photographs=("runs/weak",),
        photograph_shares={"plates": 0.5},
        withheld=("scald",),
        backgrounds="runs/grounds",
        paste_share=0.25,
        licences=("MIT", "CC BY 4.0"),
        size=96,
        batch=2,
        steps=7,
        rate=1e-3,
        backbone_rate=0.5,
        frozen_blocks=2,
        frozen_statistics=True,
        warm_up=3,
        average=0.9,
        seed=4,
        start_from="runs/x/last.pt",
        threads=1,
        save_every=5,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LEAST + "stpes = 10\n", r"run\.toml:3: unknown key 'stpes'; known here: .*steps"),
        (LEAST + "size = 100\n", r"run\.toml:3: size: expected a multiple of 32, got 100"),
        (LEAST + "steps = 0\n", r"run\.toml:3: steps: expected 1-"),
        (LEAST + "steps = 10.5\n", r"run\.toml:3: steps: expected a whole number, got 10\.5"),
        (LEAST + 'rate = "fast"\n', r"run\.toml:3: rate: expected a finite number, got 'fast'"),
        (LEAST + "average = 1.01\n", r"run\.toml:3: average: expected 0-1, got 1\.01"),
        (LEAST + 'licences = "MIT"\n', r"run\.toml:3: licences: expected a list of texts, got 'MIT'"),
        (
            LEAST + 'withheld = ["scal"]\n',
            r"run\.toml:3: withheld: expected kinds of .*'scald'.*, got \['scal'\]",
        ),
        (LEAST + "[photograph_shares]\nplates = 1\n", r"run\.toml:3: photograph_shares: expected the folder"),
        (LEAST + "paste_share = 0.2\n", r"run\.toml:3: paste_share: expected `backgrounds`, `photographs`"),
        (LEAST + "paste_share = 1.1\n", r"run\.toml:3: paste_share: expected 0-1, got 1\.1"),
        ('out = "x"\n', r"expected a share over 0 in \[simulated\] or \[photograph_shares\], got none"),
        ('out = "x"\n[simulated]\n"a" = 0\n', r"expected a share over 0"),
        ('out = "x"\n[simulated]\n"a" = -1\n', r"run\.toml:3: a: expected 0-"),
        ('[simulated]\n"a" = 1\n', r"missing key 'out'"),
        ("out = \n", r"run\.toml:1: not valid TOML"),
    ],
)
def test_refuses(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(written(tmp_path, text))


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, LEAST + "batch = 0\nsteps = 0\n"))
    assert len(str(caught.value).splitlines()) == 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        load_config(tmp_path / "nowhere.toml")


def test_an_empty_list_of_licences_allows_none(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, LEAST + "licences = []\n")).licences == ()


def test_one_folder_of_photographs_or_several(tmp_path: Path) -> None:
    shares = "[photograph_shares]\nplates = 1\n"
    for text, folders in (('"a"', ("a",)), ('["a", "b"]', ("a", "b")), ("[]", ())):
        config = load_config(
            written(tmp_path, LEAST + f"photographs = {text}\n" + (shares if folders else ""))
        )
        assert config.photographs == folders
    with pytest.raises(ConfigError, match=r"run\.toml:3: photographs: expected a list of texts, got 3"):
        load_config(written(tmp_path, LEAST + "photographs = 3\n"))


def test_the_configs_beside_the_code_can_be_read() -> None:
    names = [load_config(path).out for path in sorted(CONFIGS.glob("*.toml"))]
    assert names == [
        "runs/cast",
        "runs/fine",
        "runs/first",
        "runs/folds",
        "runs/fruitnet",
        "runs/pasted",
        "runs/quick",
        "runs/quick_mimic",
        "runs/tuned",
        "runs/turned",
        "runs/unseen",
        "runs/unseen_256",
    ]
