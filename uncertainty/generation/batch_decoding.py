"""One padded batch through transformers' own generate(), with the raw logits of every step.

*Raw* is the point. Everything that decoding does to the logits before a token is drawn
(temperature, top-k, top-p, penalties, suppressed tokens) changes the numbers that an uncertainty
measure reads, so this module keeps the logits from before all of that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from .._inputs import input_device, require_context, without_wrapper
from ..architecture.cache_argument import named_cache
from .probes import neutral_generation_config, reads_batches
from .prompts import padding_id, stop_token_ids
from .shared_prefix import read_prompts


@dataclass(frozen=True)
class DecodingOptions:
    """How each next token is chosen, and how many are written at most.

    Attributes:
        max_new_tokens: 1 or more.
        temperature: 0 takes the likeliest token; larger values sample from
            softmax(logits / temperature).
        top_k: sample from the k likeliest tokens only; None from all of them.
        top_p: sample from the fewest likeliest tokens whose probabilities add up to p or more; None
            from all of them.
        seed: makes sampling repeatable.

    Raises:
        ValueError: an option out of range, or top_k or top_p with temperature 0.
    """

    max_new_tokens: int = 64
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1:
            raise ValueError(f"max_new_tokens must be at least 1, got {self.max_new_tokens}.")
        if not 0 <= self.temperature < float("inf"):
            raise ValueError(
                f"temperature must be 0 (greedy) or a positive number, got {self.temperature}."
            )
        if self.top_k is not None and not (self.top_k >= 1 and self.top_k % 1 == 0):
            raise ValueError(f"top_k must be a whole number, at least 1, got {self.top_k}.")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must be above 0 and at most 1, got {self.top_p}.")
        is_truncated = self.top_k is not None or self.top_p is not None
        if is_truncated and self.temperature == 0:
            raise ValueError(
                "greedy decoding (temperature 0) ignores top_k and top_p, got "
                f"{self.top_k} and {self.top_p}: give a temperature above 0, or leave them out."
            )

    def for_transformers(self) -> dict[str, Any]:
        """Return the same options as arguments of transformers' generate()."""
        if not self.temperature:
            return dict(max_new_tokens=self.max_new_tokens, do_sample=False)
        arguments: dict[str, Any] = dict(
            max_new_tokens=self.max_new_tokens,
            do_sample=True,
            temperature=self.temperature,
            top_k=0,  # its own default would cut to the 50 likeliest tokens
        )
        if self.top_k is not None:
            arguments["top_k"] = int(self.top_k)
        if self.top_p is not None:
            arguments["top_p"] = float(self.top_p)
        return arguments


def decode_batch(
    model, tokenizer, rows: list[Tensor], options: DecodingOptions
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Let the model continue every row of token ids.

    Where a batch would change a model's numbers, its rows are read one by one.

    Returns:
        New token ids ``(rows, steps)`` on the CPU, and for each step the raw logits
        ``(rows, vocabulary)``. What follows a row's end-of-sequence token is padding.

    Raises:
        ValueError: a row that needs more positions than the model has.
    """
    model = without_wrapper(model)
    for row in rows:
        require_context(model, len(row), new_tokens=options.max_new_tokens)
    with _seeded(input_device(model), options.seed):
        if len(rows) == 1 or reads_batches(model, padding_id(model, tokenizer)):
            return _decode_together(model, tokenizer, rows, options)
        return _decode_one_by_one(model, tokenizer, rows, options)


def _decode_one_by_one(
    model, tokenizer, rows: list[Tensor], options: DecodingOptions
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """As `decode_batch`, each row alone."""
    decoded = [_decode_together(model, tokenizer, [row], options) for row in rows]
    steps = max(new_ids.shape[1] for new_ids, _ in decoded)
    filler = padding_id(model, tokenizer)
    all_ids = []
    all_logits = []
    for new_ids, step_logits in decoded:  # rows that ended early are filled up
        missing = steps - len(step_logits)
        all_ids.append(pad(new_ids, (0, missing), value=filler))  # (1, steps)
        logits = torch.cat(step_logits)  # (steps, vocabulary)
        all_logits.append(pad(logits, (0, 0, 0, missing)))
    return torch.cat(all_ids), tuple(torch.stack(all_logits, 1))


def _decode_together(
    model, tokenizer, rows: list[Tensor], options: DecodingOptions
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """As `decode_batch`, in one batch."""
    stops = sorted(stop_token_ids(model, tokenizer))
    pad_id = padding_id(model, tokenizer)
    device = input_device(model)
    input_ids, mask, cache = read_prompts(
        model, rows, pad_id=pad_id, new_tokens=options.max_new_tokens
    )
    with neutral_generation_config(model):
        output = model.generate(
            input_ids.to(device),
            attention_mask=mask.to(device),
            **named_cache(model, cache),
            eos_token_id=stops or None,
            pad_token_id=pad_id,
            output_logits=True,
            return_dict_in_generate=True,
            **options.for_transformers(),
        )
    prompt_width = input_ids.shape[1]
    return output.sequences[:, prompt_width:].cpu(), output.logits


@contextmanager
def _seeded(device: torch.device, seed: int | None) -> Iterator[None]:
    """Seed random numbers inside, and leave the global random state untouched outside.

    ``None`` leaves everything as it is.
    """
    if seed is None:
        yield
        return
    cuda_devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda_devices):
        torch.manual_seed(seed)
        yield
