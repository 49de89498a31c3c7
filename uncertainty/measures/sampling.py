"""Ask again: several sampled answers to each prompt.

Sampling needs no look inside the model and costs many passes. What the samples say about an answer
is measured in agreement.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..generation.answers import Generation
from ..generation.decoding import generate
from ..generation.prompts import Prompt, require_prompt_list


def sample_answers(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    samples: int = 10,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    max_new_tokens: int = 24,
    seed: int | None = None,
    chat: bool = True,
    template_options: Mapping[str, Any] | None = None,
) -> list[list[Generation]]:
    """Return several sampled answers to each prompt, all in one batch; each prompt is read once.

    Args:
        samples: how many answers to each prompt.
        top_k, top_p: as in `generate`; without them sampling is untruncated.
        template_options: as in `generate`.

    Raises:
        ValueError: samples is below 1, temperature is not positive, or prompts is no list; else as
            `generate`.
    """
    require_prompt_list(prompts)
    if samples < 1 or temperature <= 0:
        raise ValueError(
            f"need at least 1 sample and a temperature above 0, got {samples} and {temperature}."
        )
    repeated = [prompt for prompt in prompts for _ in range(samples)]
    answers = generate(
        model,
        tokenizer,
        repeated,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        max_new_tokens=max_new_tokens,
        seed=seed,
        chat=chat,
        template_options=template_options,
    )
    return [answers[start : start + samples] for start in range(0, len(answers), samples)]
