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
from typing import NamedTuple

import torch
from torch import Tensor

from ..data.windows import text_chunks


class PassageRows(NamedTuple):
    """The same passages S in three contexts, each ``(rows, 1 + 2 * length)`` ids.

    Attributes:
        twice: [first, S, S].
        same_text: [first, another passage of the same text, S].
        other_text: [first, a passage of another text, S].
    """

    twice: Tensor
    same_text: Tensor
    other_text: Tensor


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


def passage_rows(
    tokenizer, texts: Iterable[str], *, length: int, count: int | None = None, seed: int = 0
) -> PassageRows:
    """Return one passage S of each text, read a second time and read once.

    The rows end with the same tokens at the same positions, after as much context. So what differs
    between ``twice`` and ``same_text`` is the repeat and not the topic. In its text, S begins
    ``2 * length`` tokens after the other passage, which is therefore not what S continues. The rows
    of ``other_text`` hold the other passages of ``same_text``, each moved on by one row.

    Args:
        texts: those of fewer than ``3 * length`` tokens are passed over.
        length: of a passage, in tokens.
        count: how many texts to use, the first ones; None for all that are long enough.
        seed: of the choice of the passage within each text.

    Raises:
        ValueError: a length below 1; fewer than two texts are long enough, or fewer than count; a
            tokenizer with neither BOS nor end token.
    """
    if length < 1:
        raise ValueError(f"a passage needs at least one token, got length {length}.")
    windows: list[Tensor] = []  # of 3 * length tokens: the other passage, what is left out, S
    for text in texts:
        if len(windows) == count:
            break
        ids = tokenizer(text, add_special_tokens=False, verbose=False).input_ids
        if len(ids) >= 3 * length:
            chunks = text_chunks(tokenizer, [text], length=3 * length, count=1, seed=seed)
            windows.append(chunks[0])
    if len(windows) < max(2, count or 0):
        raise ValueError(
            f"{len(windows)} texts have {3 * length} tokens or more, and {max(2, count or 0)} are "
            "needed: give more texts, or make the passages shorter."
        )
    window = torch.stack(windows)
    other = window[:, :length]
    passage = window[:, 2 * length :]
    return PassageRows(
        twice=_join(tokenizer, passage, passage),
        same_text=_join(tokenizer, other, passage),
        other_text=_join(tokenizer, other.roll(1, 0), passage),
    )


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
    return _join(tokenizer, segments, segments)


def _join(tokenizer, context: Tensor, segments: Tensor) -> Tensor:
    """Return [first, context, S] for segments S, ``(count, length)``."""
    first = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    if first is None:
        raise ValueError("this tokenizer has neither a BOS nor an end token to begin a row with.")
    first_column = torch.full((len(segments), 1), first)
    return torch.cat([first_column, context, segments], 1)
