"""Where a server gave less than a study asked: what the metadata of samples keep of it, and the sentences that say it.

The stage says them of its block, and a study of all its blocks at its end.
"""

from collections.abc import Iterable
from typing import Any

from isobudget.engines import finish_reasons
from isobudget.engines.base import Completion
from isobudget.files.settings import Decoding

# What it means that a server does not take a key.
WITHOUT = {
    "n": "samples are asked one by one, and the prompt is paid for each",
    "logprobs": "nll:self leaves the model out",
    "seed": "asked again it would write other samples",
    "stop": "four stop sequences are sent and texts are cut here, after tokens that are paid for",
    "max_tokens": "max_completion_tokens is sent in its place",
    "temperature": "it samples at its own, as at the 1 of the study",
    "top_p": "it has its own, as the 1 of the study",
}
COUNTS = ("samples", "unscored", "several", "identical")
ADDED = "what it adds by itself stays"  # of what would only have switched something off


def of_block(completions: list[list[Completion]], decoding: Decoding) -> dict[str, int]:
    """What a block says of its own samples, beside endpoint.facts.

    Args:
        completions: a list a problem of Completions.
        decoding: temperature and the like.

    Returns:
        {"samples", "unscored", "several", "identical"}: their number, and that of those without a log-probability;
        the problems of which several were drawn at a temperature above 0, and those of which all are one text.
    """
    drawn = [one for row in completions for one in row]
    several = [row for row in completions if len(row) > 1 and decoding["temperature"] > 0]
    return {
        "samples": len(drawn),
        "unscored": sum(one.logprob is None for one in drawn),
        "several": len(several),
        "identical": sum(len({one.text for one in row}) == 1 for row in several),
    }


def of_model(notes: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The same of several blocks together: a dict as one block's metadata hold it, of the keys that matter here.

    Args:
        notes: the metadata of a model's samples files.
    """
    found: dict[str, Any] = {"url": "", "without": [], "switched_off": {}, "finish_reasons": {}}
    found |= {"asked_logprobs": False, **dict.fromkeys(COUNTS, 0)}
    for note in notes:
        found["url"] = note.get("url", found["url"])
        found["without"] = sorted({*found["without"], *note.get("without", ())})
        found["switched_off"] |= note.get("switched_off", {})
        found["asked_logprobs"] |= note.get("asked_logprobs", False)
        for reason, count in note.get("finish_reasons", {}).items():
            found["finish_reasons"][reason] = found["finish_reasons"].get(reason, 0) + count
        for key in COUNTS:
            found[key] += note.get(key, 0)
    return found


def sentences(model: str, note: dict[str, Any]) -> list[str]:
    """What a person should know of how a server drew samples, a list of str; empty where all was as asked.

    Args:
        model: its name in the study.
        note: the metadata of a block, or what `of_model` makes of several.
    """
    said, url = [], note.get("url", "its server")
    if without := note.get("without"):
        told = ", ".join(f"{key} ({WITHOUT.get(key, ADDED)})" for key in without)
        said.append(f"{model}: {url} does not take all that is asked, and requests went without {told}.")
    if note.get("unscored") and note.get("asked_logprobs"):
        said.append(
            f"{model}: {note['unscored']:,} of {note['samples']:,} samples came without log-probabilities, which "
            "nll:self goes by; 'logprobs: false' asks for none."
        )
    reasons = note.get("finish_reasons", {})
    if withheld := {word: count for word, count in reasons.items() if finish_reasons.is_withheld(word)}:
        said.append(
            f"{model}: a filter of the server cut {sum(withheld.values()):,} of {note['samples']:,} samples "
            f"({', '.join(sorted(withheld))}); they are judged as they are, and never chosen."
        )
    if unknown := {word: count for word, count in reasons.items() if not finish_reasons.is_known(word)}:
        said.append(
            f"{model}: {sum(unknown.values()):,} of {note['samples']:,} samples ended for a reason that is not known "
            f"here ({', '.join(sorted(unknown))}); they count as whole unless they have all tokens that they may have."
        )
    if 2 * note.get("identical", 0) > note.get("several", 0):
        said.append(
            f"{model}: {note['identical']:,} of the {note['several']:,} times that a job drew several samples of a "
            "problem they are one and the same text, though the temperature is above 0: many solve no more than one. "
            "Does the server, or a gateway before it, answer from a cache, or by a seed of its own?"
        )
    return said
