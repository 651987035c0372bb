"""US dollars: tokens at the prices of the config."""

from isobudget.costs.facts import Facts, Price


def price(facts: Facts) -> Price:
    """The tokens of a generation in the calibration runs, and those of written tests, at the model's prices."""
    prompt, completion = facts.price["prompt"], facts.price["completion"]

    def dollars(tokens, completions=1):
        return completions * (tokens.prompt * prompt + tokens.completion * completion) / 1e6

    return Price(
        f"{facts.tokens.prompt:.1f} prompt and {facts.tokens.completion:.1f} completion tokens a generation at "
        f"{prompt:g} and {completion:g} US dollars a million.",
        generation=dollars(facts.tokens),
        scoring=sum(facts.tokens) * prompt / 1e6,  # a scored completion is read, not written
        written=facts.written and dollars(facts.written.tokens, facts.written.completions),
    )
