"""What a chat template leaves in an answer: thoughts, channels, the turn after this one, and marks of its own."""

import itertools
import re
from typing import NamedTuple

# Every mark begins with one of three signs, and the patterns say so first: a text without them is cheap.
_ANY = re.compile(r"[<\[◁](?:(?<=<)[|｜/A-Za-z]|(?<=\[)(?:/|[A-Z]{3}|think\])|(?<=◁))")

# Where thoughts and answers begin and end: the name of a group says what a mark does, and which marks belong together.
_THOUGHT = r"(?:\w+[:_])?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis|rationale|scratch_?pad|cot)"
_THOUGHTS = re.compile(
    rf"""
    [<\[◁](?:
      (?<=<)(?P<open_tag>{_THOUGHT})(?:\s[^<>\n]*)?>    | (?<=<)/(?P<close_tag>{_THOUGHT})\s*>
    | (?<=\[)(?P<open_bracket>THINK)\]                  | (?<=\[)/(?P<close_bracket>THINK)\]
    | (?<=◁)(?P<open_triangle>think)▷                   | (?<=◁)/(?P<close_triangle>think)▷
    | (?P<open_span>\|(?:begin_of_thought|start_thinking|inner_prefix)\|>)
    | (?P<close_span>\|(?:end_of_thought|end_thinking|inner_suffix)\|>)
    | (?P<open_message>\|channel\|>\s*(?:analysis|commentary)\b[^\n]{{0,80}}?<\|message\|> | \|think\|>)
    | (?P<close_message>\|(?:end|call)\|>)
    | (?P<open_channel>\|channel>\s*thought\b)          | (?P<close_channel>channel\|>)
    | (?P<answer_span>\|(?:begin_of_solution|start_response|content)\|>)
    | (?P<answer_message>\|channel\|>\s*final\b[^\n]{{0,80}}?<\|message\|>)
    | (?<=<)(?P<answer_tag>answer|final_answer|solution)>
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TOKENS = ("span", "message", "channel")  # never part of a text: anywhere in a line, and the first end counts
_ALONE = ("tag", "bracket", "triangle", "span")  # an end without a beginning, which the prompt may have held
# marks that have become words: gpt-oss's where a server drops its tokens, and Granite's
_AS_WORDS = (
    (
        re.compile(r"\Aanalysis(?=[A-Z][\w']*,? \w)"),
        "assistantfinal",
        "<|channel|>analysis<|message|>",
        "<|end|><answer>",
    ),
    (re.compile(r"\AHere(?: is|'s) my thought process:"), "\nHere is my response:", "<thought>", "</thought>"),
)
_MOST_MARKS = 500  # more are a model's that repeats itself

_TAGS = "answer|final_answer|solution|response|output|code|pre|python"
# tokens, with the role that follows some; tags around code, which open at the beginning of a line: `a <s> b` is Python
_MARKS = re.compile(
    rf"""
    [<\[](?:
      (?<=<)(?:\|(?:im_start|start_header_id|start_of_role|start|begin)\||start_of_turn|\|turn)>
        [ ]?(?:assistant|model|user|system|ai|human)\b(?:<\|(?:end_header_id|end_of_role|im_sep)\|>)?
    | (?<=<)(?:[|｜][^\s<>|｜][^<>|｜\n]{{0,40}}[|｜]>|\|\w{{1,30}}>|\w{{1,30}}\|>)
    | (?<=<)(?:/?(?:eos|bos|pad|unk|end_of_turn|start_of_turn)|/s|/(?:{_TAGS})\s*)>
    | (?<=\[)/(?:PYTHON|CODE|ANSWER|SOLUTION|INST|TESTS)\]
    | (?P<opens>(?<=<)(?:{_TAGS}|s)(?:\s[^<>\n]*)?>|(?<=\[)(?:PYTHON|CODE|ANSWER|SOLUTION|BEGIN|INST)\])(?:[ ](?=\S))?
    )
    """,
    re.VERBOSE,
)
_NOTHING_ELSE = re.compile(r"(?:\s|<[^<>\n]{1,60}>|\[/?[A-Z]+\]|(?<=>)(?:assistant|model)\b)*")
_TURN_ENDS = re.compile(
    r"""
    [<\[](?:
      (?<=<)(?:[|｜](?:im_end|assistant_end|endoftext|eot_id|eom_id|end_of_text|end|return|eos|eot|user|system|observation|endofturn
                     |end[▁_ ]of[▁_ ]\w+|end_of_turn_token|end_response)[|｜]>
              |/s>|eos>|end_of_turn>|turn\|>)(?=\s*$|[ ]?<)
    | (?<=<)\|(?:im_start|start_header_id)\|>[ ]?user\b
    | (?<=\n\[)INST\]
    | (?<=\[)(?P<word>DONE|END|EOS|STOP)\][ \t]*$
    )
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)


class Parts(NamedTuple):
    """What was answered, what was thought, and whether a thought has no end: then the answer never came."""

    answer: str
    turn: str  # the answer up to the end of the model's turn; one that goes on writes what others would say
    thoughts: str
    cut_off: bool


def parts(text: str) -> Parts:
    """The Parts of a text. Thoughts may lack their beginning, which some templates put into the prompt."""
    for beginning, end, as_beginning, as_end in _AS_WORDS:
        if beginning.match(text):
            text = beginning.sub(as_beginning, text).replace(end, as_end)
    if not _ANY.search(text):
        return Parts(text, text, "", False)
    found = itertools.islice(_THOUGHTS.finditer(text), _MOST_MARKS)
    answer, thoughts, cut_off = _divided(text, [mark for mark in found if _is_meant(mark)])
    return Parts(answer, _first_turn(answer), thoughts, cut_off)


def without_marks(text: str) -> str:
    """The text with a new line in place of each mark that is not in quotes."""

    def in_its_place(mark):
        if not _is_meant(mark) or (mark["opens"] and not _begins_line(mark, 0)):
            return mark[0]
        return "\n" if mark.start() else ""

    return _MARKS.sub(in_its_place, text)


def _divided(text, marks):
    """(answer, thoughts, whether a thought has no end) of a text with these marks of _THOUGHTS."""
    answer, thoughts, at = [], [], 0
    while True:
        opening = next((mark for mark in marks if mark.start() >= at and _opens(mark, at)), None)
        until = opening.start() if opening else len(text)
        ended, begun = _answer_between(marks, at, until)
        thoughts.append(text[at:ended])
        answer += [text[begun:until]] * (begun < until)
        if opening is None:
            return "\n".join(answer), "\n".join(thoughts), False
        closing = _closing(marks, opening)
        thoughts.append(text[opening.end() : closing.start() if closing else len(text)])
        if closing is None:
            return "\n".join(answer), "\n".join(thoughts), True
        at = closing.end()


def _answer_between(marks, at, until):
    """(where thoughts end, where the answer begins) in a stretch in which no thoughts begin."""
    here = [mark for mark in marks if at <= mark.start() < until]
    ends = [mark for mark in here if _role(mark)[0] == "close" and _role(mark)[1] in _ALONE]
    at, ended = (ends[-1].end(), ends[-1].start()) if ends else (at, at)
    answer = next((mark for mark in here if mark.start() >= at and _answers(mark, at)), None)
    return (answer.start(), answer.end()) if answer else (ended, at)


def _closing(marks, opening):
    """The mark that ends the thoughts which `opening` begins, or None.

    Of one kind, the last before thoughts begin anew, as a text may speak of its tags; else another, or the answer's.
    """
    after = marks[marks.index(opening) + 1 :]
    found, wanted = None, ["close", _role(opening)[1]]
    for mark in after:
        if found and _opens(mark, found.end()):
            break
        if _role(mark) == wanted and _name(mark) == _name(opening):
            found = mark
            if wanted[1] in _TOKENS:
                break
    answers = [mark for mark in after if _answers(mark, opening.end())]
    others = [mark for mark in after if _role(mark)[0] == "close" and _role(mark)[1] in _ALONE]
    return found or next(iter(answers), others[-1] if others else None)


def _first_turn(answer):
    begins = _NOTHING_ELSE.match(answer)
    begun = begins.end() if begins else 0
    for mark in itertools.islice(_TURN_ENDS.finditer(answer), _MOST_MARKS):
        if mark.start() > begun and _is_meant(mark) and not _may_be_code(mark):
            return answer[: mark.start()]
    return answer


def _may_be_code(mark):
    """Whether a mark of _TURN_ENDS may be of a program: `x[DONE]` where there is such a name, a line between fences."""
    before, word = mark.string[: mark.start()], mark["word"]
    if word and (word in before or before.rpartition("\n")[2].strip()):
        return word in before
    return _in_fence(before) and "```" in mark.string[mark.end() :]


def _role(mark):
    """[what a mark of thoughts does: open, close or answer; what family it is of]."""
    return mark.lastgroup.split("_")


def _name(mark):
    return mark[mark.lastgroup].lower() if mark.lastgroup.endswith("_tag") else None


def _opens(mark, at):
    """Whether a mark begins thoughts: a tag does at the beginning of a line, and not in a fence opened after `at`."""
    does, family = _role(mark)
    if does != "open" or family in _TOKENS:
        return does == "open"
    return _begins_line(mark, at) and not _in_fence(mark.string[at : mark.start()])


def _in_fence(before):
    """Whether a text ends in a fence that is not closed yet."""
    return "```" in before and len(re.findall(r"^\s*```", before, re.MULTILINE)) % 2 == 1


def _answers(mark, at):
    """Whether a mark begins the answer: a tag does at the beginning of a line."""
    does, family = _role(mark)
    return does == "answer" and (family in _TOKENS or _begins_line(mark, at))


def _begins_line(mark, at):
    """Whether nothing but other marks stands before a mark on its line, or behind `at`."""
    text, start = mark.string, mark.start()
    return bool(_NOTHING_ELSE.fullmatch(text[max(at, start - 200) : start].rpartition("\n")[2]))


def _is_meant(mark):
    """Whether a mark is one, and not spoken of: not between quotes, nor in a text that begins and ends in its line."""
    text, start, end = mark.string, mark.start(), mark.end()
    before = text[max(0, start - 200) : start].rpartition("\n")[2]
    after = text[end : end + 200].partition("\n")[0]
    if before[-1:] in ("'", '"') and after[:1] in ("'", '"'):
        return False
    before, after = before.replace("```", ""), after.replace("```", "")
    return not any(before.count(sign) % 2 and sign in after for sign in '`"')
