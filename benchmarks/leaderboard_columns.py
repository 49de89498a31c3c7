"""Every family of doubts as columns of one model's answers, each with what it costs.

A column is measured by the functions of the package; nothing is computed here that has a function
there. `leaderboard.py` judges the columns.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sampling_measures import IDEAS, Judged, eigen_scores, p_true_doubts, text_measures
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from uncertainty import (
    answer_states,
    ask_confidence,
    cached_results,
    cross_fitted_doubt,
    linear_probe,
    p_true,
    p_true_conversation,
    parse_confidence,
    prompt_token_ids,
    sample_answers,
    scaled_depth,
    scored_confidence,
    second_turn_replies,
)
from uncertainty.course.newer_runs import newer_answer_measures
from uncertainty.course.probe_runs import trained_and_untrained_states
from uncertainty.data.twins import same_answer_groups
from uncertainty.evaluation.probe_estimators import DistanceFromRight, network_probe
from uncertainty.generation.internals import keep_internals
from uncertainty.generation.rereading import reread
from uncertainty.measures.rauq import rauq

TIMED = 8  # answers
SAMPLE_TOKENS = 16  # as in lesson 08; the greedy answer is cut to the same length
ONE_PASS, NEWER, ATTENTION = "one pass", "one pass, newer", "attention"
STATES, SAMPLES, ITSELF = "states, learnt", "samples", "asks itself"
CONTROL = "control"


@dataclass(frozen=True)
class Column:
    """One doubt of every answer.

    Attributes:
        values: ``(answers,)``; nan where there is none.
        tokens: through the model beyond the answer, a mean per answer that was asked for.
        seconds: of one core beyond the answer, likewise; None where the answer's pass is enough.
        labels: the labels to be judged with, where they are not the true ones.
    """

    family: str
    values: np.ndarray
    tokens: float = 0.0
    seconds: float | None = None
    labels: np.ndarray | None = None


@dataclass
class Board:
    """A model's answers to the course's questions, and the columns found so far.

    Attributes:
        at: numbers of the answers that samples are drawn for.
        samples: `sampled_answers` of these.
    """

    model: Any
    tokenizer: Any
    questions: list
    prompts: list
    answers: list[dict]
    wrong: np.ndarray
    measured: dict[str, np.ndarray]
    at: np.ndarray
    samples: list[dict]
    columns: dict[str, Column] = field(default_factory=dict)

    def __post_init__(self):
        self.group = same_answer_groups(self.questions)
        self.ids = [answer["ids"] for answer in self.answers]
        self.timed = np.linspace(0, len(self.answers) - 1, TIMED).astype(int).tolist()

    def spread(self, values) -> np.ndarray:
        """Return values of the sampled answers as a column of all, nan elsewhere."""
        column = np.full(len(self.answers), np.nan)
        column[self.at] = values
        return column

    def pass_tokens(self) -> float:
        """Return how many tokens one more pass over prompt and answer reads, a mean."""
        return float(np.mean([answer["read"] + answer["tokens"] for answer in self.answers]))


def core_seconds(compute: Callable[..., Any], *arguments) -> float:
    """Return the seconds of one core for one answer, when `TIMED` of them are computed together."""
    started = time.process_time()
    compute(*arguments)
    return (time.process_time() - started) / TIMED


def one_pass(board: Board) -> None:
    """`answer_measures`, the newer ones, and two columns that know nothing."""
    for name, values in board.measured.items():
        board.columns[name] = Column(CONTROL if name == "length" else ONE_PASS, values)
    chance = np.random.default_rng(0)
    board.columns["shuffled"] = Column(CONTROL, chance.permutation(board.measured["perplexity"]))
    rows = newer_answer_measures(board.model, board.tokenizer, board.prompts, board.answers)
    for name in rows[0]:
        board.columns[name] = Column(NEWER, np.array([row[name] for row in rows]))


def attention(board: Board) -> None:
    """RAUQ, from the attention weights of one more pass."""

    def doubts(batch: list) -> list[float]:
        prompts, ids = zip(*batch)
        answers = reread(board.model, board.tokenizer, prompts, ids)
        for answer in answers:
            keep_internals(board.model, [answer], ["attentions"])
        return [rauq(answer, answer.attentions) for answer in answers]

    items = [list(pair) for pair in zip(board.prompts, board.ids)]
    seconds = core_seconds(doubts, [items[i] for i in board.timed])
    values = cached_results(
        board.model,
        board.tokenizer,
        items,
        doubts,
        task="rauq",
        batch_size=8,
        code=(rauq, keep_internals, reread),
    )
    board.columns["rauq"] = Column(ATTENTION, np.array(values), board.pass_tokens(), seconds)


def from_states(board: Board) -> None:
    """Doubts that are learnt from the states of labelled answers, each by a fit without it."""
    model, tokenizer = board.model, board.tokenizer
    states, untrained = trained_and_untrained_states(
        model, tokenizer, board.prompts, answers=board.ids, along=scaled_depth(model, 21)
    )
    noise = untrained.mean
    words = CountVectorizer(analyzer=list, binary=True, min_df=2).fit_transform(
        [[str(token) for token in row] for row in board.ids]
    )
    few = board.timed
    seconds = core_seconds(
        lambda: answer_states(
            model,
            tokenizer,
            [board.prompts[i] for i in few],
            answers=[board.ids[i] for i in few],
            depths=states.depths,
        )
    )
    cost = (board.pass_tokens(), seconds)
    one = [linear_probe()]
    for_words = [LogisticRegression(C=strength, max_iter=1000) for strength in (0.01, 0.1, 1.0)]
    shuffled = np.random.default_rng(1).permutation(board.wrong)

    def learn(name, features, *, estimators=None, family=STATES, labels=None, cost=cost):
        learnt = cross_fitted_doubt(
            features,
            board.wrong if labels is None else labels,
            groups=board.group,
            estimators=estimators,
        )
        board.columns[name] = Column(family, learnt.doubt, *cost, labels=labels)

    # 1. what reads the trained states
    learn("probe, mean state", states.mean[1:])
    learn("probe, last token", states.last[1:], estimators=one)
    learn("network, last token (SAPLMA-like)", states.last[1:], estimators=[network_probe()])
    learn("Mahalanobis distance, mean state", states.mean[1:], estimators=[DistanceFromRight()])
    learn("probe, before the answer", states.before[1:], estimators=one)

    # 2. what the same fit finds without training, without states, and without labels
    learn("probe, random weights", noise, family=CONTROL)
    learn("probe, embeddings", states.mean[0], family=CONTROL)
    learn("probe, answer's words", words.toarray().astype(float), estimators=for_words,
          family=CONTROL, cost=())  # fmt: skip
    learn("probe, shuffled labels", states.mean[1:], estimators=one, family=CONTROL,
          labels=shuffled)  # fmt: skip

    # 3. labels that nobody graded: much or little semantic entropy of the samples
    entropy = board.columns["semantic_entropy"].values[board.at]
    learnt = cross_fitted_doubt(
        states.mean[1:, board.at],
        upper_half(entropy),
        groups=board.group[board.at],
        estimators=one,
    )
    board.columns["semantic-entropy probe"] = Column(STATES, board.spread(learnt.doubt), *cost)


def upper_half(values: np.ndarray) -> np.ndarray:
    """Return which values are large: above the median or at it, whichever is nearer to a half.

    Ten samples that all differ have the largest semantic entropy there is, and where most answers
    have it nothing lies above the median.
    """
    middle = np.median(values)
    splits = (values > middle, values >= middle)
    return min(splits, key=lambda large: abs(large.mean() - 0.5))


def from_samples(board: Board) -> None:
    """Agreement, meaning, embeddings, and how far the samples' states spread."""
    model, tokenizer, at = board.model, board.tokenizer, board.at
    judged = _sampled(board)
    texts, compared = text_measures(judged, board.samples)
    count = len(board.samples[0]["texts"])
    drawn = core_seconds(
        lambda: sample_answers(
            model,
            tokenizer,
            [board.prompts[i] for i in at[:TIMED]],
            count,
            temperature=1.0,
            max_new_tokens=SAMPLE_TOKENS,
            seed=0,
        )
    )
    tokens = float(np.mean([s["read"] + sum(s["tokens"]) for s in board.samples]))
    for name, values in texts.items():
        board.columns[name] = Column(SAMPLES, board.spread(values), tokens, drawn + compared)
    surprisals = [[np.nan if x is None else x for x in s["surprisal"]] for s in board.samples]
    board.columns["surprisal of the samples"] = Column(
        SAMPLES, board.spread(np.nanmean(surprisals, axis=1)), tokens, drawn
    )
    scores, read = eigen_scores(model, tokenizer, judged, board.samples)
    again = float(np.mean([sum(s["read"] + n for n in s["tokens"]) for s in board.samples]))
    board.columns["eigen_score"] = Column(
        SAMPLES, board.spread(scores["eigen_score"]), tokens + again, drawn + read
    )


