"""Why a server ended a text, whatever word its gateway has for it.

| what happened | words | a sample that ended so |
| --- | --- | --- |
| the model ended, or met a stop sequence, or called a tool that nobody offered | WHOLE, null, any other | is whole |
| the token limit, or the context's | CUT | is cut: paid for and judged, never chosen |
| a filter of the server withheld the rest | WITHHELD | the same: what is there is not all that the model wrote |
| the server gave up | BROKEN | is none, and is asked for again |

A word that stands nowhere here counts as whole unless the number of tokens says otherwise (engines.endpoint), and a
study says that it came.
"""

import re
from typing import Any

# As `_plain` writes them: in small letters, and letters alone.
WHOLE = {"stop", "stopsequence", "stoptoken", "stopword", "eos", "eostoken", "endtoken", "endoftext", "endofturn"}
WHOLE |= {"endturn", "end", "complete", "completed", "finish", "finished", "done", "normal", "success", "pauseturn"}
WHOLE |= {"none", "null"}
WHOLE |= {"toolcall", "toolcalls", "tooluse", "functioncall", "malformedfunctioncall", "unexpectedtoolcall"}
CUT = {"length", "maxlength", "modellength", "outputlength", "lengthlimit", "lengthcapped", "contextlength"}
CUT |= {"maxtoken", "maxtokens", "maxnewtokens", "maxoutputtokens", "maxcompletiontokens", "maxtokensreached"}
CUT |= {"tokenlimit", "tokenlimitreached", "tokenlimitexceeded", "outputlimit", "limit", "truncated", "incomplete"}
CUT |= {"contextlengthexceeded", "contextwindowexceeded", "modelcontextwindowexceeded", "errorlimit"}
WITHHELD = {"contentfilter", "contentfiltered", "filtered", "safety", "recitation", "blocklist", "prohibitedcontent"}
WITHHELD |= {"spii", "language", "refusal", "guardrailintervened", "guardrail", "moderation", "sensitive", "errortoxic"}
# how they begin
BROKEN = (
    *("abort", "cancel", "usercancel", "error", "fail", "insufficient", "timeout", "timelimit", "notfinished"),
    *("interrupt", "disconnect", "overload", "ratelimit", "servererror", "internal", "unavailable"),
)


def broke_off(reason: Any) -> bool:
    """Whether the server gave up."""
    word = _plain(reason)
    return word.startswith(BROKEN) and not (word in CUT or word in WITHHELD)


def is_cut(reason: Any) -> bool:
    """Whether the text is not all that the model would have written, or wrote."""
    return _plain(reason) in CUT or is_withheld(reason)


def is_withheld(reason: Any) -> bool:
    """Whether a filter of the server took the rest."""
    return _plain(reason) in WITHHELD


def is_known(reason: Any) -> bool:
    """Whether the table above holds the word."""
    return _plain(reason) in WHOLE or is_cut(reason) or broke_off(reason)


def word(reason: Any) -> str:
    """A finish reason as a text: some servers give an object, {"type": ...}, and a null is "none"."""
    if isinstance(reason, dict):
        reason = reason.get("type")
    return "none" if reason is None else str(reason)


def _plain(reason):
    """`FinishReason.MAX_TOKENS`, `finish_reason_max_tokens` and `max-tokens` are one word."""
    return re.sub("[^a-z]", "", word(reason).lower()).removeprefix("finishreason")
