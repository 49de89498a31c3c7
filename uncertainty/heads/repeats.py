"""Repeated text, the heads that notice it, and what happens when they are silenced or when neurons are held back.

A repeat is one row of token ids: [first token, S, S], with S of ``length`` tokens. In the second copy everything can be
predicted by looking up what followed last time (induction). The first token is the tokenizer's BOS (its end token where
there is none): attention is parked there, and BOS ablation sends a head's attention there.

Source: Confidence Regulation Neurons (arXiv 2406.16254), section 6 and appendix. Its sequence text[:100] + text[1:100] is
this layout with length 99 when the text begins with BOS; one layout serves the loss curves, the scores and the ablations.
"""

from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from ..data.corpora import text_chunks


def random_repeats(tokenizer, count: int, length: int, seed: int = 0) -> Tensor:
    """``(count, 1 + 2 * length)`` ids [first, S, S]; S are ordinary tokens drawn at random, all different within a row.

    Raises:
        ValueError: a count or length below 1, or more tokens than there are; a tokenizer with neither BOS nor end token.
    """
    special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    ordinary = torch.tensor([token for token in range(len(tokenizer)) if token not in special])
    if count < 1 or not 1 <= length <= len(ordinary):
        raise ValueError(
            f"need a count of 1 or more and a length of 1 to {len(ordinary)}, got {count} and {length}."
        )
    generator = torch.Generator().manual_seed(seed)
    return _repeated(
        tokenizer,
        [
            ordinary[torch.randperm(len(ordinary), generator=generator)[:length]]
            for _ in range(count)
        ],
    )


def natural_repeats(
    tokenizer, texts: Sequence[str], count: int, length: int, seed: int = 0
) -> Tensor:
    """The same layout, where S are windows of the texts, drawn by `text_chunks`. Raises ValueError as that does."""
    return _repeated(tokenizer, text_chunks(tokenizer, texts, length, count, seed))


def natural_induction(
    ids: Sequence[int], n: int = 7, banned: Sequence[int] = ()
) -> list[tuple[int, int]]:
    """Where a text repeats itself: (first, second) places at which the same ``n`` tokens begin.

    Only stretches of n different tokens, none of them banned, that occur exactly twice without touching; of a longer
    repeat its beginning. Source: appendix on natural induction (6 tokens, and the one they predict).
    """
    ids, places, banned = [int(token) for token in ids], defaultdict(list), set(banned)
    for start in range(len(ids) - n + 1):
        places[tuple(ids[start : start + n])].append(start)
    twice = {
        tuple(at)
        for gram, at in places.items()
        if len(at) == 2 and at[1] - at[0] > n and len(set(gram)) == n and not banned & set(gram)
    }
    return sorted((one, two) for one, two in twice if (one - 1, two - 1) not in twice)


def _repeated(tokenizer, rows: Sequence[Tensor]) -> Tensor:
    first = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    if first is None:
        raise ValueError("this tokenizer has neither a BOS nor an end token to begin a row with.")
    return torch.stack([torch.cat([torch.tensor([first]), row, row]) for row in rows])
