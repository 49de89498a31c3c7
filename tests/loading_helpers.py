"""What the tests of several files of this room share: small questions to a model, and ways to damage a file."""

import functools
import os

import torch

from uncertainty import ModelUnavailable, load_model


def logits_of(model, tokenizer, text="Hello"):
    with torch.no_grad():
        return model(**tokenizer(text, return_tensors="pt")).logits[0]


def paris_probability(model, tokenizer):
    probabilities = logits_of(model, tokenizer, "The capital of France is")[-1].softmax(-1)
    return probabilities[tokenizer(" Paris").input_ids[0]].item()


@functools.cache
def tiny_tokenizer():
    return load_model("tiny")[1]


def save_tiny(folder):
    for part in load_model("tiny"):
        part.save_pretrained(folder)
    return folder


def unreachable(*_):
    raise ModelUnavailable("no network.")


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def flip(path, where=0.5):
    """Change one bit of a file."""
    with open(path, "r+b") as file:
        file.seek(int(path.stat().st_size * where))
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 0x10]))
