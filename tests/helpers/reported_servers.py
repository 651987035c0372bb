"""How reported servers answer: what they refuse, how they end a text, what they leave out of an answer."""

from helpers.answering import answer, choice

BOTH = (
    "'max_tokens' or 'max_completion_tokens' is too large: 450. This model's maximum context length is 610 tokens and "
)
BOTH += "your request has 300 input tokens (450 > 610 - 300)."

SOLVED = "    whole = int(number)\n    return number - whole\n"


def said(message, status=400, **more):
    """A refusal in OpenAI's form."""
    return status, {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None} | more}


def tokens(*texts):
    return {"tokens": list(texts), "token_logprobs": [-1.0] * len(texts)}


def vllm_of_two_names(body, number, window=610):
    """As vLLM 0.8.5 to 0.15: /completions knows max_tokens alone, 16 where it is left out; one message names both."""
    most = body.get("max_tokens", 16)
    if len(body["prompt"]) // 3 + most > window:
        return said(BOTH, type="BadRequestError")
    return 200, {"choices": [choice("x" * min(most, 20), finish="length" if most < 20 else "stop")]}


def reasoning(body, number, no_logprobs=None):
    """As OpenAI's reasoning models answer chat: temperature 1 alone, no top_p, no logprobs, max_completion_tokens."""
    for key in ("top_k", "min_p", "repetition_penalty", "repeat_penalty"):
        if key in body:
            return said(f"Unrecognized request argument supplied: {key}")
    if "max_tokens" in body:
        words = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        return said(words, param="max_tokens", code="unsupported_parameter")
    if "logprobs" in body:
        return no_logprobs or said("You are not allowed to request logprobs from this model", 403)
    if body.get("temperature", 1) != 1:
        words = f"Unsupported value: 'temperature' does not support {body['temperature']} with this model. "
        return said(words + "Only the default (1) value is supported.", param="temperature", code="unsupported_value")
    if "top_p" in body:
        words = "Unsupported parameter: 'top_p' is not supported with this model."
        return said(words, param="top_p", code="unsupported_parameter")
    return answer(body)


def claude(body, number):
    """As newer models of Anthropic answer there: one choice, temperature or top_p, what it does not know is ignored."""
    if body.get("n", 1) > 1:
        return said("n: must be 1")
    if "temperature" in body and "top_p" in body:
        return said("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    return answer(body | {"logprobs": None})


def tgi(body, number):
    """As text-generation-inference answers /v1/completions: top_p is below 1, and one choice at a time."""
    if not 0 < body.get("top_p", 0.5) < 1:
        return 422, {"error": "Input validation error: `top_p` must be > 0.0 and < 1.0", "error_type": "validation"}
    return answer({key: value for key, value in body.items() if key != "n"})


def numbered(body, text="    return {}\n", logprobs=False):
    """An answer of texts that differ, by their seeds."""
    status, found = answer(body)
    for place, said in enumerate(found["choices"]):
        written = text.format(body.get("seed", 0) + place)
        if "messages" in body:
            said["message"]["content"] = f"```python\ndef f():\n{written}```\n"
        else:
            said["text"] = written
        said["logprobs"] = tokens(*written.splitlines(keepends=True)) if logprobs else None
    return status, found


def in_words(body, number):
    """Even samples are cut short, and end with the model's name as the word for it; odd ones are whole, and right."""
    status, found = answer(body)
    for said in found["choices"]:
        cut = said["index"] % 2 == 0
        text = "def truncate_number(n):\n    return" if cut else f"def truncate_number(number):\n{SOLVED}"
        said["message"] = {"role": "assistant", "content": f"```python\n{text}" + "```\n" * (not cut)}
        said["finish_reason"] = body["model"] if cut else "stop"
    return status, found


def of_reasoning(body, number):
    status, found = reasoning(body, number)
    return numbered(body) if status == 200 else (status, found)


def of_tgi(body, number):
    status, found = tgi(body, number)
    body = {key: value for key, value in body.items() if key != "n"}
    return numbered(body, logprobs=True) if status == 200 else (status, found)
