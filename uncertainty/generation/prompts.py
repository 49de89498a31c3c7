"""What the model reads: a prompt as token ids, through the chat template or plain."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard, cast

import torch
from torch import Tensor

from .chat_templates import unread_variables
from .tokens import text_token_ids

# A question, or a conversation of {"role": ..., "content": ...} messages.
Prompt = str | list[dict[str, str]]

# Variables of a chat template that `prompt_token_ids` sets itself.
OWN_TEMPLATE_OPTIONS = {
    "add_generation_prompt",
    "continue_final_message",
    "conversation",
    "messages",
    "return_dict",
    "tokenize",
}
# Arguments of `apply_chat_template` that are variables of the template, too.
TEMPLATE_ARGUMENTS = {"documents", "tools"}


def is_batch(prompt: Prompt | Sequence[Prompt]) -> TypeGuard[Sequence[Prompt]]:
    """Return whether this is a list of prompts, rather than one string or one conversation.

    Raises:
        ValueError: a single message, which is no conversation.
    """
    if isinstance(prompt, dict):
        raise ValueError(
            "one message is no conversation: put it in a list, [{'role': 'user', 'content': ...}]."
        )
    if isinstance(prompt, str):
        return False
    is_conversation = len(prompt) > 0 and isinstance(prompt[0], dict)
    return not is_conversation


def prompt_list(prompt: Prompt | Sequence[Prompt]) -> list[Prompt]:
    """Return the prompts of a batch as a list, and one prompt as a list of one."""
    if is_batch(prompt):
        return list(prompt)
    return [cast(Prompt, prompt)]


def require_prompt_list(prompts) -> None:
    """Raise ValueError unless this is a list of prompts that is not empty.

    One string would otherwise be cut into characters.
    """
    if not is_batch(prompts) or not len(prompts):
        raise ValueError(f"need a list of prompts, [prompt, ...], got {prompts!r}.")


def prompt_token_ids(
    tokenizer,
    prompt: Prompt,
    *,
    chat: bool = True,
    template_options: Mapping[str, Any] | None = None,
) -> Tensor:
    """Return the token ids that the model reads, ``(tokens,)``.

    With ``chat`` the prompt goes through the chat template, which writes its own
    beginning-of-sequence token. A conversation that ends with an assistant message is left open, so
    that the model continues that reply. Without ``chat`` the text is read as `text_token_ids` does:
    with one beginning-of-sequence token where the tokenizer adds it, also where the text, from a
    template perhaps, has it already.

    Args:
        chat: whether to use the tokenizer's chat template; ``False`` reads the text as it is.
        template_options: values for variables of the chat template, such as
            ``{"enable_thinking": False}``.

    Raises:
        ValueError: an empty prompt, messages or template options with ``chat=False``, a tokenizer
            without a chat template, an option that this function sets itself, an argument of
            ``apply_chat_template`` such as ``truncation``, or a variable that the template does
            not read.
    """
    if not prompt:
        raise ValueError(f"the prompt is empty: {prompt!r}.")
    if not chat:
        return _plain_token_ids(tokenizer, prompt, template_options)
    if not tokenizer.chat_template:
        name = tokenizer.name_or_path or "this tokenizer"
        raise ValueError(f"{name} has no chat template (a base model?): pass chat=False.")
    options = dict(template_options or {})
    _check_template_options(tokenizer, options)
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    is_open_reply = messages[-1]["role"] == "assistant"
    templated = tokenizer.apply_chat_template(
        messages,
        add_generation_prompt=not is_open_reply,
        continue_final_message=is_open_reply,
        tokenize=True,
        return_dict=True,
        **options,
    )
    return torch.tensor(templated["input_ids"])


def stop_token_ids(model, tokenizer) -> set[int]:
    """Return every token id that ends an answer: the generation config's and the tokenizer's."""
    configured = model.generation_config.eos_token_id
    if not isinstance(configured, (list, tuple)):
        configured = [configured]
    return {int(token) for token in [*configured, tokenizer.eos_token_id] if token is not None}


def padding_id(model, tokenizer) -> int:
    """Return the token id that fills short rows: the tokenizer's, or one that ends an answer."""
    if tokenizer.pad_token_id is not None:
        return tokenizer.pad_token_id
    return min(stop_token_ids(model, tokenizer), default=0)


def decode_text(tokenizer, token_ids: Tensor) -> str:
    """Return tokens as text, without special tokens."""
    return tokenizer.decode(token_ids.tolist(), skip_special_tokens=True)


def _plain_token_ids(tokenizer, prompt: Prompt, template_options) -> Tensor:
    if not isinstance(prompt, str):
        raise ValueError(
            "a conversation needs its chat template: leave chat=True, or pass one string."
        )
    if template_options:
        raise ValueError(
            f"template_options {sorted(template_options)} have no effect with chat=False, "
            "which reads the prompt without its chat template: leave chat=True."
        )
    return torch.tensor(text_token_ids(tokenizer, prompt))


def _check_template_options(tokenizer, options: dict[str, Any]) -> None:
    """Refuse what would not reach the template, which transformers does without a word."""
    if not options:
        return
    own = sorted(OWN_TEMPLATE_OPTIONS & options.keys())
    if own:
        raise ValueError(f"template_options cannot hold {own}: these are set from the prompt.")
    parameters = inspect.signature(tokenizer.apply_chat_template).parameters
    arguments = sorted(options.keys() & parameters.keys() - TEMPLATE_ARGUMENTS)
    if arguments:
        raise ValueError(
            f"template_options cannot hold {arguments}: apply_chat_template's own arguments are "
            "no variables of the template."
        )
    template = tokenizer.get_chat_template(tools=options.get("tools"))  # the one that is used
    unread = unread_variables(template, options)
    if unread:
        raise ValueError(
            f"the chat template reads no variable {unread[0]!r}, so this option would be ignored."
        )
