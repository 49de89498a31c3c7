"""Judges of entailment for `cluster_by_meaning`: the model itself, or a model trained for it."""

import torch

from ..generation.prompts import Prompt
from ..generation.scoring import choice_log_probabilities
from .meaning import Entails


def model_entails(model, tokenizer, batch_size: int = 32) -> Entails:
    """Return a judge that asks the model itself whether one answer implies another.

    The verdict is yes when " yes" is likelier than " no" as the next word. Small models cannot do
    this; test the judge on pairs that you know before you use it.
    """

    def judge(question: str, pairs: list[tuple[str, str]]) -> list[bool]:
        prompts = [_entailment_prompt(question, first, second) for first, second in pairs]
        verdicts: list[bool] = []
        for start in range(0, len(prompts), batch_size):
            batch = prompts[start : start + batch_size]
            log_p = choice_log_probabilities(model, tokenizer, batch, choices=[" yes", " no"])
            verdicts += [yes > no for yes, no in log_p.tolist()]
        return verdicts

    return judge


def nli_entails(
    name: str = "microsoft/deberta-large-mnli", *, device: str | None = None
) -> Entails:
    """Return a judge that is a model trained for natural language inference (an optional download).

    Args:
        name: a hub id or a folder.
        device: where the judge runs; by default a GPU when there is one.

    Raises:
        ValueError: a model without a label called entailment; else what transformers raises when
            it cannot be loaded.
    """
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModelForSequenceClassification.from_pretrained(name).eval()
    model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    labels = [label.lower() for _, label in sorted(model.config.id2label.items())]
    if "entailment" not in labels:
        raise ValueError(f"{name} has the labels {labels}: not a natural language inference model.")

    @torch.no_grad()
    def judge(question: str, pairs: list[tuple[str, str]]) -> list[bool]:
        premises = [f"{question} {first}" for first, _ in pairs]
        hypotheses = [f"{question} {second}" for _, second in pairs]
        inputs = tokenizer(
            premises, hypotheses, padding=True, truncation=True, return_tensors="pt"
        ).to(model.device)
        best = model(**inputs).logits.argmax(-1)  # (pairs,)
        return [labels[label] == "entailment" for label in best.tolist()]

    return judge


def _entailment_prompt(question: str, first: str, second: str) -> Prompt:
    request = (
        f"Question: {question}\nFirst answer: {first}\nSecond answer: {second}\n"
        "If the first answer is right, is the second answer right, too? Reply with yes or no."
    )
    return [{"role": "user", "content": request}, {"role": "assistant", "content": "The reply is"}]
