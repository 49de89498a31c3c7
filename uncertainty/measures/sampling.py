"""Ask again: is the answer the same the second time, and does the model think it is true?

Sampling needs no look inside the model, costs many passes, and compares *answers* instead of tokens. Functions whose
name says agreement or P(True) grow with confidence, all others with doubt. Entropies in nats.
"""

import math
from collections.abc import Sequence
from itertools import combinations, pairwise

from ..evaluation.grader import plain_words
from ..generation.answers import Generation
from ..generation.decoding import generate
from ..generation.prompts import Prompt, require_prompt_list
from .meaning import answer_core, cluster_by_string, semantic_entropy


def sample_answers(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    samples: int = 10,
    *,
    temperature: float = 1.0,
    max_new_tokens: int = 24,
    seed: int | None = None,
    chat: bool = True,
) -> list[list[Generation]]:
    """So many sampled answers to each prompt, all in one batch; each prompt is read only once.

    Sampling is untruncated (no top-k, no top-p). Raises ValueError when samples is below 1, temperature is not
    positive, or prompts is no list; else as `generate`.
    """
    require_prompt_list(prompts)
    if samples < 1 or temperature <= 0:
        raise ValueError(
            f"need at least 1 sample and a temperature above 0, got {samples} and {temperature}."
        )
    rows = [prompt for prompt in prompts for _ in range(samples)]
    made = generate(
        model,
        tokenizer,
        rows,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
        chat=chat,
    )
    return [made[start : start + samples] for start in range(0, len(made), samples)]


def lexical_agreement(texts: Sequence[str]) -> float:
    """Mean ROUGE-L F1 over all pairs of answers: 2 x (longest common subsequence of words) / (words of both). In [0, 1].

    Words are those of the first sentences, as the grader reads them. Two answers without words agree. Raises ValueError
    for fewer than two answers.
    """
    if len(texts) < 2:
        raise ValueError(f"agreement needs at least two answers, got {len(texts)}.")
    scores = [_rouge_l(a, b) for a, b in combinations([plain_words(text) for text in texts], 2)]
    return sum(scores) / len(scores)


def agreement_measures(question: str, answer: str, samples: Sequence[str]) -> dict[str, float]:
    """What samples say about an answer, without any further pass; larger means less sure.

    The share of samples with another core than ``answer``, the number of distinct answers, the discrete semantic
    entropy of their strings (nats) and 1 - lexical agreement. All nan when there is no answer to speak of: ``answer``
    or every sample is empty. Raises ValueError for fewer than two samples.
    """
    disagreement = 1 - lexical_agreement(samples)
    cores = [answer_core(text, question) for text in samples]
    found = {
        "1 - agreement with the answer": 1
        - cores.count(answer_core(answer, question)) / len(cores),
        "distinct answers": float(len(set(cores))),
        "semantic entropy": semantic_entropy(cluster_by_string(samples, question)),
        "1 - lexical agreement": disagreement,
    }
    return found if answer.strip() and any(cores) else dict.fromkeys(found, math.nan)


def _rouge_l(a: list[str], b: list[str]) -> float:
    if not a and not b:
        return 1.0
    row = [0] * (
        len(b) + 1
    )  # lengths of the longest common subsequences of a's words so far and b's beginnings
    for word in a:
        new = [0]
        for j, (diagonal, above) in enumerate(pairwise(row)):
            new.append(diagonal + 1 if word == b[j] else max(new[j], above))
        row = new
    return 2 * row[-1] / (len(a) + len(b))
