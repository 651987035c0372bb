"""What is computed after a change, on a small grid: only what the change touches.

Two models that replay small recordings made here, three problems, two rankers. The base
study runs for real, once; each change is then planned by Snakemake on a copy of it.
"""

import re
import shutil
import zipfile

import pytest
import yaml

from helpers.checkout import ROOT
from helpers.recorded_study import STUDY, record, with_models
from helpers.snakemake_runs import ENDING, planned, snakemake
from isobudget.files import paths
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_rows, write_rows
from isobudget.report.database import COLUMNS

pytestmark = pytest.mark.slow


def record_scores(root, ranker, model, blocks):
    """Write another model's scores of a model's recorded samples."""
    for block in range(blocks):
        where = {"benchmark": "humaneval", "model": model, "decoding": "sampled", "block": block}
        samples = read_rows(root / paths.below("recordings", paths.SAMPLES, **where), "samples").to_pylist()
        rows = [{key: row[key] for key in ("task_id", "sample")} | {"score": 1.0, "kept": True} for row in samples]
        metadata = where | {"ranker": ranker, "scorer": ranker.removeprefix("nll:")}
        file = root / paths.below("recordings", paths.SCORES, ranker=ranker, **where)
        write_rows(file, "scores", rows, metadata)


def edit(file):
    file.write_text(file.read_text() + "\n")


def test_nothing_changed(study):
    assert planned(study) == {}


def test_a_model_added(study):
    more = with_models(third={"engine": "recorded", "samples": 4})
    own = {"model": 1, "calibrate": 1, "sample": 2, "execute": 2, "rank": 2, "cost": 1, "estimate": 1}
    assert planned(study, more) == own | ENDING
    done = snakemake(study, study=more)
    assert done.returncode == 0, done.stderr[-4000:]
    assert planned(study, more) == {}


def test_a_model_removed(study):
    fewer = STUDY | {"models": {"small": STUDY["models"]["small"]}}
    assert planned(study, fewer) == ENDING


def test_samples_from_8_to_16(study):
    more = with_models(small={"engine": "recorded", "samples": 16})
    assert planned(study, more) == {"sample": 2, "execute": 2, "rank": 4, "estimate": 1} | ENDING


def test_samples_from_8_to_16_leave_the_old_blocks_as_they_were(study):
    old = study / "results/samples/humaneval/small/sampled/0.parquet"
    before = old.stat()
    done = snakemake(study, study=with_models(small={"engine": "recorded", "samples": 16}))
    assert done.returncode == 0, done.stderr[-4000:]
    assert old.stat().st_mtime_ns == before.st_mtime_ns
    assert old.stat().st_ino == before.st_ino


def test_a_budget_added(study):
    assert planned(study, STUDY | {"budgets": {"flops": [1, 2, 3], "seconds": [1]}}) == ENDING


def test_a_ranker_added(study):
    assert (
        planned(study, STUDY | {"rankers": ["nll:self", "random", "shortest"]}) == {"rank": 3, "estimate": 2} | ENDING
    )


def test_a_reader_added_reads_what_it_did_not_write_and_is_timed_at_it(study):
    for block in range(2):
        where = {"benchmark": "humaneval", "model": "small", "decoding": "sampled", "block": block}
        samples = read_rows(study / paths.below("recordings", paths.SAMPLES, **where), "samples").to_pylist()
        rows = [{"task_id": s["task_id"], "sample": s["sample"], "score": 1.0, "kept": True} for s in samples]
        file = study / paths.below("recordings", paths.SCORES, ranker="nll:large", **where)
        write_rows(file, "scores", rows, where | {"ranker": "nll:large", "scorer": "large"})
    more = STUDY | {"rankers": ["nll:self", "random", "nll:large"]}
    # of the three, one is its own samples' likelihood, which is kept already
    assert planned(study, more) == {"rank": 3, "calibrate": 1, "cost": 1, "estimate": 2} | ENDING


def test_tests_at_hand_added(study):
    own = {"questions": 1, "examples": 1, "tests": 1, "at_hand": 3, "estimate": 2}
    assert planned(study, STUDY | {"at_hand": ["examples"]}) == own | ENDING


