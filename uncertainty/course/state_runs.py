"""The hidden states of answers that lesson 17 looks at: read once and kept on disk."""

from collections.abc import Sequence

import numpy as np

from ..architecture.parts import model_parts
from ..generation.prompts import Prompt, require_prompt_list
from ..lens.answer_states import AnswerStates, answer_states
from .kept_arrays import cached_arrays
from .results import json_checksum


def kept_answer_states(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    *,
    answers: Sequence[Sequence[int]],
    depths: Sequence[int],
    along: int | None = None,
    batch_size: int = 32,
) -> AnswerStates:
    """Return `answer_states` of these answers, from disk where they were read before.

    445 answers at eleven depths take 34 MB, and 17 MB more with every token at one depth.

    Raises:
        ValueError: as `answer_states`; weights that are not in memory.
    """
    require_prompt_list(prompts)
    written = [[int(token) for token in answer] for answer in answers]

    def compute() -> dict[str, np.ndarray]:
        states = answer_states(
            model,
            tokenizer,
            prompts,
            answers=written,
            depths=depths,
            along=along,
            batch_size=batch_size,
            progress=True,
        )
        found = states._asdict() | {"depths": np.array(states.depths)}
        return {name: value for name, value in found.items() if value is not None}

    kept = cached_arrays(
        model,
        tokenizer,
        compute,
        task="states",
        settings={
            "asked": json_checksum([list(prompts), written]),
            "depths": [int(depth) for depth in depths],
            "along": along,
        },
        code=(kept_answer_states, answer_states, model_parts),
    )
    return AnswerStates(
        depths=kept["depths"].tolist(),
        before=kept["before"],
        mean=kept["mean"],
        last=kept["last"],
        tokens=kept.get("tokens"),
    )
