"""Asking many questions: batches against one call each, with identical tokens; ten samples against ten calls.

python benchmarks/answers.py
"""

import time

import torch

from uncertainty import generate, load_model, sample_answers
from uncertainty.course.answer_runs import LIMIT, short_prompt
from uncertainty.data.questions import load_questions

QUESTIONS, BATCH, SAMPLED, SAMPLES = 300, 32, 6, 10


def timed(call):
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


def in_batches(model, tokenizer, prompts):
    blocks = [prompts[start : start + BATCH] for start in range(0, len(prompts), BATCH)]
    return [
        answer
        for block in blocks
        for answer in generate(model, tokenizer, block, max_new_tokens=LIMIT)
    ]


def largest_difference(one, other):
    """Over the steps up to and including the first at which the tokens differ: after it the two read different texts."""
    steps = min(len(one), len(other))
    same = (one.token_ids[:steps] == other.token_ids[:steps]).long().cumprod(0).sum() + 1
    return (one.logits[:steps] - other.logits[:steps])[:same].abs().amax().item() if steps else 0.0


def main():
    model, tokenizer = load_model(device="cpu")
    prompts = sorted(
        (short_prompt(q) for q in load_questions("unique")[:QUESTIONS]),
        key=lambda p: len(p[1]["content"]),
    )
    generate(model, tokenizer, prompts[0], max_new_tokens=4)
    together, batched = timed(lambda: in_batches(model, tokenizer, prompts))
    apart, single = timed(
        lambda: [generate(model, tokenizer, p, max_new_tokens=LIMIT) for p in prompts]
    )
    equal = sum(torch.equal(a.token_ids, b.token_ids) for a, b in zip(batched, single))
    print(
        f"{len(prompts)} questions: batches of {BATCH} {together:.0f} s, one by one {apart:.0f} s, {apart / together:.1f} x "
        f"(target 4); identical tokens in {equal} of {len(prompts)}, largest difference of a logit "
        f"{max(map(largest_difference, batched, single)):.0e}"
    )
    assert equal == len(prompts)

    options = dict(temperature=0.5, max_new_tokens=LIMIT)
    shared, _ = timed(
        lambda: [
            sample_answers(model, tokenizer, [p], SAMPLES, seed=1, **options)
            for p in prompts[:SAMPLED]
        ]
    )
    together, _ = timed(
        lambda: sample_answers(model, tokenizer, prompts[:SAMPLED], SAMPLES, seed=1, **options)
    )
    calls = [(p, seed) for p in prompts[:SAMPLED] for seed in range(SAMPLES)]
    apart, _ = timed(
        lambda: [generate(model, tokenizer, p, seed=seed, **options) for p, seed in calls]
    )
    print(
        f"{SAMPLES} samples with one prefill: {apart / shared:.1f} x faster than {SAMPLES} calls (target 3); "
        f"{SAMPLED} such questions in one batch: {apart / together:.1f} x"
    )


if __name__ == "__main__":
    main()
