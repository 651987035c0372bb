"""Top-p sampling without sorting the vocabulary.

vLLM's CPU sampler sorts all logits of every sequence at every step, which takes as long as
the model itself when the model is small. The nucleus nearly always lies within the few
hundred likeliest tokens: take those, and sort a row whole only when they do not hold
enough mass. The distribution is the same: the smallest set of likeliest tokens whose mass
reaches p (Holtzman et al., 2020).
"""

import torch
from vllm.v1.sample.logits_processor import LogitsProcessor

LIKELIEST = 256


def keep_nucleus(logits: torch.Tensor, top_p: float, likeliest: int = LIKELIEST) -> torch.Tensor:
    """The logits with everything outside the nucleus at -inf.

    Args:
        logits: float tensor (sequences, vocabulary), temperature already applied.
        top_p: the mass, in (0, 1].
        likeliest: how many tokens are looked at before a row is sorted whole.

    Returns:
        A new tensor of the same shape.
    """
    total = torch.logsumexp(logits, dim=-1, keepdim=True)
    kept = torch.full_like(logits, -float("inf"))
    values, tokens = logits.topk(min(likeliest, logits.shape[-1]), dim=-1)
    reached = _scatter(kept, values, tokens, total, top_p)
    if values.shape[-1] < logits.shape[-1]:
        for row in torch.nonzero(reached < top_p).flatten().tolist():
            values, tokens = logits[row : row + 1].sort(descending=True)
            _scatter(kept[row : row + 1], values, tokens, total[row : row + 1], top_p)
    return kept


def _scatter(kept, values, tokens, total, top_p):
    mass = (values - total).exp_()
    cumulative = mass.cumsum(dim=-1)
    values.masked_fill_(cumulative - mass >= top_p, -float("inf"))
    kept.scatter_(-1, tokens, values)
    return cumulative[:, -1]


def nucleus(top_p: float) -> type[LogitsProcessor]:
    """A vLLM logits processor class that applies `keep_nucleus` to every sequence."""

    class Nucleus(LogitsProcessor):
        def __init__(self, vllm_config, device, is_pin_memory):
            pass

        def is_argmax_invariant(self):
            # so vLLM calls it after the temperature, where top-p belongs
            return True

        def update_state(self, batch_update):
            pass

        def apply(self, logits):
            return keep_nucleus(logits, top_p)

    return Nucleus
