"""A key that stands twice in a config file: Snakemake keeps the last, so the file is read again, strictly."""

import pytest

from helpers.checkout import ROOT
from helpers.snakemake_runs import repository, snakemake
from isobudget.files.errors import StudyError
from isobudget.study.yaml_keys import check


def said(tmp_path, text, name="study.yaml"):
    (tmp_path / name).write_text(text)
    with pytest.raises(StudyError) as caught:
        check([tmp_path / name])
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_a_model_twice_is_named_with_both_lines(tmp_path):
    text = "models:\n  small:\n    engine: recorded\n    samples: 4\n  large: {}\n  small:\n    samples: 8\n"
    assert said(tmp_path, text) == (
        "study.yaml: the key 'models.small' stands there twice, in line 2 and in line 6, and the first would count for "
        "nothing; rename or remove one."
    )


@pytest.mark.parametrize(
    ("text", "key", "lines"),
    [
        ("block: 4\nmodels: {}\nblock: 8\n", "block", (1, 3)),
        ("models:\n  a: {samples: 4,\n      samples: 8}\n", "models.a.samples", (2, 3)),
        ("a: {}\n'a': {}\n", "a", (1, 2)),
        ('{"models": {"a": {},\n "a": {}}}', "models.a", (1, 2)),
        ("list:\n  - x: 1\n    y: 2\n    x: 3\n", "list.x", (2, 4)),
        ("base: &b {a: 1}\nmore:\n  <<: *b\n  <<: *b\n", "more.<<", (3, 4)),
    ],
)
def test_a_key_twice_is_found_however_it_is_written(tmp_path, text, key, lines):
    first, second = lines
    assert f"the key {key!r} stands there twice, in line {first} and in line {second}," in said(tmp_path, text)


def test_every_key_that_is_there_twice_is_told_at_once(tmp_path):
    assert said(tmp_path, "a: 1\nb: 1\na: 2\nb: 2\na: 3\n").count("\n") == 2


@pytest.mark.parametrize(
    "text",
    [
        "models:\n  a: {samples: 4}\n  b: {samples: 4}\n",  # one key of each model
        "a: &x {k: 1}\nb: *x\nc: {<<: *x, k: 2}\n",  # a key that is merged in may be given again
        "",
        "a: [1, 1]\n",
        "1: a\n'1': b\n",  # a number and a text
    ],
)
def test_a_file_without_any_is_read_without_a_word(tmp_path, text):
    (tmp_path / "study.yaml").write_text(text)
    check([tmp_path / "study.yaml", tmp_path / "gone.yaml"])


def test_the_configs_that_are_shipped_hold_none():
    check(sorted((ROOT / "config").glob("*.yaml")))


def test_a_run_stops_before_anything_else(tmp_path, monkeypatch):
    root = repository(tmp_path / "study")
    text = "models:\n  small: {engine: nothing, samples: 4}\n  small: {engine: recorded, samples: 4}\n"
    monkeypatch.setattr("helpers.snakemake_runs.yaml.safe_dump", lambda study: text)
    done = snakemake(root, "--dry-run")
    assert done.returncode == 1
    assert "study.yaml: the key 'models.small' stands there twice, in line 2 and in line 3" in done.stdout + done.stderr
    assert not (root / "results").exists()
