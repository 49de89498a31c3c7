"""Judges of entailment for `cluster_by_meaning`: the model itself, or a model trained for the task."""

import torch

from ..generation.prompts import Prompt
from ..generation.scoring import choice_log_probabilities
from .meaning import Entails


def model_entails(model, tokenizer, batch_size: int = 32) -> Entails:
    """A judge that asks the model itself whether one answer implies another: yes when " yes" is likelier than " no".

    Small models cannot do this; test the judge on pairs you know before you use it.
    """

    def judge(question, pairs):
        asked = [_entailment(question, *pair) for pair in pairs]
        blocks = [asked[start : start + batch_size] for start in range(0, len(asked), batch_size)]
        chances = [
            choice_log_probabilities(model, tokenizer, block, [" yes", " no"]) for block in blocks
        ]
        return [bool(yes > no) for block in chances for yes, no in block.tolist()]

    return judge


def nli_entails(name: str = "microsoft/deberta-large-mnli", device: str | None = None) -> Entails:
    """A judge that is a model trained for natural language inference, from a hub or a folder (an optional download).

    Raises:
        ValueError: a model without a label called entailment; else what transformers raises when it cannot be loaded.
    """
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer, model = (
        AutoTokenizer.from_pretrained(name),
        AutoModelForSequenceClassification.from_pretrained(name).eval(),
    )
    model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    labels = [label.lower() for _, label in sorted(model.config.id2label.items())]
    if "entailment" not in labels:
        raise ValueError(f"{name} has the labels {labels}: not a natural language inference model.")

    @torch.no_grad()
    def judge(question, pairs):
        texts = [[f"{question} {answer}" for answer in side] for side in zip(*pairs)]
        inputs = tokenizer(*texts, padding=True, truncation=True, return_tensors="pt").to(
            model.device
        )
        return [labels[best] == "entailment" for best in model(**inputs).logits.argmax(-1).tolist()]

    return judge


def _entailment(question: str, first: str, second: str) -> Prompt:
    asked = (
        f"Question: {question}\nFirst answer: {first}\nSecond answer: {second}\n"
        "If the first answer is right, is the second answer right, too? Reply with yes or no."
    )
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": "The reply is"}]
