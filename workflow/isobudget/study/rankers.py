"""What may choose among a model's samples: rankers, and tests at hand. Their names, and what each needs.

A ranker is `shortest`, `random`, `combined`, `nll:MODEL`, or one that lets the samples vote, `KIND:SOURCE`, with inputs
from `examples` or the tests of MODEL. A source of tests at hand is `examples`, `assert:NUMBER` or `written:MODEL`. For
rankers MODEL may be `self`, the model whose samples are ranked; tests at hand are the same for all models.
"""

# Rankers that let the samples vote, and what they may take their inputs from beside the tests of a model.
CONSENSUS = {"agreement": ("examples",), "codet": (), "codet-sqrt": (), "mbr-exec": ()}
PLAIN = ("nll:self", "shortest", "random", "combined")
WRITERS = ("vllm", "recorded")  # engines that are asked for tests
AT_HAND = "at_hand:"  # before a source, the name of choosing by it


def reader(chooser, model):
    """The model that must read `model`'s samples for this chooser, or None.

    A model's likelihood of its own samples is kept by sampling.
    """
    kind, _, name = chooser.partition(":")
    return name if kind == "nll" and name not in ("self", model) else None


def inputs_of(ranker, model):
    """Where a ranker that lets `model`'s samples vote has its inputs: examples, a model's name, or None."""
    kind, _, source = ranker.partition(":")
    return None if kind not in CONSENSUS else model if source == "self" else source


def author(source):
    """The model that writes this source of tests at hand, or None."""
    kind, _, name = source.partition(":")
    return name if kind == "written" else None


def writer(chooser, model):
    """The model whose tests this chooser needs for `model`'s samples, or None."""
    if chooser.startswith(AT_HAND):
        return author(chooser.removeprefix(AT_HAND))
    source = inputs_of(chooser, model)
    return None if source == "examples" else source


def why_not(ranker, models):
    """Why a study of these models has no such ranker, in words, or None.

    Args:
        ranker: its name.
        models: {name: config.Model}.
    """
    kind, _, name = ranker.partition(":")
    if ranker in PLAIN:
        return None
    if kind in CONSENSUS:
        if name in CONSENSUS[kind] or name == "self":
            return None
        if name not in models:
            allowed = either([*CONSENSUS[kind], "self", *models])
            return f"{ranker!r} names nobody who writes its tests; after '{kind}:' comes {allowed}"
        return no_writer(ranker, name, models)
    if kind != "nll":
        return (
            f"there is no ranker {ranker!r}; use shortest, random, combined, agreement:examples, or "
            f"{either(['nll', *CONSENSUS])} with :self or :MODEL"
        )
    if name not in models:
        return f"{ranker!r} names no model of this study; after 'nll:' comes self, {either(models)}"
    if models[name].engine == "import":
        return f"{ranker!r} needs a model that reads, and {name} is imported; leave the ranker out"
    for other, settings in models.items():
        if settings.chat and other != name:
            return f"{ranker!r} would have to read the chat answers of {other}, which is not built yet; leave it out"
    return None


def no_writer(chooser, name, models):
    """Why this model of a study writes no tests, in words, or None."""
    if models[name].engine in WRITERS:
        return None
    lacks = "is imported" if models[name].engine == "import" else "is behind a server, not yet asked for any"
    return f"{chooser!r} needs a model that writes tests, and {name} {lacks}"


def can_rank(ranker, model, models):
    """Whether a ranker of the study can score this model's samples.

    An import has no log-probabilities of its own, nor have some servers' answers; recordings/ hold the scores of
    recorded samples alone.
    """
    chosen, scorer = models[model], reader(ranker, model)
    if scorer is not None:
        return chosen.engine == "recorded" or models[scorer].engine not in ("import", "recorded")
    kind, _, source = ranker.partition(":")
    if kind in CONSENSUS:
        return source != "self" or chosen.engine in WRITERS
    if kind != "nll":
        return True
    return chosen.logprobs if chosen.engine == "endpoint" else chosen.engine != "import"


def either(names):
    """`a, b or c`."""
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
