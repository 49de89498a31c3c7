"""What lessons 02, 05 and 07 ask about many questions: each is asked once and kept on disk."""

import warnings
from collections.abc import Callable, Sequence

from torch import Tensor

from ..data.word_choices import WordChoice
from ..generation.answers import Generation
from ..generation.decoding import generate
from ..generation.prompts import Prompt, require_prompt_list
from ..generation.scoring import choice_log_probabilities, score
from ..generation.tokens import first_token_id
from ..measures.answer_measures import answer_measures, token_uncertainty_written
from ..measures.evidence import aleatoric_epistemic
from ..measures.token_measures import token_measures
from ..measures.verbalised import ask_confidence
from .answer_runs import MEASURING, short_prompt
from .results import cached_results
from .spot_check import given_answer, settle_near_ties

CONFIDENCE_WORDS = (" low", " medium", " high")
COLUMNS = ("probability", "max_probability", "entropy")
EVIDENCE = (2, 5, 10, 25)  # K: how many of the largest logits count as evidence
WORST = 5  # tokens
DIGITS = 6  # decimals kept of a number


def second_turn_replies(
    model, tokenizer, pairs: Sequence[Sequence[str]], *, max_new_tokens: int = 24
) -> list[dict]:
    """Return what the model replies when asked how sure it is, with "Confidence:" begun for it.

    Args:
        pairs: question and answer.

    Returns:
        For each pair ``text``, what follows "Confidence:", and ``words``, the probabilities of
        `CONFIDENCE_WORDS` at the same place.
    """
    word_ids = [first_token_id(tokenizer, word) for word in CONFIDENCE_WORDS]
    differ = len(set(word_ids)) == len(word_ids)  # not for a tokenizer of bytes

    def words(prompt: Prompt, reply: Generation) -> list[float]:
        if len(reply) > 0 and differ:
            return reply.logits[0].softmax(-1)[word_ids].tolist()
        [log_p] = choice_log_probabilities(model, tokenizer, [prompt], choices=CONFIDENCE_WORDS)
        return log_p.exp().tolist()

    def compute(batch: list) -> list[dict]:
        prompts = [ask_confidence(question, answer=answer) for question, answer in batch]
        replies = generate(model, tokenizer, prompts, max_new_tokens=max_new_tokens)
        return [
            {"text": reply.text, "words": words(prompt, reply)}
            for prompt, reply in zip(prompts, replies)
        ]

    return cached_results(
        model,
        tokenizer,
        [list(pair) for pair in pairs],
        compute,
        task="second_turn",
        settings={"limit": max_new_tokens},
        code=(second_turn_replies, ask_confidence),
    )


def answers_by_token(
    model, tokenizer, prompts: Sequence[Prompt], *, max_new_tokens: int = 30
) -> list[dict]:
    """Return the greedy answer to each prompt with what the model gave every token.

    Returns:
        For each prompt ``ids`` (of the tokens written) and the `COLUMNS` of `token_measures`, as
        lists; an answer that ended at once has empty lists.
    """

    def record(answer: Generation) -> dict:
        measures = token_measures(answer) if len(answer) > 0 else {}
        columns = {
            name: [round(value, 4) for value in measures[name].tolist()] if measures else []
            for name in COLUMNS
        }
        return {"ids": answer.token_ids.tolist(), **columns}

    return _greedy_records(
        model, tokenizer, prompts, record, task="answers_by_token", limit=max_new_tokens
    )


def evidence_measures(
    model, tokenizer, prompts: Sequence[Prompt], *, max_new_tokens: int = 24
) -> list[dict]:
    """Return LogTokU's parts for several K, and plain measures, of each prompt's greedy answer.

    Returns:
        For each prompt ``text``, ``ids`` and

        =============  ===========================================================================
        plain          `answer_measures` (K = 2)
        evidence       for each K of `EVIDENCE` ("2", ...) the means over tokens of ``aleatoric``,
                       ``epistemic`` and ``product``, and ``worst``, the mean of the five
                       largest products
        centred        the same for K = 2, after each row's mean logit was taken off
        =============  ===========================================================================

        Both are None for an answer that ended at once.
    """

    def record(answer: Generation) -> dict:
        kept = {"text": answer.text, "ids": answer.token_ids.tolist()}
        if len(answer) == 0:
            return kept | {"plain": None, "evidence": None, "centred": None}
        centred = answer.logits - answer.logits.mean(-1, keepdim=True)
        return kept | {
            "plain": {
                name: round(value, DIGITS) for name, value in answer_measures(answer).items()
            },
            "evidence": {str(k): _evidence_means(answer.logits, k) for k in EVIDENCE},
            "centred": _evidence_means(centred, EVIDENCE[0]),
        }

    return _greedy_records(
        model, tokenizer, prompts, record, task="evidence_measures", limit=max_new_tokens
    )


