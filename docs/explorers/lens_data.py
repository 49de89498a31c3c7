"""What the lens grid shows: a few prompts, read through the logit lens at every depth."""

from data_file import significant

from uncertainty import logit_lens
from uncertainty.generation.tokens import token_labels

PROMPTS = (
    "The capital of France is",
    "The capital of Australia is",
    "The opposite of hot is",
    "The chemical symbol for gold is",
    "Two plus two equals",
    "green lamp seven river green lamp seven",
)


def lens_data(model, tokenizer) -> dict:
    """Return the grid of every prompt."""
    return {"prompts": [lens_grid(model, tokenizer, prompt) for prompt in PROMPTS]}


def lens_grid(model, tokenizer, prompt: str) -> dict:
    """Return the lens of one prompt, depth by position.

    Returns:
        ``tokens``: the tokens read; ``entropy`` and ``kl`` (to the model's own prediction) in nats,
        lists of ``depths`` lists of ``tokens`` numbers; ``top``: the same with five pairs [token,
        probability] in each place.
    """
    ids = tokenizer(prompt, return_tensors="pt").input_ids[0]
    trace = logit_lens(model, ids, top=5)
    return {
        "prompt": prompt,
        "tokens": token_labels(tokenizer, ids),
        "entropy": _rounded(trace.entropy),
        "kl": _rounded(trace.kl_to_final),
        "top": [
            [
                [
                    [label, significant(p, 3)]
                    for label, p in zip(token_labels(tokenizer, five), shares)
                ]
                for five, shares in zip(at_depth, shares_at_depth.tolist())
            ]
            for at_depth, shares_at_depth in zip(trace.top_tokens, trace.top_probabilities)
        ],
    }


def _rounded(values) -> list[list[float]]:
    """Return nats with three decimals; never -0.0, which rounding of tiny numbers makes."""
    return [[abs(round(value, 3)) for value in row] for row in values.tolist()]
