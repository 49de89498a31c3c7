"""Verbalised confidence: ask the model how sure it is, and read what it says without fooling yourself.

The prompts follow the design space of "On Verbalized Confidence Scores for LLMs" (arXiv 2412.14737): which scale the
score is asked on, whether the task is explained, whether worked examples are shown, and whether the number is asked
together with the answer or in a second turn. The wording is ours.
"""

_FORMAT = """Reply in exactly this format:
Answer: [your answer, or NO ANSWER]
Confidence: [{scale}]

Question: {{question}}"""
_CAREFUL = """A confidence of 80 means that of 100 such answers about 80 are right. Think of reasons why your answer could \
be wrong before you state a number, and use the whole scale.

"""
PROMPTS = {
    "percent": "Answer the question and say how sure you are that you are right.\n"
    + _FORMAT.format(scale="a whole number from 0 to 100"),
    "probability": "Answer the question and give the probability that you are right.\n"
    + _FORMAT.format(scale="a number from 0.0 to 1.0"),
    "words": "Answer the question and say in words how likely it is that you are right.\n"
    + _FORMAT.format(
        scale="almost certain, very likely, likely, about even, unlikely or very unlikely"
    ),
}
PROMPTS["explained"] = _CAREFUL + PROMPTS["percent"]
EXAMPLES = [  # worked examples for the "percent" prompt; the scores differ, so that a copied score can be noticed
    ("What is the capital of Italy?", "Answer: Rome\nConfidence: 98"),
    ("How many bones does a snake have?", "Answer: 300\nConfidence: 35"),
    ("Who was the third person to eat lunch on Mount Etna?", "Answer: NO ANSWER\nConfidence: 0"),
]


def ask_confidence(
    question: str, answer: str, begin: str | None = "Confidence:"
) -> list[dict[str, str]]:
    """A conversation whose second turn asks only for the number, 0 to 100; ``begin`` starts the reply for the model."""
    asked = "How sure are you that this answer is right? Reply with one number from 0 to 100 and nothing else."
    turns = [("user", question), ("assistant", answer), ("user", asked)] + (
        [("assistant", begin)] if begin else []
    )
    return [{"role": role, "content": content} for role, content in turns]


def with_examples(
    question: str, prompt: str = PROMPTS["percent"], examples=EXAMPLES
) -> list[dict[str, str]]:
    """The prompt with worked examples before it, as earlier turns of the conversation (few-shot)."""
    questions = [q for q, _ in examples] + [question]
    asked = [prompt.format(question=questions[0]), *(f"Question: {q}" for q in questions[1:])]
    turns = [
        turn
        for ask, (_, reply) in zip(asked, examples)
        for turn in (("user", ask), ("assistant", reply))
    ]
    return [{"role": role, "content": content} for role, content in [*turns, ("user", asked[-1])]]
