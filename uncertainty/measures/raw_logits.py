"""Raw logits out of whatever a measure is given; what would silently mislead is refused."""

import math
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import torch
from torch import Tensor

from ..generation.answers import Generation
from ..generation.tokens import SavedLabels
from ..information import check_rows, upcast


class GenerateResult(Protocol):
    """transformers' result of ``generate(..., return_dict_in_generate=True)``.

    A protocol, because transformers takes a second to import.
    """

    @property
    def sequences(self) -> Tensor:
        """The prompt and the answer, ``(1, tokens)``."""

    @property
    def logits(self) -> tuple[Tensor, ...] | None:
        """One tensor ``(1, vocabulary)`` for each step, with ``output_logits=True``."""


# What the measures accept: an answer, transformers' own result, or the logits themselves.
LogitsSource: TypeAlias = Generation | GenerateResult | Tensor | np.ndarray | Sequence[Tensor]


def raw_logits(source: LogitsSource) -> Tensor:
    """Return the raw logits of a source, ``(steps, vocabulary)``, in float32 or better.

    Raises:
        ValueError: beam search, processed scores, several prompts at once, no steps, or a row that
            is no distribution. A single -inf counts as a processed score, except in the rows of a
            `Generation` that pad the vocabulary beyond its tokenizer's tokens.
    """
    logits = source if isinstance(source, Tensor) else _stack_steps(source)
    if logits.ndim != 2 or 0 in logits.shape:
        raise ValueError(
            "need (steps, vocabulary) logits with at least one step, "
            f"got shape {tuple(logits.shape)}; "
            "an answer that stopped at once has nothing to measure."
        )
    logits = upcast(logits)
    check_rows(logits.amax(-1))
    if logits.amin() == -math.inf:
        _refuse_processed_scores(logits, padding_from=_token_count(source))
    return logits


def _stack_steps(source: LogitsSource) -> Tensor:
    """Return the logits of an answer, a transformers result or a list of steps as one tensor."""
    _refuse_beam_search(source)
    is_logits = isinstance(source, (tuple, list, np.ndarray))
    logits: Any = source if is_logits else getattr(source, "logits", None)
    if logits is None:
        has_scores = getattr(source, "scores", None) is not None
        scores_only = ", only processed scores" if has_scores else ""
        raise ValueError(
            f"{type(source).__name__} has no raw logits{scores_only}: "
            "call generate(..., return_dict_in_generate=True, output_logits=True)."
        )
    if isinstance(logits, (Tensor, np.ndarray)):
        return torch.as_tensor(logits)

    # transformers' own form: for each step one tensor (answers, vocabulary)
    if not len(logits):
        return torch.empty(0, 0)
    n_answers = len(logits[0])
    if n_answers != 1:
        raise ValueError(
            f"{n_answers} answers in one result: measure one at a time, "
            "torch.stack(result.logits, dim=1)[i] up to its end-of-sequence token."
        )
    return torch.cat(tuple(logits))  # (steps, vocabulary)


def _refuse_beam_search(source: LogitsSource) -> None:
    for field in ("beam_indices", "sequences_scores"):
        if getattr(source, field, None) is not None:
            raise ValueError(
                "beam search mixes several answers in one row of logits: use num_beams=1."
            )


def _token_count(source: LogitsSource) -> int | None:
    """Return how many tokens the tokenizer of an answer has; None where that is not known."""
    tokenizer = getattr(source, "tokenizer", None)
    if tokenizer is None or isinstance(tokenizer, SavedLabels):
        return None
    return len(tokenizer)


def _refuse_processed_scores(logits: Tensor, *, padding_from: int | None) -> None:
    """Raise ValueError for an entry of -inf before the rows that pad the vocabulary."""
    removed = logits[:, :padding_from] == -math.inf
    if removed.any():
        raise ValueError(
            f"{int(removed.sum())} of {removed.numel()} entries are -inf, which no model writes of "
            "a token: these are processed scores, after top-k, top-p, min_new_tokens or suppressed "
            "tokens. Pass raw logits: generate(..., output_logits=True).logits. (Where a model "
            "itself gives -inf to rows that pad its vocabulary, leave those out: "
            "logits[:, :len(tokenizer)].)"
        )
