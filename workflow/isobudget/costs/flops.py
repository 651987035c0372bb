"""FLOPs of a forward pass, counted from a model's own config.json."""

from collections.abc import Mapping
from typing import Any

from isobudget.costs.facts import Beside, Facts, Price
from isobudget.files.errors import StudyError

TOKENS_A_PASS = 128  # the paper's unit: one forward pass over 128 tokens is a generation

# The same dimension under the names that older architectures gave it.
NAMES = {
    "hidden_size": ("hidden_size", "n_embd", "d_model"),
    "num_hidden_layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "num_attention_heads": ("num_attention_heads", "n_head", "n_heads", "num_heads"),
    "intermediate_size": ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size"),
    "vocab_size": ("vocab_size",),
}
# An MLP of two matrices instead of the three of SwiGLU and its kin; nothing in a config.json says so but its type.
UNGATED = {"bloom", "codegen", "falcon", "gpt2", "gpt_bigcode", "gpt_neo", "gpt_neox", "gptj", "mpt", "nemotron", "opt"}
UNGATED |= {"persimmon", "phi", "starcoder2"}
# Those of them that leave the size of the MLP out where it is four times the hidden size.
FOUR_TIMES = {"bloom", "codegen", "falcon", "gpt2", "gpt_bigcode", "gpt_neo", "gptj", "mpt"}
# Layers that are not the plain decoder counted here; counting them as such would be wrong without a word.
NOT_COUNTED = ("num_local_experts", "num_experts", "n_routed_experts", "kv_lora_rank", "is_encoder_decoder")


def price(facts: Facts) -> Price:
    """One forward pass over 128 tokens a generation, one of tests included; StudyError as `shape`.

    Beside it the same over the tokens that a generation really read and wrote, attention included.
    """
    config, source = facts.config, facts.source
    generation = forward_flops(config, TOKENS_A_PASS, source)
    mlp = "gated" if shape(config, source)["matrices"] == 3 else "plain"
    return Price(
        f"Products with the weights in one forward pass over {TOKENS_A_PASS} tokens, from config.json ({mlp} MLP).",
        generation=generation,
        written=facts.written and facts.written.completions * generation,
        beside=(_read_written(facts),) if facts.tokens else (),
    )


def _read_written(facts: Facts) -> Beside:
    tokens = sum(facts.tokens)
    flops = forward_flops(facts.config, tokens, facts.source) + attention_flops(facts.config, tokens, facts.source)
    how = (
        f"A forward pass over the {tokens:.1f} tokens that a generation read and wrote on average in the calibrations, "
        "attention over the context included."
    )
    return Beside("flops_read_written", flops, flops, how)


def shape(config: Mapping[str, Any], source: str = "config.json") -> dict[str, int]:
    """Read the dimensions of a decoder from the dict of its config.json.

    Covers decoder-only models with full, grouped or multi-query attention, a gated or plain MLP,
    a tied or untied head, and a head size that is given or follows from the hidden size.

    Args:
        config: the dict, with the names of Hugging Face transformers.
        source: what error messages call the file.

    Returns:
        A dict of ints: hidden, layers, heads, kv_heads, head (size of one), inner, matrices (2 or 3
        of the MLP), vocabulary.

    Raises:
        StudyError: a key is missing or no positive integer, or the model is no plain dense decoder.
    """
    for key in NOT_COUNTED:
        if config.get(key):
            raise StudyError(
                f"{source}: {key} is {config[key]!r}; FLOPs are counted for dense decoder-only models, so leave "
                "the model's config.json out and compare it by seconds or US dollars."
            )
    hidden = _dimension(config, "hidden_size", source)
    heads = _dimension(config, "num_attention_heads", source)
    kv_heads = config.get("num_key_value_heads", config.get("num_kv_heads"))
    if kv_heads is None:
        kv_heads = 1 if config.get("multi_query") else heads
    head = config.get("head_dim")
    if head is None:
        if hidden % heads:
            raise StudyError(
                f"{source}: hidden_size {hidden} is no multiple of num_attention_heads {heads}; add head_dim."
            )
        head = hidden // heads
    kind = config.get("model_type")
    default_inner = 4 * hidden if kind in FOUR_TIMES else None
    return {
        "hidden": hidden,
        "layers": _dimension(config, "num_hidden_layers", source),
        "heads": heads,
        "kv_heads": _positive(kv_heads, "num_key_value_heads", source),
        "head": _positive(head, "head_dim", source),
        "inner": _dimension(config, "intermediate_size", source, default_inner),
        "matrices": 2 if kind in UNGATED else 3,
        "vocabulary": _dimension(config, "vocab_size", source),
    }


def forward_flops(config: Mapping[str, Any], tokens: float, source: str = "config.json") -> float:
    """FLOPs of one forward pass over `tokens` tokens: the products with the model's weights.

        2 * tokens * (layers * hidden * (2 * head * (heads + kv_heads) + matrices * inner) + hidden * vocabulary)

    a multiplication and an addition for each weight of the query, key, value, output and MLP projections and of the
    head; the embedding is a look-up and costs none. This is what calflops 0.3.2, the paper's tool, counts where
    attention runs as one fused kernel (transformers' default), but for its one FLOP an activation (0.003 %):
    it sees `linear` and not `scaled_dot_product_attention`. For Code Llama 7B/13B/34B/70B and 128 tokens: 1.691,
    3.290, 8.571 and 17.591 TFLOPs, where the paper's table says 1.69, 3.29, 8.58 and 17.60.
    Attention's own products would add 0.3 % at this length; `attention_flops` counts them.

    Args:
        config: the dict of the model's config.json.
        tokens: how many; a mean may be fractional.
        source: what error messages call the file.

    Returns:
        FLOPs, an int where tokens is one.

    Raises:
        StudyError: as `shape`.
    """
    s = shape(config, source)
    attention = 2 * s["hidden"] * s["head"] * (s["heads"] + s["kv_heads"])
    layer = attention + s["matrices"] * s["hidden"] * s["inner"]
    return 2 * tokens * (s["layers"] * layer + s["hidden"] * s["vocabulary"])


def attention_flops(config: Mapping[str, Any], tokens: float, source: str = "config.json") -> float:
    """FLOPs of attention itself when each of `tokens` tokens looks at all up to itself.

        4 * layers * heads * head * tokens * (tokens + 1) / 2

    two products, of queries with keys and of probabilities with values, each of 2 * head FLOPs a head and a pair of
    tokens. Grouped heads share keys but not the products. Sliding windows are counted as if they held the whole text.

    Args, Raises: as `forward_flops`. Returns FLOPs.
    """
    s = shape(config, source)
    return 2 * s["layers"] * s["heads"] * s["head"] * tokens * (tokens + 1)


def _dimension(config: Mapping[str, Any], name: str, source: str, default: int | None = None) -> int:
    for key in NAMES[name]:
        if config.get(key) is not None:
            return _positive(config[key], key, source)
    if default is not None:
        return default
    raise StudyError(f"{source}: the key {name} is missing; FLOPs need the model's own config.json, unabridged.")


def _positive(value: Any, key: str, source: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise StudyError(f"{source}: {key} should be a positive integer, not {value!r}.")
    return value
