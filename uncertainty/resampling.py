"""Ask again: is the answer the same the second time, and does the model think it is true?

Sampling needs no look inside the model, costs many passes, and compares *answers* instead of tokens. Functions whose
name says agreement or P(True) grow with confidence, all others with doubt. Entropies in nats.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations, dropwhile, pairwise, takewhile

import torch

from .datasets import plain_words
from .generation import Generation, Prompt, check_batch, choice_log_probabilities, generate
from .verbalized import ask_confidence

Entails = Callable[[str, list[tuple[str, str]]], list[bool]]  # (question, pairs of answers) -> first implies second?

PAUSES = {",", ";"}
FRAME = set(plain_words("what which who whom whose how many much when where why is are was were be been do does did have has had it "
                        "its this that there of in on at to by for from with as and also equals called named known answer "
                        "question"))


def sample_answers(model, tokenizer, prompts: Sequence[Prompt], samples: int = 10, *, temperature: float = 1.0,
                   max_new_tokens: int = 24, seed: int | None = None, chat: bool = True) -> list[list[Generation]]:
    """So many sampled answers to each prompt, all in one batch; each prompt is read only once.

    Sampling is untruncated (no top-k, no top-p). Raises ValueError when samples is below 1, temperature is not
    positive, or prompts is no list; else as `generate`.
    """
    check_batch(prompts)
    if samples < 1 or temperature <= 0:
        raise ValueError(f"need at least 1 sample and a temperature above 0, got {samples} and {temperature}.")
    rows = [prompt for prompt in prompts for _ in range(samples)]
    made = generate(model, tokenizer, rows, temperature=temperature, max_new_tokens=max_new_tokens, seed=seed, chat=chat)
    return [made[start : start + samples] for start in range(0, len(made), samples)]


def answer_core(text: str, question: str = "") -> str:
    """What an answer adds to its question: "The capital of Peru is Lima, on the coast." -> "lima".

    The first sentence's words without the question's own, without articles and words such as "is" and "called", up to
    the first comma or semicolon after something was said. The words next to an "or" in the question are possible
    answers and count. When nothing is left, all words count. A rule of thumb that looks at no label: it splits
    paraphrases, and now and then merges answers that differ.
    """
    words, asked = _bare(plain_words(text)), _bare(plain_words(question))
    offered = {word for before, middle, after in zip(asked, asked[1:], asked[2:]) if middle == "or"
               for word in (before, after)}
    known = (FRAME | set(asked)) - offered - PAUSES - {"minus"}
    own = list(dropwhile(PAUSES.__contains__, (word for word in words if word not in known)))
    return " ".join(takewhile(lambda word: word not in PAUSES, own)) or " ".join(words)


def _bare(words: list[str]) -> list[str]:
    return [word.removesuffix("'s") for word in words]


def cluster_by_string(texts: Sequence[str], question: str = "") -> list[int]:
    """For each answer the number of its cluster: answers with the same `answer_core` share one."""
    cores = [answer_core(text, question) for text in texts]
    number = {core: i for i, core in enumerate(dict.fromkeys(cores))}
    return [number[core] for core in cores]


def cluster_by_meaning(question: str, texts: Sequence[str], entails: Entails) -> list[int]:
    """For each answer the number of its cluster: two answers share one when each entails the other.

    An answer is compared with the first member of every cluster and joins the first that fits (Kuhn, Gal and Farquhar
    2023, arXiv 2302.09664). Answers whose first sentences have equal words are one without asking.
    """
    first: list[str] = []  # of each cluster
    cluster_of: dict[str, int] = {}
    for text in texts:
        words = " ".join(plain_words(text))
        if words not in cluster_of:
            verdicts = entails(question, [pair for old in first for pair in ((old, text), (text, old))]) if first else []
            fits = [i for i in range(len(first)) if verdicts[2 * i] and verdicts[2 * i + 1]]
            cluster_of[words] = fits[0] if fits else len(first)
            first += [] if fits else [text]
    return [cluster_of[" ".join(plain_words(text))] for text in texts]


def semantic_entropy(clusters: Sequence[int]) -> float:
    """Entropy of the clusters' shares, -sum_c (n_c / N) log(n_c / N): 0 when all samples agree, log N when none do.

    The discrete version, from counts alone (Farquhar et al. 2024, Nature 630). With few samples it is biased low.
    Raises ValueError for no samples.
    """
    if not len(clusters):
        raise ValueError("no samples: nothing to compute an entropy of.")
    shares = [count / len(clusters) for count in Counter(clusters).values()]
    return max(0.0, -sum(share * math.log(share) for share in shares))


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
        "1 - agreement with the answer": 1 - cores.count(answer_core(answer, question)) / len(cores),
        "distinct answers": float(len(set(cores))),
        "semantic entropy": semantic_entropy(cluster_by_string(samples, question)),
        "1 - lexical agreement": disagreement,
    }
    return found if answer.strip() and any(cores) else dict.fromkeys(found, math.nan)


def true_or_false(question: str, answer: str, ideas: Sequence[str] = ()) -> list[dict[str, str]]:
    """The conversation behind `p_true`; ``ideas`` are other answers the model gave, shown before the one it must judge."""
    shown = "".join(f"Idea: {idea}\n" for idea in ideas)
    asked = f"Question: {question}\n{shown}Proposed answer: {answer}\nIs the proposed answer true or false? Reply with one word."
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": "The proposed answer is"}]


def p_true(model, tokenizer, conversations: Sequence[Prompt]) -> list[float]:
    """P(True): p(" true") / (p(" true") + p(" false")) as the next word after each `true_or_false` conversation.

    Source: Kadavath et al. 2022 (arXiv 2207.05221), section 4; the wording is ours.
    """
    chances = choice_log_probabilities(model, tokenizer, conversations, [" true", " false"])
    return chances.softmax(-1)[:, 0].tolist()


def scored_confidence(model, tokenizer, pairs: Sequence[tuple[str, str]]) -> list[float]:
    """Stated confidence of (question, answer) pairs without waiting for it to be written: the expectation over words.

    The candidates " low" (0), " medium" (0.5) and " high" (1) are weighed by their probabilities after "Confidence:",
    compared with each other only. The prompt asks for a number (`ask_confidence`), so together they are improbable:
    this reads a preference among three words, as lesson 02 does. Averaged over sampled answers it is the stated
    confidence of the question.
    """
    asked = [ask_confidence(*pair) for pair in pairs]
    chances = choice_log_probabilities(model, tokenizer, asked, [" low", " medium", " high"]).softmax(-1)
    return (chances @ torch.tensor([0.0, 0.5, 1.0])).tolist()


def model_entails(model, tokenizer, batch_size: int = 32) -> Entails:
    """A judge that asks the model itself whether one answer implies another: yes when " yes" is likelier than " no".

    Small models cannot do this; test the judge on pairs you know before you use it.
    """
    def judge(question, pairs):
        asked = [_entailment(question, *pair) for pair in pairs]
        blocks = [asked[start : start + batch_size] for start in range(0, len(asked), batch_size)]
        chances = [choice_log_probabilities(model, tokenizer, block, [" yes", " no"]) for block in blocks]
        return [bool(yes > no) for block in chances for yes, no in block.tolist()]
    return judge


def nli_entails(name: str = "microsoft/deberta-large-mnli", device: str | None = None) -> Entails:
    """A judge that is a model trained for natural language inference, from a hub or a folder (an optional download).

    Raises:
        ValueError: a model without a label called entailment; else what transformers raises when it cannot be loaded.
    """
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(name), AutoModelForSequenceClassification.from_pretrained(name).eval()
    model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    labels = [label.lower() for _, label in sorted(model.config.id2label.items())]
    if "entailment" not in labels:
        raise ValueError(f"{name} has the labels {labels}: not a natural language inference model.")

    @torch.no_grad()
    def judge(question, pairs):
        texts = [[f"{question} {answer}" for answer in side] for side in zip(*pairs)]
        inputs = tokenizer(*texts, padding=True, truncation=True, return_tensors="pt").to(model.device)
        return [labels[best] == "entailment" for best in model(**inputs).logits.argmax(-1).tolist()]
    return judge


def _entailment(question: str, first: str, second: str) -> Prompt:
    asked = (f"Question: {question}\nFirst answer: {first}\nSecond answer: {second}\n"
             "If the first answer is right, is the second answer right, too? Reply with yes or no.")
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": "The reply is"}]


def _rouge_l(a: list[str], b: list[str]) -> float:
    if not a and not b:
        return 1.0
    row = [0] * (len(b) + 1)  # lengths of the longest common subsequences of a's words so far and b's beginnings
    for word in a:
        new = [0]
        for j, (diagonal, above) in enumerate(pairwise(row)):
            new.append(diagonal + 1 if word == b[j] else max(new[j], above))
        row = new
    return 2 * row[-1] / (len(a) + len(b))
