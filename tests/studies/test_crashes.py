"""kill -9 at random moments: the next run ends in the same tables, with no step by hand, and nobody is left behind.

The study of test_reruns, killed twenty times: the workflow, all of it at once, one of its stages, or a sandbox with
programs in it. After each kill the same command is given again, until a round is done; then the next round begins
from nothing. Seeded, so that a failure names a sequence; the moments are still the machine's.
"""

import os
import random
import shutil
import time

import pytest
import yaml

from helpers.recorded_study import STUDY
from helpers.snakemake_runs import Run, planned, tables
from isobudget.sandbox import bubblewrap

pytestmark = pytest.mark.slow

KILLS = 20
SEED = 20240404
WHOM = ("workflow", "workflow", "everyone", "stage", "stage", "sandbox")
POLL = 0.05
KEPT = (".claim", ".snakemake_timestamp")  # the run's own, and what Snakemake puts into folders that a rule makes
END = 60  # seconds in which whoever was left alone must be gone


@pytest.fixture
def fresh(base, tmp_path):
    """A function that gives a copy of the base study's folder without its results."""
    if reason := bubblewrap.missing():
        failing = os.environ.get("ISOBUDGET_REQUIRE_DOCKER")  # what says that nothing may be skipped
        (pytest.fail if failing else pytest.skip)(f"no sandbox whose processes are children: {reason}")

    def copy(name):
        root = tmp_path / name
        shutil.copytree(base, root, symlinks=True, ignore=shutil.ignore_patterns("results", ".snakemake"))
        (root / "study.yaml").write_text(yaml.safe_dump(STUDY | {"sandbox": {"engine": "bubblewrap"}}))
        return root

    return copy


def disturbed(root, rng, left, story):
    """Run the study once and kill `left` times at most; how often, and whether the run came to its end."""
    run = Run(root)
    kills, seen, loaded = 0, set(), False
    while run.workflow.poll() is None and kills < left:
        wanted = len(seen) + rng.randint(1, 5)  # so many stages more may start before the next kill
        while run.workflow.poll() is None and len(seen) < wanted:
            time.sleep(POLL)
            stages = run.stages()
            seen |= set(stages)
            if not loaded and any("isobudget.store" in words for words in stages.values()):
                loaded = True
                break
        time.sleep(rng.uniform(0, 1))
        if run.workflow.poll() is not None:
            break
        whom = rng.choice(WHOM)
        if said := run.kill(whom, rng):
            kills += 1
            story.append(said)
        if whom in ("workflow", "everyone"):
            break
    return run, kills, run.workflow.wait() == 0


def gone(runs):
    """Wait until nobody of these runs is left; whoever is after END seconds."""
    deadline = time.monotonic() + END
    while (left := {pid: words for run in runs for pid, words in run.processes().items()}) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.5)
    return left


def test_twenty_kills_end_in_the_tables_of_an_undisturbed_run(fresh, base):
    rng = random.Random(SEED)
    wanted = tables(base)
    kills, round_number = 0, 0
    while kills < KILLS:
        root = fresh(f"round{round_number}")
        story, runs, done = [], [], False
        while not done:
            run, more, done = disturbed(root, rng, KILLS - kills, story)
            kills += more
            runs.append(run)
            assert done or more, run.log.read_text()[-4000:]
        assert gone(runs) == {}, story
        assert tables(root) == wanted, story
        study = STUDY | {"sandbox": {"engine": "bubblewrap"}}
        assert planned(root, study) == {}, story
        assert [path for path in root.glob("results/**/.*") if path.name not in KEPT] == [], story
        assert not list(root.glob(".snakemake/locks/*")) and not list(root.glob(".snakemake/incomplete/*")), story
        print(f"round {round_number}: {', '.join(story)}")
        round_number += 1
