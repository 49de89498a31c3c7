"""Generation with scores: what the model wrote, and the raw logits it wrote it from.

*Raw* is the point. Everything that decoding does to the logits before a token is drawn (temperature, top-k, top-p,
penalties, suppressed tokens) changes the numbers an uncertainty measure reads, so this module keeps the logits from
before all of that, and drops what lies at and after the end-of-sequence token.
"""

from collections.abc import Sequence
from contextlib import contextmanager

import torch
import transformers
from torch import Tensor

from .answers import Generation
from .prompts import (
    Prompt,
    decoded,
    is_batch,
    prompt_token_ids,
    require_decoder_in_eval_mode,
    stop_token_ids,
)
from .shared_prefix import read_prompts


def generate(
    model,
    tokenizer,
    prompt: Prompt | Sequence[Prompt],
    *,
    max_new_tokens: int = 64,
    chat: bool = True,
    temperature: float = 0.0,
    seed: int | None = None,
) -> Generation | list[Generation]:
    """Let the model answer, and keep the raw logits of every step.

    Args:
        prompt: a string, a conversation (list of role/content messages), or a list of either for one padded batch,
            which reads a repeated prompt, and what all its prompts begin with, only once.
        chat: put the prompt through the tokenizer's chat template; ``False`` continues the text as it stands.
        temperature: 0 takes the likeliest token; larger values sample from softmax(logits / temperature), untruncated.
        seed: makes sampling repeatable without touching torch's global random state.

    Returns:
        One `Generation`, or a list in the order of the prompts. With temperature 0 and float32 weights a batch gives the
        tokens that each prompt gives alone (half precision rounds so coarsely that near ties can fall either way).

    Raises:
        ValueError: temperature or max_new_tokens out of range, an empty prompt, no chat template, or a model that is
            no decoder-only one or is in training mode.
    """
    require_decoder_in_eval_mode(model)
    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens must be at least 1, got {max_new_tokens}.")
    if not 0 <= temperature < float("inf"):
        raise ValueError(f"temperature must be 0 (greedy) or a positive number, got {temperature}.")
    prompts = list(prompt) if is_batch(prompt) else [prompt]
    if not prompts:
        return []
    rows = [prompt_token_ids(tokenizer, one, chat=chat) for one in prompts]
    generated, logits = _run(model, tokenizer, rows, max_new_tokens, temperature, seed)
    stops = stop_token_ids(model, tokenizer)
    results = [
        _cut(tokenizer, prompts[i], rows[i], generated[i], [step[i] for step in logits], stops)
        for i in range(len(rows))
    ]
    return results if is_batch(prompt) else results[0]


def _run(model, tokenizer, rows, max_new_tokens, temperature, seed):
    """One padded model.generate: (batch, steps) new token ids, and a tuple of (batch, vocabulary) raw logits."""
    stops = sorted(stop_token_ids(model, tokenizer))
    padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else (stops or [0])[0]
    input_ids, mask, cache = read_prompts(model, rows, padding, max_new_tokens)
    options = _decoding(max_new_tokens, temperature, stops, padding) | dict(past_key_values=cache)
    with _seeded(model.device, seed), _no_habits(model):
        output = model.generate(
            input_ids.to(model.device), attention_mask=mask.to(model.device), **options
        )
    return output.sequences[:, input_ids.shape[1] :].cpu(), output.logits


def _decoding(max_new_tokens: int, temperature: float, stops: list[int], padding: int) -> dict:
    """Options for model.generate: plain greedy, or plain sampling (top_k=0, because its own default truncates to 50)."""
    choice = (
        dict(do_sample=True, temperature=temperature, top_k=0)
        if temperature
        else dict(do_sample=False)
    )
    kept = dict(output_logits=True, return_dict_in_generate=True)
    return (
        dict(max_new_tokens=max_new_tokens, eos_token_id=stops or None, pad_token_id=padding)
        | choice
        | kept
    )


@contextmanager
def _no_habits(model):
    """generate() fills what it is not told from the model's own config (penalties, biases, truncation): empty it meanwhile."""
    habits, model.generation_config = model.generation_config, transformers.GenerationConfig()
    try:
        yield
    finally:
        model.generation_config = habits


@contextmanager
def _seeded(device: torch.device, seed: int | None):
    """Seeded random numbers inside, the global random state untouched outside; ``None`` leaves everything as it is."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def _cut(
    tokenizer, prompt, prompt_ids, generated: Tensor, step_logits: list[Tensor], stops: set[int]
) -> Generation:
    """One row of the batch, up to its first end-of-sequence token: what follows is padding with real-looking logits."""
    ended = [t for t, token in enumerate(generated.tolist()) if token in stops]
    steps = ended[0] if ended else len(generated)
    token_ids = generated[:steps].clone()
    logits = torch.stack(step_logits[: max(steps, 1)])[:steps].float().cpu()
    reason = "stop" if ended else "length"
    return Generation(
        prompt, decoded(tokenizer, token_ids), token_ids, logits, prompt_ids, reason, tokenizer
    )
