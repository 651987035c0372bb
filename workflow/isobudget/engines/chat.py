"""A model's own chat template around what a user says."""

from isobudget.engines.vllm import open_tokenizer
from isobudget.files.errors import StudyError
from isobudget.files.settings import Opening


def tokens(settings: Opening, turns: list[str]) -> list[list[int]]:
    """What the model reads for each single turn of a user, up to where its answer begins.

    Tokens rather than text: a template writes the beginning-of-text token itself, and an engine
    that is given text would put another one before it.

    Args:
        settings: weights, revision.
        turns: list of str.

    Returns:
        A list of lists of int.

    Raises:
        StudyError: no tokenizer, no chat template, or one that takes no user's turn. Nothing is loaded by then.
    """
    tokenizer = open_tokenizer(settings)
    weights = settings["weights"]
    if not tokenizer.chat_template:
        raise StudyError(
            f"{weights}: this model has no chat template, so models.*.chat cannot be true for it; "
            "set 'chat: false', or take the instruction-tuned weights."
        )
    from jinja2 import TemplateError

    try:
        texts = [
            tokenizer.apply_chat_template(
                [{"role": "user", "content": turn}], tokenize=False, add_generation_prompt=True
            )
            for turn in turns
        ]
    except (TemplateError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StudyError(
            f"{weights}: its chat template does not take a user's turn ({reason}); set 'chat: false' for this model."
        ) from None
    return [tokenizer(text, add_special_tokens=False).input_ids for text in texts]
