"""`generate`, which keeps raw logits, beside plain `model.generate` on the default model; and what a Generation holds.

python benchmarks/generation.py
"""

import gc
import time
from statistics import median

import torch

from uncertainty import generate, load_model
from uncertainty.generation.prompts import prompt_token_ids

PROMPT, STEPS, ROUNDS = "Tell me a long story about a lighthouse and the sea.", 128, 5


def plain(model, ids, steps=STEPS):
    model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=steps, do_sample=False)


def seconds(call) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def large_tensors(model) -> int:
    """Bytes in tensors of a million numbers or more that are alive and no weights."""
    gc.collect()
    weights = {p.untyped_storage().data_ptr() for p in [*model.parameters(), *model.buffers()]}
    alive = [
        t for t in gc.get_objects() if issubclass(type(t), torch.Tensor) and t.numel() > 1_000_000
    ]
    found = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in alive}
    return sum(size for place, size in found.items() if place not in weights)


def main():
    model, tokenizer = load_model(device="cpu")
    ids = prompt_token_ids(tokenizer, PROMPT)[None]
    plain(model, ids, 8)
    ratios = []
    for _ in range(ROUNDS):
        ours, theirs = (
            seconds(lambda: generate(model, tokenizer, PROMPT, max_new_tokens=STEPS)),
            seconds(lambda: plain(model, ids)),
        )
        ratios.append(ours / theirs)
    print(
        f"{STEPS} tokens: generate with raw logits takes {median(ratios):.3f} x model.generate (target: 1.15 at most); "
        f"single rounds {min(ratios):.3f} to {max(ratios):.3f}"
    )
    before = large_tensors(model)
    kept = generate(model, tokenizer, PROMPT, max_new_tokens=512)
    one_copy = kept.logits.numel() * 4
    print(
        f"a Generation of {len(kept)} tokens holds {(large_tensors(model) - before) / one_copy:.2f} copies of its logits "
        f"({one_copy / 1e6:.0f} MB)"
    )


if __name__ == "__main__":
    main()
