"""Repeated text, made on purpose or found in a natural text.

A repeat is one row of token ids: [first token, S, S], with S of ``length`` tokens. In the second
copy everything can be predicted by looking up what followed last time (induction). The first token
is the tokenizer's BOS (its end token where there is none). It is an attention sink: heads that find
nothing to attend to put their attention there. BOS ablation sends a head's attention there, too.

Source: Confidence Regulation Neurons (arXiv 2406.16254), section 6 and appendix. Its sequence
text[:100] + text[1:100] is this layout with length 99 when the text begins with BOS; one layout
serves the loss curves, the scores and the ablations.
"""

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor

from ..data.windows import text_chunks


def random_repeats(tokenizer, *, count: int, length: int, seed: int = 0) -> Tensor:
    """Return ``(count, 1 + 2 * length)`` ids [first, S, S], with S drawn at random.

    S are ordinary tokens (no special ones), all different within a row.

    Raises:
        ValueError: a count or length below 1, or more tokens than there are; a tokenizer with
            neither BOS nor end token.
    """
    special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    ordinary = torch.tensor([token for token in range(len(tokenizer)) if token not in special])
    if count < 1 or not 1 <= length <= len(ordinary):
        raise ValueError(
            f"need a count of 1 or more and a length of 1 to {len(ordinary)}, got {count} and "
            f"{length}."
        )
    generator = torch.Generator().manual_seed(seed)
    segments = []
    for _ in range(count):
        order = torch.randperm(len(ordinary), generator=generator)
        segments.append(ordinary[order[:length]])
    return _repeat_segments(tokenizer, torch.stack(segments))


def natural_repeats(
    tokenizer, texts: Iterable[str], *, count: int, length: int, seed: int = 0
) -> Tensor:
    """Return ``(count, 1 + 2 * length)`` ids [first, S, S], with S windows of the texts.

    The windows are drawn by `text_chunks`.

    Raises:
        ValueError: as `text_chunks`; a tokenizer with neither BOS nor end token.
    """
    segments = text_chunks(tokenizer, texts, length=length, count=count, seed=seed)
    return _repeat_segments(tokenizer, segments)


def natural_induction(
    ids: Iterable[int], n: int = 7, banned: Iterable[int] = ()
) -> list[tuple[int, int]]:
    """Return where a text repeats itself: the two positions at which the same ``n`` tokens begin.

    Only stretches of n different tokens count, none of them banned, that occur exactly twice and do
    not overlap or touch. Of a longer repeat only its beginning is returned.

    Source: appendix on natural induction (6 tokens, and the one they predict).
    """
    tokens = [int(token) for token in ids]
    banned_tokens = set(banned)

    # 1. the positions of every stretch of n tokens
    starts = defaultdict(list)
    for start in range(len(tokens) - n + 1):
        starts[tuple(tokens[start : start + n])].append(start)

    # 2. the stretches that count
    pairs = set()
    for stretch, positions in starts.items():
        different = set(stretch)
        if len(positions) != 2 or len(different) < n or different & banned_tokens:
            continue
        first, second = positions
        if second - first > n:
            pairs.add((first, second))

    # 3. of a longer repeat its beginning
    return sorted(pair for pair in pairs if (pair[0] - 1, pair[1] - 1) not in pairs)


def _repeat_segments(tokenizer, segments: Tensor) -> Tensor:
    """Return [first, S, S] for segments S, ``(count, length)``."""
    first = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    if first is None:
        raise ValueError("this tokenizer has neither a BOS nor an end token to begin a row with.")
    first_column = torch.full((len(segments), 1), first)
    return torch.cat([first_column, segments, segments], 1)
