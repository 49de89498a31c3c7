"""Which measure from samples ranks wrong answers best? Lesson 08's questions and recorded samples.

It prints, for samples at temperature 1 and at 0.5, each measure's AUROC with its interval, its lead
over perplexity, over plain agreement and over semantic entropy by the string rule (whole questions
resampled), and its verdict against labels exchanged among all answers, among answers of one length,
and within a topic. Then which clustering helps semantic entropy, and what each measure costs.

The threshold of the second clustering is fitted on questions that are not judged here. Nothing else
is fitted. EigenScore needs the hidden states of 1200 samples; P(True) reads 240 more prompts.

python -m uncertainty prefetch --embeddings
python benchmarks/sampling_measures.py
"""

import random
import time
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from uncertainty import (
    agreement_measures,
    answer_core,
    auroc,
    bootstrap,
    cached_results,
    claim_verdict,
    cluster_by_meaning,
    cocoa,
    eigen_score,
    embedding_entails,
    embedding_measures,
    greedy_answers,
    is_correct,
    kernel_language_entropy,
    load_embedder,
    load_model,
    load_questions,
    measure_columns,
    measure_label,
    p_true,
    p_true_conversation,
    prompt_token_ids,
    sampled_answers,
    semantic_density,
    semantic_entropy,
    sentence_embeddings,
    short_prompt,
    shuffled_controls,
)

try:
    from uncertainty.lens.answer_states import answer_states
except ImportError:  # without it EigenScore is left out, and the table says so
    answer_states = None

SAMPLE_TOKENS = 16  # the greedy answer is cut to the samples' length, as in lesson 08
IDEAS = 5
TIMED = 8  # questions
WIDE = 56  # characters of a measure's name
REFERENCES = ("perplexity", "answer_disagreement", "semantic_entropy")


class Judged(NamedTuple):
    """Lesson 08's questions with the greedy answer to each, graded."""

    questions: list
    answers: list[dict]
    given: list[str]
    wrong: np.ndarray
    columns: dict[str, np.ndarray]


def lesson_questions():
    """Return lesson 08's 120 questions, and all others."""
    every = load_questions("unique")
    seen = {question.id for question in random.Random(6).sample(every, 120)}
    rest = [question for question in every if question.id not in seen]
    judged = random.Random(7).sample(rest, 120)
    ids = {question.id for question in judged}
    return judged, [question for question in every if question.id not in ids]


def judge_answers(model, tokenizer, questions) -> Judged:
    answers = greedy_answers(model, tokenizer, [short_prompt(one) for one in questions])
    pairs = list(zip(answers, questions))
    given = [
        tokenizer.decode(tokenizer(a["text"], add_special_tokens=False).input_ids[:SAMPLE_TOKENS])
        for a in answers
    ]
    wrong = np.array([not is_correct(a["text"], q.answers) for a, q in pairs])
    return Judged(questions, answers, given, wrong, measure_columns(answers))


def text_measures(judged: Judged, samples) -> tuple[dict[str, np.ndarray], float]:
    """Return every measure that reads texts, and the seconds a question took."""
    rows = []
    started = time.process_time()
    for place, (question, text, sample) in enumerate(zip(judged.questions, judged.given, samples)):
        common = dict(question=question.question, answer=text)
        surprisals = [np.nan if x is None else x for x in sample["surprisal"]]
        doubt = float(np.log(judged.columns["perplexity"][place]))
        rows.append(
            agreement_measures(sample["texts"], **common)
            | embedding_measures(sample["texts"], doubt=doubt, surprisals=surprisals, **common)
        )
    seconds = (time.process_time() - started) / len(rows)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}, seconds