def asks_itself(board: Board) -> None:
    """P(True) without and with samples, and a confidence that the model states in a second turn."""
    model, tokenizer = board.model, board.tokenizer
    judged = _sampled(board)
    pairs = [(q.question, a["text"]) for q, a in zip(judged.questions, judged.answers)]
    sample_cost = board.columns["semantic_entropy"]
    doubts, _ = p_true_doubts(model, tokenizer, judged, board.samples)
    for (name, values), count in zip(doubts.items(), (0, IDEAS)):
        asked = [
            p_true_conversation(question, answer=answer, ideas=sample["texts"][:count])
            for (question, answer), sample in zip(pairs, board.samples)
        ]
        tokens = _mean_tokens(tokenizer, asked)
        seconds = core_seconds(p_true, model, tokenizer, asked[:TIMED])
        if count:
            tokens += sample_cost.tokens
            seconds += sample_cost.seconds
        board.columns[name] = Column(ITSELF, board.spread(values), tokens, seconds)
    asked = [ask_confidence(question, answer=answer) for question, answer in pairs]
    tokens = _mean_tokens(tokenizer, asked)
    seconds = core_seconds(scored_confidence, model, tokenizer, pairs[:TIMED])
    scored = cached_results(
        model,
        tokenizer,
        [list(pair) for pair in pairs],
        lambda batch: scored_confidence(model, tokenizer, batch),
        task="stated",
        code=(scored_confidence,),
    )
    board.columns["1 - stated confidence, words scored"] = Column(
        ITSELF, board.spread(1 - np.array(scored)), tokens, seconds
    )
    replies = second_turn_replies(model, tokenizer, pairs)
    stated = [parse_confidence("Confidence:" + r["text"], scale=100).confidence for r in replies]
    board.columns["1 - stated confidence, as written"] = Column(
        ITSELF, board.spread(1 - np.array(stated, dtype=float)), tokens
    )


def _sampled(board: Board) -> Judged:
    """Return the sampled questions as benchmarks/sampling_measures.py holds them."""
    tokenizer, at = board.tokenizer, board.at
    answers = [board.answers[i] for i in at]
    given = [
        tokenizer.decode(tokenizer(a["text"], add_special_tokens=False).input_ids[:SAMPLE_TOKENS])
        for a in answers
    ]
    columns = {name: values[at] for name, values in board.measured.items()}
    return Judged([board.questions[i] for i in at], answers, given, board.wrong[at], columns)


def _mean_tokens(tokenizer, conversations: list) -> float:
    return float(np.mean([len(prompt_token_ids(tokenizer, one)) for one in conversations]))
