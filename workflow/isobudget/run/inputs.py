"""What each job reads: the input functions of rules/, for any study.

They are given Snakemake's wildcards, or anything with the same attributes, and give paths below the results folder.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from isobudget.files import paths
from isobudget.run import recordings
from isobudget.sampling.imported.check import fingerprint
from isobudget.study import rankers, stage_settings
from isobudget.study.config import Study
from isobudget.study.study_files import File, study_files

SAMPLED = "sampled"


def _same(path: str) -> str:
    return path


class Inputs:
    """The files of one study.

    Args:
        study: a config.Study.
        recordings: the folder recordings/.
        local: marks a path that lies here even where results are on an object store; Snakemake's `local`.
        sized: gives the study with a number in place of every `samples: auto`; asked only where blocks are counted.
    """

    def __init__(
        self,
        study: Study,
        recordings: Path,
        local: Callable[[str], Any] = _same,
        sized: Callable[[], Study] | None = None,
    ):
        self.study = study
        self._recordings = recordings
        self._local = local
        self._sized = sized or (lambda: study)

    def at(self, template: str, **keys: Any) -> list[str]:
        """Paths below the results folder, one for each combination of the keys given as lists."""
        lists = [value if isinstance(value, list | tuple | range | dict) else [value] for value in keys.values()]
        return [
            paths.below(self.study.results, template, **dict(zip(keys, values, strict=True)))
            for values in product(*lists)
        ]

    def one(self, template: str, **keys: Any) -> str:
        """One path below the results folder."""
        return paths.below(self.study.results, template, **keys)

    # ---- what a job replays or loads

    def _recording(self, template: str, **keys: Any) -> Any:
        return self._local(paths.below(self._recordings, template, **keys))

    def weights(self, model: str) -> Any:
        """The folder that must be made before a model can be loaded, if any."""
        return self._local(self.one(paths.WEIGHTS, model=model)) if self.study.comes_in_packages(model) else []

    def _opened(self, runs: str, template: str, **keys: Any) -> dict[str, Any]:
        """What a job reads that runs a model: its recording, or its weights.

        The profiles of clusters know jobs that load a model by an input named weights.

        Args:
            runs: the model that the job runs.
            template, keys: the file of recordings/ that stands for it.
        """
        row = self.study.models[runs].row
        if row.replays:
            return {"recording": self._recording(template, **keys)}
        return {"weights": self.weights(runs)} if row.loads else {}

    def sample(self, wildcards: Any) -> dict[str, Any]:
        """The recording to replay, what was imported, or the weights to load."""
        if self.study.models[wildcards.model].row.collects:
            keys = {key: getattr(wildcards, key) for key in ("benchmark", "model", "decoding")}
            return {"recording": self.one(paths.IMPORTED, **keys)}
        return self._opened(wildcards.model, paths.SAMPLES, **_keys(wildcards))

    def write(self, wildcards: Any) -> dict[str, Any]:
        """The recording to replay, or the weights to load."""
        return self._opened(wildcards.model, paths.WRITTEN, **_keys(wildcards))

    def calibrate(self, wildcards: Any) -> dict[str, Any]:
        """The recording to replay, or the weights to load."""
        return self._opened(wildcards.model, paths.CALIBRATIONS, **_keys(wildcards))

    def scorer(self, wildcards: Any) -> str | None:
        """The other model that a ranking job runs, or None."""
        return rankers.reader(wildcards.ranker, wildcards.model)

    def rank(self, wildcards: Any) -> dict[str, Any]:
        """What a ranker that needs another model reads beside the samples."""
        scorer = self.scorer(wildcards)
        return self._opened(scorer, paths.SCORES, decoding=SAMPLED, **_keys(wildcards)) if scorer else {}

    def handed(self, given: Mapping, model: str | None) -> str:
        """The option of a stage that names what it replays, or the server that has the model.

        Where a server is says nothing of what the model writes: the file is no input, and an edit of it draws nothing
        again.

        Args:
            given: the job's inputs by name.
            model: whom the job runs, or None.
        """
        if recording := given.get("recording"):
            return f"--recording {recording}"
        asks = model and self.study.models[model].row.asks
        return f"--server {self.one(paths.SERVERS, model=model)}" if asks else ""

    def model(self, wildcards: Any) -> dict[str, Any]:
        """Where a model's own config.json is to be had."""
        chosen = self.study.models[wildcards.model]
        if chosen.row.replays:
            return {"recording": self._recording(paths.MODELS, **_keys(wildcards))}
        if chosen.row.lacks_config:
            config = chosen.config
            return {"config": self._local(config) if config and Path(config).is_file() else []}
        return {"weights": self.weights(wildcards.model)}

    def architectures(self, models: Iterable[str]) -> list[str]:
        """Where the config.json is kept of those models that have one."""
        chosen = self.study.models
        return self.at(paths.MODELS, model=[m for m in models if not chosen[m].row.lacks_config or chosen[m].config])

    # ---- imports

    def source(self, wildcards: Any) -> Any:
        """The user's file or folder that samples are imported from."""
        return self._local(self.study.source(wildcards.benchmark, wildcards.model, wildcards.decoding))

    def source_sum(self, wildcards: Any) -> str:
        """A checksum of that file, so that an edit is seen whatever its time."""
        keys = {key: getattr(wildcards, key) for key in ("benchmark", "model", "decoding")}
        return fingerprint(self.study.source(**keys), self.one(paths.IMPORTED, **keys))

    def imported(self, wildcards: Any) -> list[str]:
        """What was imported on one benchmark, of all models: they say which problems a study is over."""
        keys = {"benchmark": wildcards.benchmark}
        return [self.one(paths.IMPORTED, model=m, decoding=d, **keys) for m, d in self.study.imported]

    def least_samples(self, wildcards: Any) -> int:
        """Samples a problem that an imported file must hold."""
        return self.study.least(wildcards.benchmark, wildcards.model) if wildcards.decoding == SAMPLED else 1

    # ---- tests at hand, and what samples vote on

    def examples(self, source: str, benchmark: str) -> str:
        """The file of inputs that a source gives: the examples in the prompts, or the asserts that a model wrote."""
        if source == rankers.EXAMPLES:
            return self.one(paths.EXAMPLES, benchmark=benchmark)
        return self.one(paths.ASSERTS, model=source, benchmark=benchmark)

    def written(self, wildcards: Any) -> list[str]:
        """The blocks of tests that a model writes on one benchmark."""
        return self.at(paths.WRITTEN, block=range(self.study.written_blocks()), **_keys(wildcards))

    def tests_of_writer(self, wildcards: Any) -> list[str]:
        """All tests that a model writes, if some ranker uses them: they have a price."""
        if wildcards.model not in self.study.writers():
            return []
        blocks = range(self.study.written_blocks())
        return self.at(paths.WRITTEN, benchmark=self.study.benchmarks, model=wildcards.model, block=blocks)

    def vote(self, wildcards: Any) -> dict[str, str]:
        """What a ranker that lets the samples vote reads beside them."""
        source = rankers.inputs_of(wildcards.ranker, wildcards.model)
        assert source is not None  # else nobody votes
        keys = {key: getattr(wildcards, key) for key in ("benchmark", "model", "block")}
        return {
            "behaviours": self.one(paths.BEHAVIOURS, source=source, decoding=SAMPLED, **keys),
            "examples": self.examples(source, wildcards.benchmark),
        }

    def tests(self, wildcards: Any) -> dict[str, str]:
        """The examples that a source of tests at hand consists of, or the asserts that a model wrote, if it does."""
        source = rankers.cases_of(wildcards.source)
        return {"cases": self.examples(source, wildcards.benchmark)} if source else {}

    # ---- everything of one model on one benchmark

    def _files(self, study: Study) -> dict[tuple, list[File]]:
        """The study's files by (kind, benchmark, model)."""
        if self._known is None or self._known[0] is not study:
            found: dict[tuple, list[File]] = {}
            for file in study_files(study.results, stage_settings.aggregated(study)):
                found.setdefault((file.kind, file.benchmark, file.model), []).append(file)
            self._known = study, found
        return self._known[1]

    _known: tuple[Study, dict[tuple, list[File]]] | None = None

    def of_kind(self, kind: str, wildcards: Any) -> list[File]:
        """The files of one kind of one model on one benchmark."""
        return self._files(self._sized()).get((kind, wildcards.benchmark, wildcards.model), [])

    def outcomes(self, wildcards: Any) -> list[str]:
        """Every outcome of one model on one benchmark."""
        return [file.path for file in self.of_kind("outcomes", wildcards)]

    def scores(self, wildcards: Any) -> list[str]:
        """Every ranker's scores of one model's samples on one benchmark."""
        return [file.path for file in self.of_kind("scores", wildcards)]

    def at_hand(self, wildcards: Any) -> list[str]:
        """What the tests at hand say of one model's samples on one benchmark."""
        return [file.path for file in self.of_kind("at_hand", wildcards)]

    def parts(self, wildcards: Any) -> list[str]:
        """The outcomes and scores that a ranker which learns is made of."""
        parts = self.study.parts(wildcards.model)
        outcomes = [file.path for file in self.of_kind("outcomes", wildcards) if file.decoding == SAMPLED]
        return outcomes + [file.path for file in self.of_kind("scores", wildcards) if file.ranker in parts]

    def calibrations(self, wildcards: Any) -> list[str]:
        """Every calibration run of one model."""
        runs = range(recordings.calibration_runs(self.study, wildcards.model, self._recordings))
        return self.at(paths.CALIBRATIONS, model=wildcards.model, run=runs)

    # ---- everything of the study

    @cached_property
    def _cells(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(benchmark=b, model=m) for b in self.study.benchmarks for m in self.study.models]

    def aggregate(self, wildcards: Any) -> dict[str, list[str]]:
        """All rows of the study, its costs and its estimates."""
        found: dict[str, list[str]] = {}
        for (kind, *_), files in self._files(self._sized()).items():
            found.setdefault(kind, []).extend(file.path for file in files)
        return found | {"costs": self.at(paths.COSTS, model=self.study.models)}

    def dear(self, wildcards: Any) -> list[str]:
        """What is dear: samples, other models' scores of them, tests that models write, calibrations, model configs."""
        files = [file.path for cell in self._cells for file in self.of_kind("samples", cell)]
        files += self.architectures(self.study.models)
        for model in self.study.models:
            files += self.calibrations(SimpleNamespace(model=model))
            files += self.tests_of_writer(SimpleNamespace(model=model))
        for cell in self._cells:
            scores = [(file.ranker, file.path) for file in self.of_kind("scores", cell)]
            files += [path for ranker, path in scores if ranker and rankers.reader(ranker, cell.model)]
        return files


def _keys(wildcards: Any) -> dict[str, Any]:
    """Wildcards as a dict: Snakemake's have `items`, as a dict has."""
    return dict(wildcards.items()) if hasattr(wildcards, "items") else dict(vars(wildcards))
