"""Results on an object store, through Snakemake's storage plugin: an S3 of the test's own (moto).

The larger model of test_reruns' study, alone: what is had there must be what the whole study has of it on a disk.
"""

import os
import shutil
import subprocess
import sys

import boto3
import duckdb
import pyarrow.dataset
import pyarrow.fs
import pytest
import yaml
from moto.server import ThreadedMotoServer

from helpers.recorded_study import STUDY
from isobudget.files import paths

pytestmark = pytest.mark.slow

BUCKET, PREFIX = "studies", "one"
KEYS = {"ACCESS_KEY": "me", "SECRET_KEY": "mine"}
ALONE = STUDY | {"models": {"large": STUDY["models"]["large"]}, "rankers": ["random"]}
TABLES = {
    "problems": "*",
    "samples": "*",
    "outcomes": "* EXCLUDE cpu_seconds",
    "scores": "*",
    "counts": "*",
    "pass_at_k": "*",
    "greedy": "*",
    "rank_score_at_k": "*",
}


@pytest.fixture(scope="module")
def store():
    """Where an S3 answers that has one empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    client = boto3.client("s3", endpoint_url=url, aws_access_key_id="me", aws_secret_access_key="mine")
    client.create_bucket(Bucket=BUCKET)
    yield url
    server.stop()


@pytest.fixture(scope="module")
def run(base, store):
    """A function that runs Snakemake with results on the store, in a folder of that name without any results."""

    def snakemake(name, *arguments):
        root = base.parent / name
        if not root.exists():
            shutil.copytree(base, root, symlinks=True, ignore=shutil.ignore_patterns("results", ".snakemake"))
            (root / "study.yaml").write_text(yaml.safe_dump(ALONE))
        settings = {f"SNAKEMAKE_STORAGE_S3_{key}": value for key, value in KEYS.items()}
        environment = os.environ | settings | {"SNAKEMAKE_STORAGE_S3_ENDPOINT_URL": store}
        environment.pop("PYTHONPATH", None)
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "study.yaml", *arguments]
        command += ["--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{BUCKET}/{PREFIX}"]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr[-4000:]
        return root, done.stdout + done.stderr

    return snakemake


@pytest.fixture(scope="module")
def objects(store):
    return pyarrow.fs.S3FileSystem(
        endpoint_override=store, access_key="me", secret_key="mine", region="us-east-1", allow_bucket_creation=False
    )


def of_large(database):
    """What a database has of the model `large` and the ranker `random`, but for times."""
    with duckdb.connect(str(database), read_only=True) as connection:
        found = {}
        for table, columns in TABLES.items():
            named = {row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()}
            where = [f"{key} = '{value}'" for key, value in (("model", "large"), ("ranker", "random")) if key in named]
            asked = f"FROM {table} SELECT {columns} WHERE {' AND '.join(where or ['true'])} ORDER BY ALL"
            found[table] = connection.execute(asked).fetchall()
        return found


def test_a_study_on_an_object_store_has_the_tables_of_one_on_a_disk(run, objects, base, tmp_path):
    run("distant")
    with objects.open_input_file(f"{BUCKET}/{PREFIX}/results/{paths.DATABASE}") as file:
        (tmp_path / paths.DATABASE).write_bytes(file.read())
    found = of_large(tmp_path / paths.DATABASE)
    assert found == of_large(base / "results" / paths.DATABASE) and all(found.values())
    # what was drawn before, and lies beside the workflow, stays here
    names = [info.path for info in objects.get_file_info(pyarrow.fs.FileSelector(BUCKET, recursive=True))]
    assert not [name for name in names if "recordings" in name]
    assert f"{BUCKET}/{PREFIX}/results/{paths.REPORT}" in names
    _, said = run("distant", "--dry-run")
    assert "Nothing to be done" in said


def test_another_machine_finds_the_study_done(run):
    _, said = run("another", "--dry-run")
    assert "Nothing to be done" in said


def test_duckdb_reads_the_rows_where_they_lie(objects, base):
    outcomes = pyarrow.dataset.dataset(f"{BUCKET}/{PREFIX}/results/outcomes", filesystem=objects)
    with duckdb.connect() as connection:
        connection.register("outcomes", outcomes)
        found = connection.execute("FROM outcomes SELECT verdict, count(*) GROUP BY ALL ORDER BY ALL").fetchall()
    with duckdb.connect(str(base / "results" / paths.DATABASE), read_only=True) as connection:
        asked = "FROM outcomes SELECT verdict, count(*) WHERE model = 'large' GROUP BY ALL ORDER BY ALL"
        assert found == connection.execute(asked).fetchall()
