"""Exercises of lesson 08: agreement, and the entropy of answers."""

import math
from collections import Counter

from .exercise import exercise

SAMPLES = ["lima", "lima", "cusco", "lima", "quito"]


@exercise(
    inputs=[("lima", SAMPLES), ("quito", SAMPLES), ("bogota", SAMPLES)],
    hints=[
        "Of all samples, how many say the same as the answer?",
        "A list has a method that counts how often something stands in it.",
        "A count is no share yet. Each sample counts, also when its answer has occurred before.",
    ],
    note="the greedy answer can have an agreement of 0: it takes the likeliest token at each step, "
    "and that need not give an answer that is sampled often.",
)
def agreement_with(answer, samples):
    return samples.count(answer) / len(samples)


@agreement_with.mistake(
    "That is how often the commonest sample occurs; the question is how often *this* answer does."
)
def _(answer, samples):
    return Counter(samples).most_common(1)[0][1] / len(samples)


@agreement_with.mistake("That is a count; a share of the samples lies between 0 and 1.")
def _(answer, samples):
    return agreement_with(answer, samples) * len(samples)


@agreement_with.mistake("That is the disagreement: 1 minus what is wanted.")
def _(answer, samples):
    return 1 - agreement_with(answer, samples)


@agreement_with.mistake(
    "Each sample counts, also when its answer has occurred before: divide by the number of samples."
)
def _(answer, samples):
    return samples.count(answer) / len(set(samples))


@exercise(
    inputs=[(SAMPLES,), (["a"] * 4,), (["a", "b", "c", "d"],)],
    hints=[
        "Try the colleague's line on lima, lima, lima, cusco. How many terms has the sum, and "
        "how many has the formula?",
        "`Counter(samples).values()` holds the counts n_c of the formula.",
        "Turn each count into a share of all samples, and put the shares into the formula; nats "
        "need `math.log`.",
    ],
    note="the names of the clusters do not matter, only their sizes: five samples that all agree "
    "on an error have an entropy of 0.",
)
def entropy_of_answers(samples):
    shares = [count / len(samples) for count in Counter(samples).values()]
    return sum(-p * math.log(p) for p in shares)


@entropy_of_answers.mistake(
    "That is in bits; this course counts in nats: use the natural logarithm."
)
def _(samples):
    return entropy_of_answers(samples) / math.log(2)


@entropy_of_answers.mistake(
    "The sign: the logarithm of a share is negative or 0, and the formula has a minus in front."
)
def _(samples):
    return -entropy_of_answers(samples)


@entropy_of_answers.mistake(
    "That is the colleague's sum: it has a term for every sample; each distinct answer has one."
)
def _(samples):
    shares = [samples.count(s) / len(samples) for s in samples]
    return sum(-p * math.log(p) for p in shares)


@entropy_of_answers.mistake(
    "That is the logarithm of the number of distinct answers: the entropy if all were equally "
    "frequent."
)
def _(samples):
    return math.log(len(set(samples)))


@entropy_of_answers.two_mistakes(
    "Two faults at once: it is in bits, and it has a term for every sample. Use the natural "
    "logarithm, and one term for each distinct answer."
)
def _(samples):
    shares = [samples.count(s) / len(samples) for s in samples]
    return sum(-p * math.log2(p) for p in shares)