def test_combined_added_and_weighed_anew_with_another_ranker(study):
    more = STUDY | {"rankers": ["nll:self", "random", "combined"]}
    assert planned(study, more) == {"combine": 2, "estimate": 2} | ENDING
    done = snakemake(study, study=more)
    assert done.returncode == 0, done.stderr[-4000:]
    assert planned(study, more) == {}
    more = more | {"rankers": [*more["rankers"], "shortest"]}
    assert planned(study, more) == {"rank": 3, "combine": 2, "estimate": 2} | ENDING


def test_rankers_in_another_order_change_no_estimate(study):
    assert "estimate" not in planned(study, STUDY | {"rankers": ["random", "nll:self"]})


def test_a_benchmark_added(study):
    package = study / "workflow/isobudget"
    shutil.copy(package / "problems/humaneval.py", package / "problems/other.py")
    table = package / "study/benchmarks.py"
    text = table.read_text()
    assert text.count("_ROWS = (\n") == 1
    row = 'name="other", loader="isobudget.problems.other", version=1, problems=164, max_tokens=512, stop=()'
    table.write_text(text.replace("_ROWS = (\n", f"_ROWS = (\n    Benchmark({row}),\n"))
    record(study, "small", 4, "other")
    record(study, "large", 1, "other")
    own = {"problems": 1, "references": 1, "sample": 5, "execute": 5, "rank": 6, "estimate": 2}
    assert planned(study, STUDY | {"benchmarks": ["humaneval", "other"]}) == own | ENDING


def test_a_cheap_stages_module_edited(study):
    edit(study / "workflow/isobudget/statistics/unbiased.py")
    assert planned(study) == {"estimate": 2} | ENDING


def test_an_sql_file_edited(study):
    edit(sorted((study / "workflow/isobudget/store").rglob("*.sql"))[0])
    assert planned(study) == ENDING


def test_a_sampling_module_edited(study):
    edit(study / "workflow/isobudget/problems/humaneval.py")
    edit(study / "workflow/isobudget/sampling/from_vllm.py")
    edit(study / "workflow/isobudget/engines/vllm.py")
    assert planned(study) == {}


def test_the_sandbox_edited(study):
    edit(study / "workflow/isobudget/sandbox/inside/server.py")
    assert planned(study) == {"references": 1, "execute": 5, "estimate": 2} | ENDING


def test_extraction_edited(study):
    """Neither a sample nor the check of the reference solutions: those are programs already."""
    for module in ("__init__", "markdown", "python_code", "chat_answer"):
        edit(study / f"workflow/isobudget/extraction/{module}.py")
    assert planned(study) == {"execute": 5, "estimate": 2} | ENDING


def test_a_ranker_that_reads_with_no_model_edited(study):
    """The scores of a model that reads another's samples are dear: they stay."""
    record_scores(study, "nll:large", "small", 2)
    ranked = STUDY | {"rankers": ["nll:large", "random"]}
    done = snakemake(study, study=ranked)
    assert done.returncode == 0, done.stderr[-4000:]
    edit(study / "workflow/isobudget/ranking/plain.py")
    assert planned(study, ranked) == {"rank": 3, "estimate": 2} | ENDING
    edit(study / "workflow/isobudget/ranking/likelihood.py")
    # and what large kept of its own samples
    assert planned(study, ranked) == {"rank": 4, "estimate": 2} | ENDING


def test_the_form_of_chat_prompts_changed(study):
    table = study / "workflow/isobudget/study/benchmarks.py"
    table.write_text(table.read_text().replace('"function-1"', '"function-2"'))
    assert planned(study) == {}


def test_a_file_of_the_middle_deleted(study):
    (study / "results/outcomes/humaneval/small/sampled/1.parquet").unlink()
    assert planned(study) == {"execute": 1, "estimate": 1} | ENDING


def test_a_sample_file_deleted_draws_that_block_again(study):
    (study / "results/samples/humaneval/small/sampled/1.parquet").unlink()
    assert planned(study) == {"sample": 1, "execute": 1, "rank": 2, "estimate": 1} | ENDING


