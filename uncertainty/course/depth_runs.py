"""The runs through depth that lessons 08 and 09 look at: each asks the model once and is remembered on disk."""

import json
import zlib
from collections.abc import Sequence

import numpy as np

from ..generation.prompts import Prompt, require_prompt_list
from ..lens.generated import generate_with_lens
from .results import cached_results


def answers_with_depth(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    *,
    max_new_tokens: int = 24,
    temperature: float = 0.0,
    seed: int = 0,
    renyi: Sequence[float] = (),
    batch_size: int = 32,
) -> list[dict]:
    """An answer to each prompt with what the lens saw: ``text``, ``tokens`` and ``read`` (how many were written and read).

    ``entropy``, ``cross_entropy`` (to the written token) and the Renyi entropies (``"0.5"`` for order 0.5) are lists of
    depths (0 the embedding, -1 the model) of lists of tokens, in nats with four decimals.
    """
    require_prompt_list(prompts)

    def compute(batch):
        own = seed + zlib.crc32(
            json.dumps(batch).encode()
        )  # equal seeds would give all batches the same luck
        options = dict(
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            seed=own if temperature else None,
        )
        return [
            _record(*pair)
            for pair in generate_with_lens(model, tokenizer, batch, renyi=renyi, **options)
        ]

    settings = dict(
        limit=max_new_tokens,
        temperature=temperature,
        seed=seed,
        renyi=[str(order) for order in renyi],
        batch=batch_size,
    )
    if temperature:
        settings["prompts"] = zlib.crc32(json.dumps(list(prompts)).encode())
    return cached_results(
        "depth",
        model,
        tokenizer,
        list(prompts),
        compute,
        settings=settings,
        batch_size=batch_size,
        code=(
            "architecture.parts",
            "lens.logit_lens",
            "lens.generated",
            "lens._vocabulary_slices",
            "course.depth_runs",
        ),
    )


def profile_rows(records: Sequence[dict], name: str = "entropy") -> np.ndarray:
    """One row a record: the mean over its tokens at each depth, ``(records, depths)``; nan for an empty answer."""
    return np.array(
        [
            np.mean(r[name], axis=1) if r["tokens"] else np.full(len(r[name]), np.nan)
            for r in records
        ]
    )


def _record(answer, trace) -> dict:
    columns = {"entropy": trace.entropy, "cross_entropy": trace.cross_entropy} | {
        str(a): v for a, v in trace.renyi.items()
    }
    return dict(text=answer.text, tokens=len(answer), read=len(answer.prompt_ids)) | {
        name: np.round(values.double().numpy(), 4).tolist() for name, values in columns.items()
    }
