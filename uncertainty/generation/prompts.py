"""What the model reads: a prompt as token ids, through the chat template or plain."""

import torch
from torch import Tensor

Prompt = (
    str | list[dict[str, str]]
)  # a question, or a conversation of {"role": ..., "content": ...} messages


def require_prompt_list(prompts) -> None:
    """ValueError unless this is a list of prompts with something in it (one string would be cut into characters)."""
    if not is_batch(prompts) or not len(prompts):
        raise ValueError(f"need a list of prompts, [prompt, ...], got {prompts!r}.")


def prompt_token_ids(tokenizer, prompt: Prompt, *, chat: bool = True) -> Tensor:
    """What the model reads, ``(tokens,)``: with ``chat`` through the chat template (which writes its own BOS), else plain.

    A conversation that ends with an assistant message is left open, so that the model goes on with that reply.

    Raises:
        ValueError: an empty prompt, messages with ``chat=False``, or a tokenizer without a chat template.
    """
    if not prompt:
        raise ValueError(f"the prompt is empty: {prompt!r}.")
    if not chat and not isinstance(prompt, str):
        raise ValueError(
            "a conversation needs its chat template: leave chat=True, or pass one string."
        )
    if not chat:
        return torch.tensor(tokenizer(prompt).input_ids)
    if not tokenizer.chat_template:
        raise ValueError(
            f"{tokenizer.name_or_path or 'this tokenizer'} has no chat template (a base model?): pass chat=False."
        )
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    begun = messages[-1]["role"] == "assistant"
    templated = tokenizer.apply_chat_template(
        messages,
        add_generation_prompt=not begun,
        continue_final_message=begun,
        tokenize=True,
        return_dict=True,
    )
    return torch.tensor(templated["input_ids"])


def stop_token_ids(model, tokenizer) -> set[int]:
    """Every token id that ends an answer: the generation config's and the tokenizer's."""
    configured = model.generation_config.eos_token_id
    listed = configured if isinstance(configured, (list, tuple)) else [configured]
    return {int(token) for token in [*listed, tokenizer.eos_token_id] if token is not None}


def decoded(tokenizer, token_ids: Tensor) -> str:
    return tokenizer.decode(token_ids.tolist(), skip_special_tokens=True)


def require_decoder_in_eval_mode(model) -> None:
    if model.config.is_encoder_decoder:
        raise ValueError(
            f"{type(model).__name__} is an encoder-decoder; this needs a decoder-only model."
        )
    if model.training:
        raise ValueError(
            "the model is in training mode, where dropout changes every number: call model.eval()."
        )


def is_batch(prompt) -> bool:
    if isinstance(prompt, dict):
        raise ValueError(
            "one message is no conversation: put it in a list, [{'role': 'user', 'content': ...}]."
        )
    return not isinstance(prompt, str) and not (len(prompt) and isinstance(prompt[0], dict))
