"""What may choose among a model's samples: rankers, one row each, and tests at hand; their names, and what each needs.

A ranker is called by its row's name, alone or with what stands behind a colon: `shortest`, `nll:MODEL`,
`agreement:examples`. For MODEL there may be `self`, the model whose samples are ranked. A source of tests at hand is
`examples`, `assert:NUMBER` or `written:MODEL`; they are the same for all models. docs/how-to/add-a-ranker.md adds a
ranker.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

AT_HAND = "at_hand:"  # before a source, the name of choosing by it
SELF, EXAMPLES = "self", "examples"
RESERVED = (SELF, EXAMPLES)  # names that no model may have


@dataclass(frozen=True)
class Ranker:
    """What one ranker is.

    Attributes:
        function: the dotted path of what scores, lower is better. Of plain rankers f(samples, unit) gives a score for
            each row of samples; where a model reads, f(logprob, tokens) gives that of one completion; where samples
            vote, f(answers, times) gives one sample's (score, what it has in common with those of its cluster).
        after: what may stand behind the colon beside the name of a model; None: nothing stands there, no colon either.
        reads: a model reads every sample; the likelihood that a model gives its own was kept when they were drawn.
        votes: samples vote by what they made of inputs.
        learns: it is made of the other rankers and of verdicts on other problems, for all blocks at once.
        lengths: it compares lengths: tokens, or characters where an engine does not count every sample's tokens.
        luck: it says nothing of a sample, so that nobody can learn from it.
        lacks: what a model lacks whose samples it cannot rank, for the report.
    """

    name: str
    function: str
    after: tuple[str, ...] | None = None
    reads: bool = False
    votes: bool = False
    learns: bool = False
    lengths: bool = False
    luck: bool = False
    lacks: str = ""


_LOGPROBS, _TESTS = "log-probabilities of its samples", "tests that it wrote"
_ROWS = (
    Ranker("nll", "isobudget.ranking.likelihood.mean_nll", after=(SELF,), reads=True, lacks=_LOGPROBS),
    Ranker("shortest", "isobudget.ranking.plain.shortest", lengths=True),
    Ranker("random", "isobudget.ranking.plain.random", luck=True),
    Ranker("combined", "isobudget.estimates.combined.combine", learns=True),
    Ranker("agreement", "isobudget.ranking.votes.agreement", after=(EXAMPLES, SELF), votes=True, lacks=_TESTS),
    Ranker("codet", "isobudget.ranking.votes.codet", after=(SELF,), votes=True, lacks=_TESTS),
    Ranker("codet-sqrt", "isobudget.ranking.votes.codet_sqrt", after=(SELF,), votes=True, lacks=_TESTS),
    Ranker("mbr-exec", "isobudget.ranking.votes.mbr_exec", after=(SELF,), votes=True, lacks=_TESTS),
)
RANKERS: Mapping[str, Ranker] = {row.name: row for row in _ROWS}
# what a page shows first of all rankings
FIRST = f"{_ROWS[0].name}:{SELF}"


def row(chooser: str) -> Ranker | None:
    """The row of a ranker by its whole name, or None of tests at hand and of what is no ranker."""
    return RANKERS.get(chooser.partition(":")[0])


def every(capability: str) -> list[str]:
    """The names of the rows that have a capability, such as `votes`."""
    return [each.name for each in _ROWS if getattr(each, capability)]


def learns(chooser: str) -> bool:
    """Whether a chooser needs labels, of other problems than those on which it chooses."""
    found = row(chooser)
    return found is not None and found.learns


def reads_with(chooser: str) -> str | None:
    """The model that this ranker has read every model's samples, by its name behind the colon; or None."""
    found, name = row(chooser), chooser.partition(":")[2]
    return name if found and found.reads and name != SELF else None


def reader(chooser: str, model: str) -> str | None:
    """The model that must read `model`'s samples for this chooser, or None.

    A model's likelihood of its own samples is kept by sampling.
    """
    name = reads_with(chooser)
    return name if name != model else None


