"""Text to measure on, cut into windows of tokens. What is here ships with Python and scikit-learn."""

from collections.abc import Iterable
from pydoc_data.topics import topics

import torch
from sklearn import datasets
from torch import Tensor

DESCRIBED = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")


def offline_texts() -> list[str]:
    """English that ships with Python and scikit-learn: the help topics, then the descriptions of the bundled data sets.

    The order is fixed; the topics differ a little between versions of Python, and so do counts on them.
    """
    return [topics[name] for name in sorted(topics)] + [
        getattr(datasets, f"load_{name}")().DESCR for name in DESCRIBED
    ]


def text_chunks(
    tokenizer, texts: Iterable[str], length: int, count: int | None = None, seed: int = 0
) -> Tensor:
    """Windows of ``length`` tokens in shuffled order, ``(count, length)``; all there are where ``count`` is None.

    None crosses from text to text or overlaps another, and a text's last tokens are dropped. No special token is added: leave
    the first positions (`SKIPPED_POSITIONS`) out of what you measure.

    Raises:
        ValueError: length below 1, or not enough text.
    """
    if length < 1:
        raise ValueError(f"a window needs at least one token, got length {length}.")
    ids = [tokenizer(text, add_special_tokens=False, verbose=False).input_ids for text in texts]
    windows = [one[i : i + length] for one in ids for i in range(0, len(one) - length + 1, length)]
    wanted = 1 if count is None else count
    if not 1 <= wanted <= len(windows):
        raise ValueError(
            f"the texts fill {len(windows)} windows of {length} tokens, so {wanted} cannot be had: "
            "ask for at least one, give more text or make the windows shorter."
        )
    return torch.tensor(windows)[
        torch.randperm(len(windows), generator=torch.Generator().manual_seed(seed))[:count]
    ]
