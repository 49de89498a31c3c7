"""Verbalised confidence: ask the model how sure it is.

The prompts follow the design space of "On Verbalized Confidence Scores for LLMs" (arXiv
2412.14737): which scale the score is asked on, whether the task is explained, whether worked
examples are shown, and whether the number is asked together with the answer or in a second turn.
The wording is ours.
"""

from collections.abc import Sequence

_FORMAT = """Reply in exactly this format:
Answer: [your answer, or NO ANSWER]
Confidence: [{scale}]

Question: {{question}}"""
_EXPLANATION = """A confidence of 80 means that of 100 such answers about 80 are right. Think of \
reasons why your answer could be wrong before you state a number, and use the whole scale.

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
PROMPTS["explained"] = _EXPLANATION + PROMPTS["percent"]

# Questions and replies for the "percent" prompt. The scores differ, so that a copied score shows.
EXAMPLES = [
    ("What is the capital of Italy?", "Answer: Rome\nConfidence: 98"),
    ("How many bones does a snake have?", "Answer: 300\nConfidence: 35"),
    ("Who was the third person to eat lunch on Mount Etna?", "Answer: NO ANSWER\nConfidence: 0"),
]


def ask_confidence(
    question: str, *, answer: str, begin: str | None = "Confidence:"
) -> list[dict[str, str]]:
    """Return a conversation whose second turn asks only for the number, 0 to 100.

    Args:
        answer: what the model replied to the question.
        begin: the first words of the reply, which the model continues; None lets it begin itself.
    """
    request = (
        "How sure are you that this answer is right? "
        "Reply with one number from 0 to 100 and nothing else."
    )
    turns = [("user", question), ("assistant", answer), ("user", request)]
    if begin:
        turns.append(("assistant", begin))
    return _conversation(turns)


def with_examples(
    question: str,
    *,
    prompt: str = PROMPTS["percent"],
    examples: Sequence[tuple[str, str]] = EXAMPLES,
) -> list[dict[str, str]]:
    """Return the prompt with worked examples as earlier turns of the conversation (few-shot).

    Args:
        prompt: a text with a place for the ``{question}``; it opens the conversation once.
        examples: pairs of a question and the reply to it.
    """
    questions = [example_question for example_question, _ in examples] + [question]
    first_request = prompt.format(question=questions[0])
    later_requests = [f"Question: {later}" for later in questions[1:]]
    *example_requests, last_request = [first_request, *later_requests]

    turns = []
    for request, (_, reply) in zip(example_requests, examples):
        turns += [("user", request), ("assistant", reply)]
    turns.append(("user", last_request))
    return _conversation(turns)


def _conversation(turns: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in turns]
