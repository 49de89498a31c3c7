"""A corpus cut into windows of tokens."""

from collections.abc import Iterable

import torch
from torch import Tensor


def text_chunks(
    tokenizer, texts: Iterable[str], *, length: int, count: int | None = None, seed: int = 0
) -> Tensor:
    """Return windows of ``length`` tokens in shuffled order, ``(count, length)``.

    No window crosses from text to text or overlaps another, and a text's last tokens are dropped.
    No special token is added: leave the first positions (`SKIPPED_POSITIONS`) out of what you
    measure.

    Args:
        texts: the corpus.
        length: of a window, in tokens.
        count: how many windows; None for all there are.
        seed: of the shuffling.

    Raises:
        ValueError: length below 1, or not enough text.
    """
    if length < 1:
        raise ValueError(f"a window needs at least one token, got length {length}.")

    # 1. cut every text into windows
    windows = []
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False, verbose=False).input_ids
        last_start = len(ids) - length
        for start in range(0, last_start + 1, length):
            windows.append(ids[start : start + length])
    wanted = 1 if count is None else count
    if not 1 <= wanted <= len(windows):
        raise ValueError(
            f"the texts fill {len(windows)} windows of {length} tokens, so {wanted} cannot be had: "
            "ask for at least one, give more text or make the windows shorter."
        )

    # 2. shuffle them
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(windows), generator=generator)
    return torch.tensor(windows)[order[:count]]
