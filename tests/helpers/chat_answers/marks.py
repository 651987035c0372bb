"""Chat answers with what a chat template leaves in them: thoughts, turns, marks."""

from helpers.awkward import PLAIN, STUB, Answer, fenced, rejected
from helpers.chat_answers.code import BODY, DRAFT, LAST, LOOP, THOUGHT

TAGS = [
    *(
        (f"<{word}>\n", f"\n</{word}>\n")
        for word in ("think", "thinking", "thought", "thoughts", "reasoning", "reason")
    ),
    *((f"<{word}>\n", f"\n</{word}>\n") for word in ("seed:think", "longcat_think", "THINK", "Thought", "analysis")),
    *((f"<{word}>\n", f"\n</{word}>\n") for word in ("reflection", "scratchpad", "rationale", "chain_of_thought")),
    ('<thinking time="3">\n', "\n</thinking>\n"),
    ("<s><think>", "</think>\n\n"),
    ("<|im_start|>assistant\n<think>\n", "\n</think>\n\n"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷\n", "\n◁/think▷\n"),
    ("<|begin_of_thought|>\n", "\n<|end_of_thought|>\n\n<|begin_of_solution|>\n"),
    ("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|channel>thought\n", "<channel|>"),
    ("<|think|>", "<|end|><|begin|>assistant<|content|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("<|start|>assistant<|channel|>analysis<|message|>", "<|end|>\n<|start|>assistant<|channel|>final<|message|>"),
    ("analysisWe try. ", "assistantfinal"),
    ("Here is my thought process:\n", "\nHere is my response:\n"),
    ("<think>\n", "\n</thinking>\n"),
    ("<reasoning>\n", "\n<answer>\n"),
    ("<think>\n", "\n</think>\n<answer>\n"),
]
THOUGHTS = [
    *(Answer(f"thoughts in {one.strip()}", f"{one}{THOUGHT}{other}{LOOP}", LOOP) for one, other in TAGS),
    *(
        Answer(f"thoughts that end with {other.strip()}", f"{THOUGHT}{other}{LOOP}", LOOP)
        for _, other in (TAGS[0], TAGS[4], TAGS[6], *TAGS[18:22])
    ),
    *(
        rejected(f"thoughts cut off in {one.strip()}", f"{one}{THOUGHT}\nSo it is\n{fenced(PLAIN)}Or", "only thinking")
        for one, _ in TAGS
    ),
    rejected("a beginning that is no more than that", "<think>", "no code"),
    Answer("an answer, then thoughts that are cut off", f"{fenced(PLAIN)}\n<think>\nOr was it\n{fenced(DRAFT)}hm"),
    rejected("words, then thoughts that are cut off", f"Let me think.\n<think>\n{fenced(PLAIN)}Or", "only thinking"),
    Answer("thoughts twice", f"<think>a</think>\n{fenced(PLAIN)}<think>\n{THOUGHT}\n</think>\nIt stands."),
    Answer("thoughts in thoughts", f"<thinking>\na\n<reflection>\nb\n</reflection>\n{THOUGHT}\n</thinking>\n{PLAIN}"),
    Answer("thoughts that speak of their tag", f"<think>\nI end with </think> then.\n{THOUGHT}\n</think>\n{PLAIN}"),
    Answer("thoughts with a fence that never ends", f"<think>\n```python\n{DRAFT}hm\n</think>\n{fenced(PLAIN)}"),
    Answer("thoughts that end in mid-line", f"<think>\n{THOUGHT}</think>{fenced(PLAIN)}"),
    Answer("no thoughts in their tags", f"<think>\n\n</think>\n\n{fenced(PLAIN)}"),
    Answer("a draft, and an answer with a tag", f"{THOUGHT}\n\n<answer>\n{PLAIN}</answer>\n"),
    Answer("an answer with a tag, and words behind", f"<answer>{fenced(PLAIN)}</answer>\nThat sums.\n"),
    *(
        Answer(f"a tag in a program: {code}", fenced(program), program)
        for code in ("'</think>'", "r'<think>.*?</think>'", "'<answer>'", "f'a <thought> b'", "'<|channel|>final'")
        for program in [f"def total(s):\n    return s.split({code})[-1]\n"]
    ),
    Answer(
        "a name that begins like a channel",
        "analysisTotal = 0\n" + LOOP.replace("s = 0", "s = analysisTotal"),
        "analysisTotal = 0\n" + LOOP.replace("s = 0", "s = analysisTotal"),
    ),
    Answer(
        "a tag on a line of a program's text",
        fenced('TEXT = """\n<think>\n"""\ndef total(s):\n    return s + TEXT\n'),
        'TEXT = """\n<think>\n"""\ndef total(s):\n    return s + TEXT\n',
    ),
]

ENDS = (
    *("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|end|>", "<|return|>", "<|EOT|>"),
    *("<|END_OF_TURN_TOKEN|>", "<|user|>", "<|observation|>", "<｜end▁of▁sentence｜>", "<end_of_turn>", "<turn|>"),
    *("</s>", "<eos>", "[DONE]", "[END]", "</answer>", "</code>", "</solution>", "[/PYTHON]", "<|im_end|></s>"),
)
NEXT_TURN = f"Thanks! And the tests?<|im_end|>\n<|im_start|>assistant\n{fenced(DRAFT)}"
BEGINNINGS = (
    *("<s>", "<s> ", "<|python_tag|>", "[PYTHON]", "[CODE]\n", "<answer>", "<code>", "<python>", "<|begin_of_box|>"),
    *("<pre><code>", "<|im_start|>assistant\n", "<|start_header_id|>assistant<|end_header_id|>\n\n", "<|assistant|>"),
    *("<start_of_turn>model\n", "<|im_start|>assistant<|im_sep|>", "<｜Assistant｜>", "<|turn>model\n", "<|im_end|>\n"),
    *("<answer><code>", "<bos><start_of_turn>model\n", '<code class="python">\n'),
)
MARKS = [
    *(Answer(f"{mark} behind the code", LAST + mark, LOOP) for mark in ENDS),
    *(Answer(f"{mark} before the last fence", f"```python\n{LAST}{mark}\n```\n", LOOP) for mark in ENDS),
    *(Answer(f"{mark} in an open fence", f"```python\n{LAST}{mark}", LOOP) for mark in ENDS),
    *(Answer(f"{mark} behind words", f"Here:\n\n{LAST}{mark}\n", LOOP) for mark in ENDS),
    *(Answer(f"{mark} behind a body", BODY.rstrip("\n") + mark, STUB + BODY) for mark in ENDS),
    *(Answer(f"{mark} before the code", mark + LOOP, LOOP) for mark in BEGINNINGS),
    *(Answer(f"{mark} before a fence", mark + fenced(LOOP), LOOP) for mark in BEGINNINGS),
    Answer("both marks", f"[PYTHON]{LAST}[/PYTHON]", LOOP),
    Answer("both tags", f"<pre><code>{LAST}</code></pre>", LOOP),
    Answer("the next turn", f"{LAST}<|im_end|>\n<|im_start|>user\n{NEXT_TURN}", LOOP),
    Answer("the next turn, fenced", f"{fenced(LOOP)}<|im_end|>\n<|im_start|>user\n{NEXT_TURN}", LOOP),
    Answer("the next turn, without an end", f"{LOOP}\n<|im_start|>user\n{NEXT_TURN}", LOOP),
    Answer("the next turn of Llama 2", f"{fenced(LOOP)} </s><s>[INST] Now 0. [/INST] {fenced(DRAFT)}", LOOP),
    Answer("the next turn of Llama 3", f"{LAST}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n{DRAFT}", LOOP),
    Answer("the next example", f"[BEGIN]\n{LAST}\n[DONE]\n\nNow return 0.\n[BEGIN]\n{DRAFT}[DONE]\n", LOOP),
    *(
        Answer(f"{mark} on a line of a program's text", fenced(program), program)
        for mark in ("<s>a</s>", "<|im_end|>", "<code>", "[PYTHON]", "[DONE]")
        for program in [f'def total(s):\n    n = 1\n    text = """\n{mark}\n"""\n    return text * n\n']
    ),
    *(
        Answer(f"a mark in a program: {code}", fenced(program), program)
        for code in (
            *("s.split('<|im_end|>')", 's.replace("</s>", "")', "'<code>' + s + '</code>'", "s < 1 > 2"),
            *("'a </s> b'", "(s <s> s)", "'[PYTHON]'", "s  # not </s> here", "f'<|{s}|>'"),
        )
        for program in [f"def total(s):\n    return {code}\n"]
    ),
    Answer(
        "a name like a mark",
        fenced("DONE = 0\ndef total(s):\n    return s[DONE]\n"),
        "DONE = 0\ndef total(s):\n    return s[DONE]\n",
    ),
]
