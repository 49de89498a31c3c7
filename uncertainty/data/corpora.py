"""Text to measure on, cut into windows of tokens. What is here ships with Python and scikit-learn.

To add a corpus, write a function beside `offline_texts` that returns its texts as a list of str, in
an order that never changes; say in its docstring where they come from and under which licence; add
a test that they are the same everywhere. `text_chunks` takes any such list.
"""

from collections.abc import Iterable
from pydoc_data.topics import topics

import torch
from sklearn import datasets
from torch import Tensor

# Data sets of scikit-learn that come with a description in English.
DESCRIBED = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")


def offline_texts() -> list[str]:
    """Return English text that ships with Python and scikit-learn.

    Python's help topics come first, then the descriptions of scikit-learn's data sets. The order is
    fixed; the topics differ a little between versions of Python, and so do counts on them.
    Licences: Python's (PSF-2.0) and scikit-learn's (BSD-3-Clause).
    """
    help_topics = [topics[name] for name in sorted(topics)]
    loaders = [getattr(datasets, f"load_{name}") for name in DESCRIBED]
    descriptions = [load().DESCR for load in loaders]
    return help_topics + descriptions


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