def test_a_truncated_file_is_named_and_mended_by_deleting_it(study):
    sick = study / "results/outcomes/humaneval/small/sampled/1.parquet"
    sick.write_bytes(sick.read_bytes()[:100])
    done = snakemake(study)
    assert done.returncode == 1
    assert "results/outcomes/humaneval/small/sampled/1.parquet: not a whole Parquet file" in done.stderr
    sick.unlink()
    done = snakemake(study)
    assert done.returncode == 0, done.stderr[-4000:]
    assert planned(study) == {}


@pytest.mark.parametrize("large", [False, True], ids=["small", "too large for a checksum"])
def test_damaged_problems_are_mended_as_the_sentence_says_and_nothing_is_drawn_again(study, large):
    sick = study / "results/problems/humaneval.parquet"
    whole = sick.read_bytes()
    sick.write_bytes(whole[:100])
    with pytest.raises(StudyError) as caught:
        read_rows(sick, "problems")
    file = re.search("`snakemake --cores 1 -- (.*)` with", str(caught.value))[1]
    assert str(sick) == file and "run once with --touch" in str(caught.value)
    sick.unlink()
    assert planned(study)["sample"] == 5
    assert snakemake(study, str(sick.relative_to(study))).returncode == 0
    assert sick.read_bytes() == whole
    if large:
        unsummed = ["--max-checksum-file-size", "0"]
        assert planned(study, arguments=unsummed)["sample"] == 5
        (study / "results/outcomes/humaneval/small/sampled/1.parquet").unlink()
        assert snakemake(study, "--touch", *unsummed).returncode == 0
        assert planned(study, arguments=unsummed) == {"execute": 1, "estimate": 1} | ENDING
    else:
        assert planned(study) == {}


def test_a_truncated_recording_is_named(study):
    sick = study / "recordings/samples/humaneval/small/sampled/1.parquet"
    sick.write_bytes(sick.read_bytes()[:100])
    done = snakemake(study)
    assert done.returncode == 1
    assert "recordings/samples/humaneval/small/sampled/1.parquet: not a whole Parquet file" in done.stderr


def test_more_samples_than_were_recorded_are_refused_before_any_job(study):
    done = snakemake(study, study=with_models(small={"engine": "recorded", "samples": 20}))
    assert done.returncode == 1
    assert "models.small.samples: 20 samples in blocks of 4 need" in done.stderr
    assert "ask for 16 or fewer, or set engine: vllm" in done.stderr
    assert planned(study) == {}


def test_a_live_model_added_to_a_recorded_study(study):
    """As config/smollm2.yaml does; the recorded scorer has no scores of it, and scores the others as before."""
    ranked = STUDY | {"rankers": ["nll:self", "nll:large", "random"]}
    record_scores(study, "nll:large", "small", 2)
    done = snakemake(study, study=ranked)
    assert done.returncode == 0, done.stderr[-4000:]
    live = yaml.safe_load((ROOT / "config/smollm2.yaml").read_text())["models"]
    more = ranked | {"models": ranked["models"] | live}
    own = {"weights": 1, "model": 1, "calibrate": 3, "sample": 2, "execute": 2, "rank": 2, "cost": 1, "estimate": 1}
    assert planned(study, more) == own | ENDING


def test_snakemakes_own_report_has_the_page_the_figures_and_the_tables_with_captions(study):
    done = snakemake(study, "--report", "own.zip")
    assert done.returncode == 0, done.stderr[-4000:]
    with zipfile.ZipFile(study / "own.zip") as archive:
        names = [name for name in archive.namelist() if "/data/" in name]
        page = archive.read(next(name for name in archive.namelist() if name.endswith("report.html"))).decode()
    made = {file.name for file in (study / "results/report").rglob("*") if file.suffix in (".svg", ".csv", ".html")}
    assert {name.rpartition("/")[2] for name in names} >= made
    tables = {f"{name}.csv" for name in COLUMNS}
    assert {file for file in made if file.endswith(".csv")} == tables and len(made) == len(tables) + 5 + 1
    for category in ("The answer", "Figures", "Tables"):
        assert category in page
    for words in (
        "one forward pass over 128 tokens",
        "The faint line is the oracle",
        "with its runner-up",
        "The whole answer",
    ):
        assert words in page
