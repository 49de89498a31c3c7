"""Ask a handful of recorded answers again, and compare."""

import math
import random
from collections.abc import Callable

import torch

from ..generation.answers import Generation
from ..generation.prompts import Prompt, prompt_token_ids, stop_token_ids
from ..generation.scoring import score

HANDFUL = 4  # items asked again: a second or two
# Numbers agree up to this much and this share. Processors and libraries round differently, which
# moves a measure by about 1e-5; another model, prompt or formula moves it by far more.
ABSOLUTE_TOLERANCE = 1e-3
RELATIVE_TOLERANCE = 1e-3
NEAR_TIE = 1e-3  # logits this close can change places when sums are rounded differently


def spot_check(
    asked: dict[str, object],
    recorded: dict[str, object],
    recheck: Callable[[list, list], list],
    *,
    handful: int = HANDFUL,
) -> str | None:
    """Return how the first of a random handful differs when it is asked again; None if none does.

    The handful is another one at every call, so that a class that runs a lesson thirty times has
    looked at 120 items. What a lesson prints does not depend on it, since a lesson gets the
    recorded results, never those that were asked again.

    With k of n items asked again, one altered item is noticed with probability k / n
    (`chance_to_notice`). The check is there for what changes all or many answers, such as a library
    that decodes differently: a change of half of them escapes 4 items with probability 0.06, a
    change of a tenth with 0.66.

    Args:
        asked: the items by their keys.
        recorded: the recorded results by the same keys.
        recheck: takes items and their recorded results, returns what these are compared with.
    """
    drawn = random.SystemRandom().sample(sorted(recorded), min(handful, len(recorded)))
    items = [asked[key] for key in drawn]
    try:
        again = recheck(items, [recorded[key] for key in drawn])
    except KeyError as missing:
        return f"The recorded results have no {missing}"
    for key, item, now in zip(drawn, items, again):
        difference = first_difference(recorded[key], now)
        if difference is not None:
            return f"{_shortened(item)}: {difference}"
    return None


def chance_to_notice(altered: int, *, asked: int, of: int) -> float:
    """Return the probability that some of the altered items are among those that are asked again.

    1 - C(of - altered, asked) / C(of, asked), where `asked` of `of` items are drawn at random.
    """
    return 1 - math.comb(of - altered, asked) / math.comb(of, asked)


def first_difference(recorded, now, place: str = "") -> str | None:
    """Return where and how two results differ, None if they agree.

    Numbers with a decimal point agree up to `ABSOLUTE_TOLERANCE` plus `RELATIVE_TOLERANCE` of the
    recorded one, all else (texts, token ids, counts) exactly.
    """
    if isinstance(recorded, dict) and isinstance(now, dict) and recorded.keys() == now.keys():
        pairs = [(f"{place}.{key}" if place else str(key), key) for key in recorded]
    elif isinstance(recorded, list) and isinstance(now, list) and len(recorded) == len(now):
        pairs = [(f"{place}[{position}]", position) for position in range(len(recorded))]
    elif _agree(recorded, now):
        return None
    else:
        where = f"{place} " if place else ""
        return f"{where}recorded {_shortened(recorded)}, now {_shortened(now)}"
    differences = (first_difference(recorded[key], now[key], name) for name, key in pairs)
    return next((difference for difference in differences if difference), None)


def is_near_tie(model, tokenizer, prompt: Prompt, first: list[int], second: list[int]) -> bool:
    """Return whether two greedy answers part at a step where both next tokens are equally likely.

    Their logits differ by at most `NEAR_TIE` there. An answer that ended has the end token next.
    Two equal answers do not part.
    """
    if first == second:
        return False
    longer = max(first, second, key=len)
    parted = (step for step, (one, other) in enumerate(zip(first, second)) if one != other)
    step = next(parted, min(len(first), len(second)))
    logits = score(model, tokenizer, prompt, longer).logits[step]  # (vocabulary,)
    ends = sorted(stop_token_ids(model, tokenizer))
    one, other = (
        logits[ids[step]] if step < len(ids) else logits[ends].max() for ids in (first, second)
    )
    return abs(one - other).item() <= NEAR_TIE


def settle_near_ties(
    model,
    tokenizer,
    prompts: list[Prompt],
    recorded: list[dict],
    again: list[dict],
    measured: Callable[[Prompt, list[int]], dict],
) -> list[dict]:
    """Return the records that were made again, to be compared with the recorded ones.

    Each record holds ``ids``, the tokens of a greedy answer. Where the model now goes another way
    at a near tie (`is_near_tie`), the recorded tokens are measured instead.

    Args:
        measured: takes a prompt and the tokens of an answer, returns its record.
    """
    return [
        measured(prompt, old["ids"])
        if is_near_tie(model, tokenizer, prompt, old["ids"], new["ids"])
        else new
        for prompt, old, new in zip(prompts, recorded, again)
    ]


def given_answer(model, tokenizer, prompt: Prompt, token_ids: list[int]) -> Generation:
    """Return these tokens as an answer to the prompt, as `score` does; there may be none."""
    if token_ids:
        return score(model, tokenizer, prompt, token_ids)
    prompt_ids = prompt_token_ids(tokenizer, prompt)
    none = torch.tensor([], dtype=torch.long)
    no_logits = torch.zeros(0, model.get_output_embeddings().weight.shape[0])
    return Generation(prompt, "", none, no_logits, prompt_ids, "given", tokenizer)


def _agree(recorded, now) -> bool:
    both_numbers = all(type(value) in (int, float) for value in (recorded, now))
    if not both_numbers or type(recorded) is type(now) is int:
        return type(recorded) is type(now) and recorded == now
    if not (math.isfinite(recorded) and math.isfinite(now)):
        return recorded == now or (math.isnan(recorded) and math.isnan(now))
    tolerance = ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * abs(recorded)
    return abs(recorded - now) <= tolerance


def _shortened(value) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
