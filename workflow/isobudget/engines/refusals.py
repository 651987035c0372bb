"""What of a request a server does not take, read from the words in which it refuses.

Only a refusal that says of a key that it is not taken counts. A complaint about a length or about a value may name the
same keys, and to leave one out then would change what is asked of every later prompt.
"""

import json
import re
from typing import Any

FEW_STOPS = 4  # what the servers that count stop sequences take

# What may be left out of a request without changing what a completion is: the rest is asked one by one, cut here, or
# was only there to switch off what some servers add.
OPTIONAL = ("n", "logprobs", "seed", "stop", "max_tokens", "top_k", "min_p", "repetition_penalty", "repeat_penalty")
DEFAULTS = {"temperature": 1, "top_p": 1}  # these too where they have the API's own value
RENAMED = {"max_tokens": "max_completion_tokens"}

_NOT = r"(?:\bnot|n['’]t|\bno longer|\bnever|\bcannot)\b(?:\W+\w+){0,3}?\W+"
_REFUSAL = re.compile(
    r"unsupported|unrecogni[sz]ed|unknown|unexpected|\bextra[ _](?:inputs?|fields?|forbidden)|additional propert|"
    r"cannot find field|no such|\binvalid (?:param|arg|field|key|option)|deprecated|remove the|"
    rf"{_NOT}(?:support|allow|permit|accept|availab|enabl|recogni[sz]|implement|compatible|"
    r"valid (?:param|arg|field|key)|be (?:used|set|specified|sent|passed|given|present|provided))|"
    r"\bmust be (?:omitted|removed|unset|absent|left out|null|none)",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"\btoo (?:large|long|many|high|big|small|low|short)|exceed|maximum|minimum|\bat (?:least|most)\b|\brange\b|"
    r"\b(?:less|greater|more|fewer|larger|smaller|higher|lower|longer|shorter) than|\bbetween\b|(?<!-)[<>≤≥]|"
    r"\bmust\b(?! (?:not\b|be (?:omitted|removed|unset|absent|left out|null|none)))|\bshould\b(?! not\b)|\bexpected\b|"
    r"(?:unsupported|invalid|illegal|wrong) values?|\bonly the default|\bset to\b|\bup to\b|\blimit(?:ed)? (?:of|to)\b|"
    r"\b(?:support|allow|accept)\w* (?:values?\b|['\"`]?(?:\w+\s*[=:]\s*)?-?\d)|"
    r"\breduce\b|\bshorten\b|\bsmaller\b|\blower (?:it|the|your)\b|\bcontext (?:length|window|size)",
    re.IGNORECASE,
)
_COUNT = re.compile(rf"{_REFUSAL.pattern}|{_VALUE.pattern}|\bonly\b|\bnumber of\b|\bmultiple\b", re.IGNORECASE)
_NAMES = {
    "n": r"['\"`]n['\"`]|\bn ?[=>]|\bn:|> n\b|\bn (?:must|is|should|may|can|cannot|greater|larger|above|values?)\b|"
    r"\b(?:one|single|multiple|several) (?:completion )?(?:choices?|completions?)\b",
    "stop": r"\bstop(?:_sequences?| sequences?| strings?| words?|s)?\b",
}
_INSTEAD = r"\binstead\b|in favou?r of|\breplaced\b|\brenamed\b"
_TURN_TO = r"\b(?:use|set|specify|provide|pass|send|switch to)\b"
# an error of pydantic's, as JSON or as Python prints it; what stood in the request follows and is no part of it
_VALIDATED = re.compile(
    r"""['"]type['"]: ?['"]([^'"]*)['"], ?['"]loc['"]: ?([\[(][^\])]*(?:\[[^\]]*\][^\])]*)*[\])]|['"][^'"]*['"]), ?"""
    r"""['"]msg['"]: ?['"](.*?)['"] ?[,}]"""
)
_CODES = ("unsupported_parameter", "unknown_parameter", "unrecognized_parameter", "parameter_not_supported")


def refused_key(found: Any, text: str, sent: dict[str, Any]) -> str | None:
    """The key of a request that a refusal says is not taken, and that may be left out or renamed; or None.

    Args:
        found: the answer's JSON value, or None where it is no JSON.
        text: the answer's text.
        sent: the body of the request.
    """
    error = found.get("error", found) if isinstance(found, dict) else found
    error = error if isinstance(error, dict) else {"message": error} if isinstance(error, str) else {}
    message = (
        next((m for key in ("message", "detail", "details", "msg") if (m := error.get(key))), None) or error or text
    )
    said = statements(message)
    keys = [key for key in sent if _may_go(key, sent)]
    param = error.get("param")
    if isinstance(param, str) and re.fullmatch(r"[\w.]+", param):
        key = next((part for part in param.split(".") if part in keys), None)
        if key is None:
            return None
        whole = [f"{key}: {statement}" for statement in said]
        if error.get("code") in _CODES and key not in RENAMED:
            return key
        return key if _refuses(key, whole, whole) else None
    for statement in said:
        named = sorted((place.start(), key) for key in keys if (place := re.search(_name(key), statement, re.I)))
        for _, key in named:
            if _refuses(key, [statement], said):
                return key
    return None


def statements(message: Any) -> list[str]:
    """What a message consists of, a list of str: its sentences, or what each failed check says of which key."""
    text = message if isinstance(message, str) else json.dumps(message)
    checks = [f"{loc} {kind}: {msg}" for kind, loc, msg in _VALIDATED.findall(text)]
    if checks:
        return checks
    if not isinstance(message, str):  # entries without a type
        entries = message if isinstance(message, list) else [message]
        told = [e for e in entries if isinstance(e, dict) and ("loc" in e or "msg" in e)]
        if told:
            return [f"{json.dumps(e.get('loc'))}: {e.get('msg')}" for e in told]
    joined = re.sub(r"\n\s+", " ", text)  # indented lines go on
    return [one for one in re.split(r"(?<=[.;!?])\s+|\n", joined) if one.strip()]


def names(key: str, text: str) -> bool:
    """Whether a text names a key of a request."""
    return re.search(_name(key), text, re.IGNORECASE) is not None


def _name(key):
    return _NAMES.get(key, rf"\b{key}\b")


def _may_go(key, sent):
    if key == "stop":
        return len(sent[key]) > FEW_STOPS
    return key in OPTIONAL or (key in DEFAULTS and sent[key] == DEFAULTS[key])


def _refuses(key, about, said):
    """Whether statements about a key say that it is not taken; `said` is all that the refusal says."""
    if key in RENAMED:
        return any(_renames(key, RENAMED[key], statement, said) for statement in said)
    if key == "n":  # how many choices at once is nobody's concern but ours: any complaint about it will do
        return any(_COUNT.search(one) and not re.search(r"\btokens?\b|\bcontext\b", one, re.I) for one in about)
    if key == "stop":
        return any(_COUNT.search(one) for one in about)
    return any(_REFUSAL.search(one) and not _VALUE.search(one) for one in about)


def _renames(key, other, statement, said):
    """Whether a statement says to use the other name in place of this one."""
    if not names(other, statement) or _VALUE.search(statement):
        return False
    if re.search(_INSTEAD, statement, re.IGNORECASE):
        return True
    refused = any(names(key, one) and _REFUSAL.search(one) and not _VALUE.search(one) for one in said)
    return refused and re.search(_TURN_TO, statement, re.IGNORECASE) is not None
