"""What a model is asked: a completion model the prompt as it is, a chat model an instruction in its own template."""

import json
import os
import subprocess
import sys

import pytest

from isobudget.files import tables
from isobudget.files.errors import StudyError
from isobudget.sampling import from_recording
from isobudget.sampling.prompts import FORMS, instruction, prompts
from isobudget.study import stage_settings
from isobudget.study.benchmarks import BENCHMARKS, PYTHON_STOPS
from isobudget.study.config import load

PROBLEM = {
    "task_id": "Toy/0",
    "prompt": '\ndef double(x):\n    """Twice {x}."""\n',
    "tests": "def check(candidate):\n    assert candidate(3) == 6\n",
    "kind": "call",
    "entry_point": "double",
    "reference": "    return 2 * x\n",
    "split": "test",
}
MODEL = {"engine": "vllm", "weights": "org/small", "samples": 4}
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}[{{ message.role }}]{{ message.content }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
WHERE = {"benchmark": "humaneval", "model": "small", "decoding": "sampled", "block": 0}


def study(**model):
    return load({"models": {"small": MODEL | model}})


def test_the_settings_of_a_completion_model_are_what_recordings_were_drawn_with():
    """To the byte: a space more would draw hours of samples again."""
    stop = json.dumps(PYTHON_STOPS)
    assert stop == (
        '["\\nclass ", "\\ndef ", "\\n#", "\\n@", "\\nif ", "\\nprint(", "\\nassert ", "\\nimport ", "\\nfrom ", '
        '"\\n```"]'
    )
    assert stage_settings.sample(study(), "humaneval", "small", "sampled") == (
        '{"decoding": {"max_tokens": 512, "stop": ' + stop + ', "temperature": 0.8, "top_p": 0.95}, "dtype": "auto", '
        '"engine": "vllm", "n": 4, "protocol": 1, "revision": null, "tensor_parallel": 1, "weights": "org/small"}'
    )
    assert stage_settings.sample(study(chat=False), "humaneval", "small", "greedy") == (
        '{"decoding": {"max_tokens": 512, "stop": ' + stop + ', "temperature": 0.0, "top_p": 1.0}, "dtype": "auto", '
        '"engine": "vllm", "n": 1, "protocol": 1, "revision": null, "tensor_parallel": 1, "weights": "org/small"}'
    )


def test_a_chat_model_is_sampled_in_a_named_form_and_without_stop_sequences():
    for stage in (
        lambda s: stage_settings.sample(s, "humaneval", "small", "sampled"),
        lambda s: stage_settings.calibrate(s, "small"),
    ):
        plain, chat = (json.loads(stage(study(chat=chat))) for chat in (False, True))
        assert chat.pop("chat") == BENCHMARKS["humaneval"].chat
        assert chat["decoding"].pop("stop") == []
        del plain["decoding"]["stop"]
        assert chat == plain


def test_nothing_but_sampling_and_calibration_is_told_of_chat():
    for stage in (
        lambda s: stage_settings.execute(s, "humaneval"),
        lambda s: stage_settings.estimate(s, "humaneval", "small"),
    ):
        assert stage(study()) == stage(study(chat=True))


def test_every_form_that_a_benchmark_names_is_there():
    assert {row.chat for row in BENCHMARKS.values()} - {None} <= set(FORMS)


def test_the_words_of_a_form_never_change():
    """Other words make other samples: they are a new form, function-2, and the old one stays what it was."""
    assert instruction("function-1", PROBLEM) == (
        "Complete this Python function. Answer with one Python code block that holds the whole function, its signature "
        'included, and every import it needs.\n\n```python\ndef double(x):\n    """Twice {x}."""\n```\n'
    )


def test_a_completion_model_reads_the_prompt_as_it_is():
    assert prompts([PROBLEM], {"weights": "org/small"}) == [PROBLEM["prompt"]]


@pytest.fixture
def weights(tmp_path):
    """A folder with a tokenizer of bytes, which writes <s> before every text, and a chat template that does too."""
    if not os.environ.get("ISOBUDGET_REQUIRE_VLLM"):
        pytest.importorskip("transformers", reason="transformers is not installed; make vllm installs it")
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(["<s>", *alphabet])}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    whole = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>")
    folder = tmp_path / "weights"

    def save(template):
        whole.chat_template = template
        whole.save_pretrained(folder)
        return {"engine": "vllm", "weights": str(folder), "revision": None, "chat": "function-1"}

    save.read = whole.decode
    return save


def test_a_chat_model_reads_the_instruction_in_its_own_template_up_to_where_its_answer_begins(weights):
    (tokens,) = prompts([PROBLEM], weights(TEMPLATE))
    assert weights.read(tokens) == f"<s>[user]{instruction('function-1', PROBLEM)}[assistant]"


def sample(folder, settings, *more):
    tables.write_rows(folder / "problems.parquet", "problems", [PROBLEM], {"benchmark": "humaneval"})
    loading = {"engine": "vllm", "tensor_parallel": 1, "dtype": "auto", "n": 4, "protocol": 1}
    given = loading | {"decoding": {"max_tokens": 8, "stop": [], "temperature": 0.8, "top_p": 0.95}} | settings
    names = [f"--{name}={value}" for name, value in WHERE.items()]
    command = [sys.executable, "-m", "isobudget.sampling", "--problems", folder / "problems.parquet", *names, *more]
    command += ["--settings", json.dumps(given), "--output", folder / "samples.parquet", "--log", folder / "log"]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def test_a_model_without_a_chat_template_is_refused_before_anything_is_loaded(weights, tmp_path):
    settings = weights(None)  # a folder without a single weight
    done = sample(tmp_path, settings)
    assert done.returncode == 1
    assert done.stderr == (
        f"isobudget: {settings['weights']}: this model has no chat template, so models.*.chat cannot be true for it; "
        "set 'chat: false', or take the instruction-tuned weights.\n"
    )


def test_a_template_that_takes_no_user_is_refused(weights, tmp_path):
    settings = weights("{{ raise_exception('only tools may speak') }}")
    done = sample(tmp_path, settings)
    assert done.returncode == 1
    assert "its chat template does not take a user's turn (only tools may speak)" in done.stderr


@pytest.mark.parametrize(("drawn", "asked"), [(None, "function-1"), ("function-1", None), ("function-1", "function-2")])
def test_a_recording_of_another_kind_of_prompt_is_not_replayed(drawn, asked, tmp_path):
    def form(name):
        return {"chat": name} if name else {}

    settings = {"protocol": 1, "n": 1, "decoding": {}}
    row = {"task_id": "Toy/0", "sample": 0, "text": "x", "prompt_tokens": 1, "completion_tokens": 1}
    metadata = WHERE | {"engine": "vllm", "protocol": 1, "n": 1, "settings": {}} | form(drawn)
    file = tmp_path / "0.parquet"
    tables.write_rows(file, "samples", [row | {"logprob": -1.0, "finish_reason": "stop"}], metadata)
    assert len(from_recording.samples([PROBLEM], settings | form(drawn), WHERE, file)[0]) == 1
    with pytest.raises(StudyError) as caught:
        from_recording.samples([PROBLEM], settings | form(asked), WHERE, file)
    words = {None: "completion prompts"}
    told = [words.get(name, f"the chat prompts {name!r}") for name in (drawn, asked)]
    assert f"{file}: recorded with {told[0]}, the study asks for {told[1]}; change models.*.chat" in str(caught.value)
