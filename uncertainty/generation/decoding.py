"""Generation with scores: what the model wrote, and the raw logits it wrote it from."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar, overload

import torch
from torch import Tensor

from .._inputs import without_wrapper
from .answers import Generation
from .batch_decoding import DecodingOptions, decode_batch
from .internals import check_keep, keep_internals
from .probes import require_decoder
from .prompts import Prompt, decode_text, is_batch, prompt_list, prompt_token_ids, stop_token_ids

AnyPrompt = TypeVar("AnyPrompt", bound=Prompt)


@overload
def generate(
    model,
    tokenizer,
    prompt: Prompt,
    *,
    max_new_tokens: int = 64,
    chat: bool = True,
    temperature: float = 0.0,
    seed: int | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    template_options: Mapping[str, Any] | None = None,
    keep: Collection[str] = (),
) -> Generation: ...


@overload
def generate(
    model,
    tokenizer,
    prompt: list[AnyPrompt] | tuple[AnyPrompt, ...],
    *,
    max_new_tokens: int = 64,
    chat: bool = True,
    temperature: float = 0.0,
    seed: int | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    template_options: Mapping[str, Any] | None = None,
    keep: Collection[str] = (),
) -> list[Generation]: ...


def generate(
    model,
    tokenizer,
    prompt: Prompt | Sequence[Prompt],
    *,
    max_new_tokens: int = 64,
    chat: bool = True,
    temperature: float = 0.0,
    seed: int | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    template_options: Mapping[str, Any] | None = None,
    keep: Collection[str] = (),
) -> Generation | list[Generation]:
    """Let the model answer, and keep the raw logits of every step.

    The logits are those from before temperature, top-k and top-p. `generate_with_logits` is another
    name of this function.

    Args:
        prompt: a string, a conversation (list of role/content messages), or a list of either for
            one padded batch, which reads a repeated prompt, and the common prefix of all its
            prompts, only once. (Where a batch would change the model's numbers, as for RWKV, the
            prompts are read one by one.)
        chat: put the prompt through the tokenizer's chat template; ``False`` continues the text as
            it is.
        temperature: 0 takes the likeliest token; larger values sample from
            softmax(logits / temperature), untruncated unless top_k or top_p is given.
        seed: makes sampling repeatable without touching torch's global random state.
        top_k: sample from the k likeliest tokens only.
        top_p: sample from the fewest likeliest tokens whose probabilities add up to top_p or more.
        template_options: values for variables of the chat template, such as
            ``{"enable_thinking": False}``.
        keep: "states", "attentions" or both, which the answers then hold; each answer is read once
            more for them. Memory is bounded: more than 1 GiB in one call is refused.

    Returns:
        One `Generation`, or a list in the order of the prompts. With temperature 0 and float32
        weights a batch gives the tokens that each prompt gives alone (half precision rounds so
        coarsely that near ties can fall either way).

    Raises:
        ValueError: temperature, max_new_tokens, top_k or top_p out of range, top_k or top_p with
            temperature 0, an empty prompt, no chat template, a template option that the template
            does not know, more tokens than the model has positions, an encoder-decoder model, one
            in training mode, one that `require_decoder` cannot prove, or one with virtual tokens
            (prompt tuning); something to keep that is not known, too large or not to be had
            (`keep_internals`).
    """
    model = without_wrapper(model)
    check_keep(keep)
    require_decoder(model)
    options = DecodingOptions(max_new_tokens, temperature, top_k=top_k, top_p=top_p, seed=seed)
    prompts = prompt_list(prompt)
    if not prompts:
        return []
    rows = [
        prompt_token_ids(tokenizer, each, chat=chat, template_options=template_options)
        for each in prompts
    ]
    new_ids, step_logits = decode_batch(model, tokenizer, rows, options)
    stops = stop_token_ids(model, tokenizer)
    answers = []
    for i, prompt_ids in enumerate(rows):
        token_ids, logits, finish_reason = _up_to_end_of_sequence(
            new_ids[i], [logits[i] for logits in step_logits], stops
        )
        text = decode_text(tokenizer, token_ids)
        answers.append(
            Generation(prompts[i], text, token_ids, logits, prompt_ids, finish_reason, tokenizer)
        )
    keep_internals(model, answers, keep)
    return answers if is_batch(prompt) else answers[0]


# Another name of `generate`: the one that the notebook this course grew from used.
generate_with_logits = generate


def _up_to_end_of_sequence(
    new_ids: Tensor, step_logits: list[Tensor], stops: set[int]
) -> tuple[Tensor, Tensor, str]:
    """Cut one row of a batch at its first end-of-sequence token.

    What follows that token is padding, with logits that look real.

    Returns:
        Token ids ``(steps,)``, raw float32 logits ``(steps, vocabulary)`` on the CPU, and the
        finish reason.
    """
    ends = [step for step, token in enumerate(new_ids.tolist()) if token in stops]
    steps = ends[0] if ends else len(new_ids)
    token_ids = new_ids[:steps].clone()
    # an answer that ends at once has no row to stack, but needs the width of one
    stacked = torch.stack(step_logits[: max(steps, 1)])[:steps]
    return token_ids, stacked.float().cpu(), "stop" if ends else "length"
