"""Exercises of lesson 09: P(True), and what asking again costs."""

import torch

from .exercise import exercise

LOGITS = torch.tensor([2.0, 0.5, -1.0, 1.5, 0.0])


@exercise(
    inputs=[(LOGITS, 1, 3), (LOGITS, 3, 1), (LOGITS, 0, 2)],
    hints=[
        "A logit can be negative, a probability cannot. What turns the one into the other?",
        "`logits.softmax(-1)` goes over the whole vocabulary; two entries of it are needed.",
        "Keep the form of the colleague's fraction, and put probabilities where the logits stand.",
    ],
    note="the softmax of the two logits alone gives the same, so it depends only on their "
    "difference; how likely either word was is lost.",
)
def truth_probability(logits, true_id, false_id):
    p = logits.softmax(-1)
    return p[true_id] / (p[true_id] + p[false_id])


@truth_probability.mistake(
    "That is p(true) among all words of the vocabulary; compare it with p(false) only."
)
def _(logits, true_id, false_id):
    return logits.softmax(-1)[true_id]


@truth_probability.mistake(
    "That is the colleague's line. It divides logits; probabilities come after the softmax."
)
def _(logits, true_id, false_id):
    return logits[true_id] / (logits[true_id] + logits[false_id])


@truth_probability.mistake("That is P(False): true and false are swapped.")
def _(logits, true_id, false_id):
    return truth_probability(logits, false_id, true_id)


@exercise(
    inputs=[(36, [5, 9, 24]), (100, [1])],
    hints=[
        "Which of the two terms grows with the document? Look at the third row of the "
        "drawing: how often is the prompt read?",
        "`sum(written)` is right. Look at the other term.",
        "Her factor for the prompt is the number of samples. What is it in our code?",
    ],
    note="her bill for the document is 20,130 tokens and the right one 2,130; for the short "
    "question 490 and 166. A service that bills each request on its own does count as she did: ask "
    "what a bill counts before you decide.",
)
def sampling_cost(prompt_tokens, written):
    return prompt_tokens + sum(written)


@sampling_cost.mistake(
    "That is the colleague's line. Samples share the prompt's work: count it once, not once per "
    "sample."
)
def _(prompt_tokens, written):
    return len(written) * prompt_tokens + sum(written)


@sampling_cost.mistake("The prompt has to be read, too.")
def _(prompt_tokens, written):
    return sum(written)


@sampling_cost.mistake("Each sample has its own length: add them up.")
def _(prompt_tokens, written):
    return sampling_cost(prompt_tokens, [max(written)] * len(written))
