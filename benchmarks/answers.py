"""Asking many questions: batches against one call each, ten samples against ten calls.

Both ways must write identical tokens.

python benchmarks/answers.py
"""

import time

import torch

from uncertainty import generate, load_model, sample_answers
from uncertainty.course.answer_runs import LIMIT, short_prompt
from uncertainty.data.questions import load_questions

QUESTIONS = 300
BATCH_SIZE = 32
SAMPLED_QUESTIONS = 6
SAMPLES = 10
SAMPLING = dict(temperature=0.5, max_new_tokens=LIMIT)


def timed(call):
    """Return the seconds that a call took, and its result."""
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


def answers_in_batches(model, tokenizer, prompts):
    answers = []
    for start in range(0, len(prompts), BATCH_SIZE):
        batch = prompts[start : start + BATCH_SIZE]
        answers += generate(model, tokenizer, batch, max_new_tokens=LIMIT)
    return answers


def answers_one_by_one(model, tokenizer, prompts):
    return [generate(model, tokenizer, prompt, max_new_tokens=LIMIT) for prompt in prompts]


def largest_difference(answer, other):
    """Return the largest difference of a logit, up to the first step at which the tokens differ.

    That step counts; after it the two read different texts.
    """
    steps = min(len(answer), len(other))
    if steps == 0:
        return 0.0
    same = answer.token_ids[:steps] == other.token_ids[:steps]
    comparable = same.long().cumprod(0).sum() + 1
    differences = (answer.logits[:steps] - other.logits[:steps]).abs()  # (steps, V)
    return differences[:comparable].amax().item()


def compare_batches_with_single_calls(model, tokenizer, prompts):
    batch_seconds, batched = timed(lambda: answers_in_batches(model, tokenizer, prompts))
    single_seconds, single = timed(lambda: answers_one_by_one(model, tokenizer, prompts))
    pairs = list(zip(batched, single))
    equal = sum(torch.equal(answer.token_ids, other.token_ids) for answer, other in pairs)
    difference = max(largest_difference(*pair) for pair in pairs)
    print(
        f"{len(prompts)} questions: batches of {BATCH_SIZE} {batch_seconds:.0f} s, one by one "
        f"{single_seconds:.0f} s, {single_seconds / batch_seconds:.1f} x (target 4); identical "
        f"tokens in {equal} of {len(prompts)}, largest difference of a logit {difference:.0e}"
    )
    assert equal == len(prompts)


def compare_samples_with_single_calls(model, tokenizer, prompts):
    def sample(batch):
        return sample_answers(model, tokenizer, batch, SAMPLES, seed=1, **SAMPLING)

    def sample_one_by_one():
        for prompt in prompts:
            for seed in range(SAMPLES):
                generate(model, tokenizer, prompt, seed=seed, **SAMPLING)

    prefill_seconds, _ = timed(lambda: [sample([prompt]) for prompt in prompts])
    batch_seconds, _ = timed(lambda: sample(prompts))
    single_seconds, _ = timed(sample_one_by_one)
    print(
        f"{SAMPLES} samples with one prefill: {single_seconds / prefill_seconds:.1f} x faster than "
        f"{SAMPLES} calls (target 3); {len(prompts)} such questions in one batch: "
        f"{single_seconds / batch_seconds:.1f} x"
    )


def main():
    model, tokenizer = load_model(device="cpu")
    prompts = [short_prompt(question) for question in load_questions("unique")[:QUESTIONS]]
    prompts.sort(key=lambda prompt: len(prompt[1]["content"]))
    generate(model, tokenizer, prompts[0], max_new_tokens=4)  # warm up
    compare_batches_with_single_calls(model, tokenizer, prompts)
    compare_samples_with_single_calls(model, tokenizer, prompts[:SAMPLED_QUESTIONS])


if __name__ == "__main__":
    main()