def given_answer_measures(model, tokenizer, pairs: Sequence[Sequence[str]]) -> list[dict]:
    """Return measures of answers that are given to the model rather than written by it.

    Args:
        pairs: question (asked as `short_prompt` does) and answer.

    Returns:
        For each pair ``favourite`` (1 - mean max p), ``written`` (1 - mean p of the tokens that are
        there) and ``perplexity``.
    """

    def measures(question: str, answer: str) -> dict[str, float]:
        given = score(model, tokenizer, short_prompt(question), answer)
        table = answer_measures(given)
        return {
            "favourite": table["vanilla"],
            "written": token_uncertainty_written(given),
            "perplexity": table["perplexity"],
        }

    return cached_results(
        model,
        tokenizer,
        [list(pair) for pair in pairs],
        lambda batch: [measures(question, answer) for question, answer in batch],
        task="given_answers",
        code=(given_answer_measures, short_prompt, *MEASURING),
    )


def word_choice_prompt(choice: WordChoice) -> list[dict[str, str]]:
    """Return the conversation that asks which one or two of the words belong to the category."""
    request = f"Words: {', '.join(choice.words)}. One or two of them are {choice.category}. Which?"
    return [
        {"role": "user", "content": request},
        {"role": "assistant", "content": "The answer is"},
    ]


def word_choice_logits(model, tokenizer, choices: Sequence[WordChoice]) -> list[list[float]]:
    """Return the raw logits of each list's words, where the answer begins: their first tokens'.

    Where two words of a list begin with the same token, each word of that list has the mean raw
    logit of all its tokens instead, and a warning says in how many lists: a tokenizer of bytes
    begins every word with the space.
    """

    def logits(choice: WordChoice) -> list[float]:
        if _begin_alike(tokenizer, choice.words):
            return [_mean_logit(model, tokenizer, choice, word) for word in choice.words]
        ids = [first_token_id(tokenizer, f" {word}") for word in choice.words]
        step = score(model, tokenizer, word_choice_prompt(choice), f" {choice.words[0]}").logits[0]
        return step[ids].tolist()

    alike = sum(_begin_alike(tokenizer, choice.words) for choice in choices)
    if alike:
        warnings.warn(
            f"in {alike} of {len(choices)} lists two words begin with the same token of this "
            "tokenizer: there a word has the mean raw logit of all its tokens.",
            stacklevel=2,
        )
    return cached_results(
        model,
        tokenizer,
        [[choice.category, *choice.words] for choice in choices],
        lambda batch: [logits(_choice(item)) for item in batch],
        task="word_choice",
        code=(word_choice_logits, first_token_id, score),
    )


def _begin_alike(tokenizer, words: Sequence[str]) -> bool:
    first = {first_token_id(tokenizer, f" {word}") for word in words}
    return len(first) < len(words)


def _mean_logit(model, tokenizer, choice: WordChoice, word: str) -> float:
    """Return the mean raw logit of a word's tokens where the answer begins."""
    given = score(model, tokenizer, word_choice_prompt(choice), f" {word}")
    return given.logits.gather(1, given.token_ids[:, None]).mean().item()


def _choice(item: list[str]) -> WordChoice:
    category, *words = item
    return WordChoice(category, tuple(words), frozenset())


def _evidence_means(logits: Tensor, n_evidence: int) -> dict[str, float]:
    aleatoric, epistemic = aleatoric_epistemic(logits, n_evidence)  # (steps,) each
    product = aleatoric * epistemic
    means = {
        "aleatoric": aleatoric.mean().item(),
        "epistemic": epistemic.mean().item(),
        "product": product.mean().item(),
        "worst": product.topk(min(WORST, len(product))).values.mean().item(),
    }
    return {name: round(value, DIGITS) for name, value in means.items()}


def _greedy_records(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    record: Callable[[Generation], dict],
    *,
    task: str,
    limit: int,
) -> list[dict]:
    """Return a record, with ``ids``, of each prompt's greedy answer, as `greedy_answers` does."""
    require_prompt_list(prompts)

    def compute(batch: list) -> list[dict]:
        return [record(one) for one in generate(model, tokenizer, batch, max_new_tokens=limit)]

    def given(prompt: Prompt, token_ids: list[int]) -> dict:
        return record(given_answer(model, tokenizer, prompt, token_ids))

    def recheck(batch: list, recorded: list[dict]) -> list[dict]:
        return settle_near_ties(model, tokenizer, batch, recorded, compute(batch), given)

    return cached_results(
        model,
        tokenizer,
        prompts,
        compute,
        task=task,
        settings={"limit": limit},
        code=(answers_by_token, *MEASURING),
        recheck=recheck,
    )