def inputs_of(ranker: str, model: str) -> str | None:
    """Where a ranker that lets `model`'s samples vote has its inputs: examples, a model's name, or None."""
    found, source = row(ranker), ranker.partition(":")[2]
    return None if not (found and found.votes) else model if source == SELF else source


def author(source: str) -> str | None:
    """The model that writes this source of tests at hand, or None."""
    kind, _, name = source.partition(":")
    return name if kind == "written" else None


def cases_of(source: str) -> str | None:
    """Whose cases a source of tests at hand consists of: `examples`, a model's name, or None: asserts of the judge."""
    return source if source == EXAMPLES else author(source)


def writer(chooser: str, model: str) -> str | None:
    """The model whose tests this chooser needs for `model`'s samples, or None."""
    if chooser.startswith(AT_HAND):
        return author(chooser.removeprefix(AT_HAND))
    source = inputs_of(chooser, model)
    return None if source == EXAMPLES else source


def every_reader(rankers: Iterable[str], models: Iterable[str]) -> list[str]:
    """The rankers with `nll:*` and the like written out, for each of these models that the list does not name yet."""
    found = list(rankers)
    for kind in every("reads"):
        if f"{kind}:*" in found:
            at = found.index(f"{kind}:*")
            found[at : at + 1] = [f"{kind}:{name}" for name in models if f"{kind}:{name}" not in found]
    return found


def why_not(ranker: str, models: Mapping) -> str | None:
    """Why a study of these models has no such ranker, in words, or None.

    Args:
        ranker: its name.
        models: {name: models.Model}.
    """
    found, (kind, colon, name) = row(ranker), ranker.partition(":")
    if found is None or (found.after is None and colon):
        plain = [each.name for each in _ROWS if each.after is None]
        given = [f"{each.name}:{EXAMPLES}" for each in _ROWS if EXAMPLES in (each.after or ())]
        others = either([each.name for each in _ROWS if each.after is not None])
        return f"there is no ranker {ranker!r}; use {', '.join([*plain, *given])}, or {others} with :self or :MODEL"
    if found.after is None or name in found.after:
        return None
    if name not in models:
        if found.votes:
            allowed = either([*found.after, *models])
            return f"{ranker!r} names nobody who writes its tests; after '{kind}:' comes {allowed}"
        return f"{ranker!r} names no model of this study; after '{kind}:' comes self, {either(models)}"
    if found.votes:
        return no_writer(ranker, name, models)
    if not models[name].row.reads:
        return f"{ranker!r} needs a model that reads, and {name} {_is(models[name])}; leave the ranker out"
    for other, settings in models.items():
        if settings.chat and other != name:
            return f"{ranker!r} would have to read the chat answers of {other}, which is not built yet; leave it out"
    return None


def no_writer(chooser: str, name: str, models: Mapping) -> str | None:
    """Why this model of a study writes no tests, in words, or None."""
    if models[name].row.writes_tests:
        return None
    yet = "" if models[name].row.collects else ", not yet asked for any"
    return f"{chooser!r} needs a model that writes tests, and {name} {_is(models[name])}{yet}"


def _is(settings) -> str:
    row = settings.row
    return "is imported" if row.collects else "is behind a server" if row.asks else f"is of engine {row.name}"


def can_rank(ranker: str, model: str, models: Mapping) -> bool:
    """Whether a ranker of the study can score this model's samples.

    An import has no log-probabilities of its own, nor have some servers' answers; recordings/ hold the scores of
    recorded samples alone.
    """
    found, chosen, scorer = row(ranker), models[model], reader(ranker, model)
    if found is None:
        return False
    if scorer is not None:
        return chosen.row.replays or models[scorer].row.reading is not None
    if found.votes:
        return not ranker.endswith(f":{SELF}") or chosen.row.writes_tests
    if not found.reads:
        return True
    return chosen.logprobs if chosen.row.keeps_logprobs is None else chosen.row.keeps_logprobs


def either(names: Iterable[str]) -> str:
    """`a, b or c`."""
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