def core_measures(judged: Judged, samples) -> dict[str, np.ndarray]:
    """Return three measures from embeddings of what `answer_core` leaves of each text."""
    rows = []
    for place, (question, text, sample) in enumerate(zip(judged.questions, judged.given, samples)):
        texts = [text, *sample["texts"]]
        vectors = sentence_embeddings([answer_core(t, question=question.question) for t in texts])
        cosines = (vectors @ vectors.T).clamp(-1, 1)
        doubt = float(np.log(judged.columns["perplexity"][place]))
        rows.append(
            {
                "CoCoA, of the cores": cocoa(doubt, cosines[0, 1:]),
                "1 - semantic density, of the cores": 1 - semantic_density(cosines[0, 1:]),
                "kernel language entropy, of the cores": kernel_language_entropy(cosines[1:, 1:]),
            }
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def eigen_scores(model, tokenizer, judged: Judged, samples) -> tuple[dict, float]:
    """Return EigenScore by the paper's formula and in variants, and the seconds a question takes.

    Its code divides the covariance by width - 1. Neither takes the samples' common mean off the
    states; the third column does.
    """
    middle = model.config.num_hidden_layers // 2

    def scores(batch: list) -> list[list[float]]:
        drawn = [(prompt, row) for prompt, written in batch for row in written]
        prompts, rows = zip(*drawn)
        read = answer_states(model, tokenizer, prompts, answers=rows, depths=[middle])
        groups = np.split(read.last[0], len(batch))  # a question's (samples, width) each
        return [_variants(group[np.isfinite(group).all(1)]) for group in groups]

    items = [[short_prompt(q), s["ids"]] for q, s in zip(judged.questions, samples)]
    started = time.process_time()
    scores(items[:TIMED])
    seconds = (time.process_time() - started) / TIMED
    values = cached_results(
        model,
        tokenizer,
        items,
        scores,
        task="eigen_score",
        settings={"depth": middle},
        code=(eigen_score, answer_states),
    )
    names = ("eigen_score", "EigenScore, the code's scale", "EigenScore, common mean taken off")
    return dict(zip(names, np.array(values).T)), seconds


def _variants(states: np.ndarray) -> list[float]:
    if len(states) < 2:  # all other samples are empty
        return [np.nan] * 3
    scale = (states.shape[1] - 1) ** 0.5
    return [eigen_score(states), eigen_score(states / scale), eigen_score(states - states.mean(0))]


def p_true_doubts(model, tokenizer, judged: Judged, samples) -> tuple[dict, float]:
    """Return 1 - P(True) without and with five samples shown, and the tokens the latter reads."""
    shown = {"1 - P(True)": 0, f"1 - P(True), {IDEAS} samples shown": IDEAS}
    doubts = {}
    for name, count in shown.items():
        asked = [
            p_true_conversation(q.question, answer=a["text"], ideas=s["texts"][:count])
            for q, a, s in zip(judged.questions, judged.answers, samples)
        ]
        values = cached_results(
            model,
            tokenizer,
            asked,
            lambda batch: p_true(model, tokenizer, batch),
            task="p_true",
            code=(p_true,),
        )
        doubts[name] = 1 - np.array(values)
    tokens = np.mean([len(prompt_token_ids(tokenizer, one)) for one in asked])
    return doubts, float(tokens)


def fitted_threshold(others) -> tuple[float, dict[float, tuple[float, float]]]:
    """Fit the cosine that counts as the same meaning, on answers to questions not judged here.

    Pairs that mean the same: a listed answer with itself in a sentence, and with another listed
    form. Pairs that do not: an answer with one to another question of the same topic.

    Returns:
        The threshold of the best balanced accuracy, and for it and for 0.75 the share of pairs
        called the same, of those that are and of those that are not.
    """
    chance = random.Random(0)
    same, different = [], []
    for one in others:
        first, *further = one.answers
        same.append((first, f"The answer is {first}."))
        same += [(first, form) for form in further[:1]]
        rivals = [q for q in others if q.category == one.category and q.answers != one.answers]
        if rivals:
            rival = chance.choice(rivals).answers[0]
            different += [(first, rival), (first, f"The answer is {rival}.")]
    alike, unlike = _cosines(same), _cosines(different)
    grid = np.linspace(0.3, 0.99, 70)
    balanced = [(np.mean(alike >= t) + np.mean(unlike < t)) / 2 for t in grid]
    best = round(float(grid[int(np.argmax(balanced))]), 2)
    shares = {t: (float(np.mean(alike >= t)), float(np.mean(unlike >= t))) for t in (best, 0.75)}
    return best, shares


def _cosines(pairs) -> np.ndarray:
    vectors = sentence_embeddings([text for pair in pairs for text in pair])
    return (vectors[::2] * vectors[1::2]).sum(-1).numpy()


def clusterings(judged: Judged, samples, threshold: float) -> dict[str, list[list[int]]]:
    """Return each question's clusters by a fitted threshold, by the first sentence, by yes."""
    judges = {
        f"embeddings, {threshold} (fitted elsewhere)": embedding_entails(threshold),
        "a judge that says yes to everything": lambda question, pairs: [True] * len(pairs),
        "equal words of the first sentence": lambda question, pairs: [False] * len(pairs),
    }
    return {
        name: [
            cluster_by_meaning(sample["texts"], judge, question=question.question)
            for question, sample in zip(judged.questions, samples)
        ]
        for name, judge in judges.items()
    }


def above_chance(wrong, doubt):
    return auroc(wrong, doubt) - 0.5


def lead(wrong, one, other):
    return auroc(wrong, one) - auroc(wrong, other)


def judged_row(judged: Judged, name: str, doubt: np.ndarray, references: dict) -> str:
    """Return one line of the table, on the answers that have a value of both measures."""
    has = np.isfinite(doubt)
    wrong, doubt = judged.wrong[has], doubt[has]
    if np.ptp(doubt) == 0:
        return f"{measure_label(name):{WIDE}}the same for every answer: it ranks nothing"
    cells = [f"{measure_label(name):{WIDE}}{bootstrap(auroc, wrong, doubt)!s:19}"]
    for other in references.values():
        value, low, high = bootstrap(lead, wrong, doubt, other[has])
        cells.append(f"{f'{value:.3f} [{low:.3f}, {high:.3f}]':25}")
    topics = np.array([question.category for question in judged.questions])[has]
    effect = bootstrap(above_chance, wrong, doubt)
    for within in (None, judged.columns["length"][has], topics):
        controls = shuffled_controls(above_chance, wrong, doubt, within=within)
        cells.append(f"{claim_verdict(*effect, controls):15}")
    return "".join(cells) + (f" missing {int((~has).sum())}" if not has.all() else "")


def print_board(judged: Judged, doubts: dict[str, np.ndarray]) -> None:
    references = {name: doubts[name] for name in REFERENCES}
    heads = ["AUROC".ljust(19), *(f"- {name}"[:24].ljust(25) for name in REFERENCES)]
    heads += [f"within {group}".ljust(15) for group in ("all", "length", "topic")]
    print(" " * WIDE + "".join(heads))
    lines = {name: judged_row(judged, name, doubt, references) for name, doubt in doubts.items()}
    has = {name: np.isfinite(doubt) for name, doubt in doubts.items()}
    order = sorted(doubts, key=lambda n: -auroc(judged.wrong[has[n]], doubts[n][has[n]]))
    for name in order:
        print(lines[name])


def print_cocoa_control(judged: Judged, doubts: dict[str, np.ndarray]) -> None:
    """Is CoCoA's lead over perplexity more than chance, and than perplexity times any such numbers?

    Two controls: labels exchanged among all answers, which gives the verdict; and each answer with
    the agreement of another answer, 200 times.
    """
    own = np.log(doubts["perplexity"])
    disagreement = doubts["answer_disagreement"]
    columns = (judged.wrong, own * disagreement, own)
    effect = bootstrap(lead, *columns)
    chance = np.random.default_rng(0)
    exchanged = [
        lead(judged.wrong, own * chance.permutation(disagreement), own) for _ in range(200)
    ]
    print(
        f"CoCoA by the string rule - perplexity: {effect.value:.3f} [{effect.low:.3f}, "
        f"{effect.high:.3f}], against exchanged labels: "
        f"{claim_verdict(*effect, shuffled_controls(lead, *columns))}; with another answer's "
        f"agreement {np.mean(exchanged):.3f} on average, 95 % below {np.quantile(exchanged, 0.95):.3f}"
    )


def main():
    questions, others = lesson_questions()
    model, tokenizer = load_model()
    load_embedder()
    judged = judge_answers(model, tokenizer, questions)
    threshold, shares = fitted_threshold(others)
    print(f"{len(judged.wrong)} greedy answers, {judged.wrong.mean():.2f} wrong")
    for cosine, (alike, unlike) in shares.items():
        print(
            f"a cosine of {cosine} or more: {alike:.0%} of pairs that mean the same, "
            f"{unlike:.0%} of pairs that do not (answers to {len(others)} other questions)"
        )
    prompts = [short_prompt(question) for question in questions]
    for temperature in (1.0, 0.5):
        samples = sampled_answers(model, tokenizer, prompts, 10, temperature=temperature)
        right = np.mean(
            [is_correct(t, q.answers) for q, s in zip(questions, samples) for t in s["texts"]]
        )
        print(f"\nTen samples at temperature {temperature}: {right:.2f} of them right")
        doubts, seconds = text_measures(judged, samples)
        doubts |= core_measures(judged, samples)
        doubts |= {name: judged.columns[name] for name in ("perplexity", "length")}
        doubts["sampled surprisal"] = np.array(
            [np.mean([x for x in s["surprisal"] if x is not None]) for s in samples]
        )
        ranks = (rankdata(doubts[name]) for name in ("answer_disagreement", "perplexity"))
        doubts["agreement and perplexity, ranks added"] = sum(ranks)
        costs = {
            "all measures from texts, with embeddings": f"{seconds:.2f} processor seconds a question"
        }
        clusters = clusterings(judged, samples, threshold)
        for name, found in clusters.items():
            doubts[f"semantic entropy, {name}"] = np.array([semantic_entropy(c) for c in found])
        if answer_states is None:
            print("EigenScore left out: this version has no uncertainty.lens.answer_states")
        else:
            scores, seconds = eigen_scores(model, tokenizer, judged, samples)
            doubts |= scores
            costs["EigenScore"] = f"{seconds:.2f} processor seconds a question, samples read again"
        told, tokens = p_true_doubts(model, tokenizer, judged, samples)
        doubts |= told
        costs["P(True) with samples shown"] = f"{tokens:.0f} tokens read a question"
        print_board(judged, doubts)
        print_cocoa_control(judged, doubts)
        for name, found in clusters.items():
            print(f"clusters of ten, {name}: {np.mean([len(set(c)) for c in found]):.1f}")
        print(f"clusters of ten, string rule: {doubts['distinct_answers'].mean():.1f}")
        read = np.mean([s["read"] for s in samples])
        written = np.mean([sum(s["tokens"]) for s in samples])
        print(f"ten samples: {read:.0f} tokens read and {written:.0f} written a question")
        for name, cost in costs.items():
            print(f"{name}: {cost}")


if __name__ == "__main__":
    main()
