"""The record that the package carries: made by today's model, and true of many items asked again."""

import json
import random

import pytest
import torch
from transformers import AutoModelForCausalLM

from uncertainty import (
    answers_by_step,
    answers_by_token,
    answers_with_depth,
    article_windows,
    cached_results,
    cluster_by_meaning,
    decision_steps,
    encyclopaedia_texts,
    evidence_measures,
    first_token_doubts,
    given_answer_measures,
    given_by_step,
    greedy_answers,
    lens_losses,
    load_model,
    load_tasks,
    losses_without_block,
    model_entails,
    news_texts,
    option_log_probabilities,
    p_true,
    prompt_entropies,
    sampled_answers,
    scored_confidence,
    second_turn_replies,
    story_prompts,
    text_chunks,
    word_choice_logits,
)
from uncertainty.course import lens_runs
from uncertainty.course.decision_runs import text_digest
from uncertainty.course.recorded import RECORD, SUFFIX, read_record
from uncertainty.course.results import record_name
from uncertainty.course.spot_check import first_difference
from uncertainty.data.word_choices import WordChoice

FILES = sorted(RECORD.glob(f"*{SUFFIX}"))
MANY = 12  # a change of a fifth of 120 answers escapes them with probability 0.06
COSTLY = {"entailment": 6}  # an item of these asks the model up to ninety times
QUESTION_RUNS = {
    "second_turn": lambda model, tokenizer, items, settings: second_turn_replies(
        model, tokenizer, items, max_new_tokens=settings["limit"]
    ),
    "answers_by_token": lambda model, tokenizer, items, settings: answers_by_token(
        model, tokenizer, items, max_new_tokens=settings["limit"]
    ),
    "evidence_measures": lambda model, tokenizer, items, settings: evidence_measures(
        model, tokenizer, items, max_new_tokens=settings["limit"]
    ),
    "given_answers": lambda model, tokenizer, items, _: given_answer_measures(
        model, tokenizer, items
    ),
    "options": lambda model, tokenizer, items, _: option_log_probabilities(model, tokenizer, items),
    "word_choice": lambda model, tokenizer, items, _: word_choice_logits(
        model,
        tokenizer,
        [WordChoice(category, tuple(words), frozenset()) for category, *words in items],
    ),
}
STEP_RUNS = {
    "steps": lambda model, tokenizer, items, settings: answers_by_step(
        model,
        tokenizer,
        items,
        max_new_tokens=settings["limit"],
        chat=settings["chat"],
        batch_size=settings["batch"],
    ),
    "given": lambda model, tokenizer, items, _: given_by_step(model, tokenizer, items),
    "two_factors": lambda model, tokenizer, items, settings: first_token_doubts(
        model, tokenizer, items, batch_size=settings["batch"]
    ),
}
DIGESTED = {"prompt_ends", "decisions", "skipped"}  # lessons 15 and 16 keep only digests
LENSES = "lenses"  # lesson 11's lenses take minutes: `cached_results` looks at a small one
ANEW = "The record is out of date: run `make outputs`."


@pytest.fixture(scope="module")
def models():
    """The models that the lessons ask: the default one, and lesson 14's random weights."""
    model, tokenizer = load_model(device="cpu")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        random_model = AutoModelForCausalLM.from_config(model.config).eval()
        torch.manual_seed(1)
        other_random = AutoModelForCausalLM.from_config(model.config).eval()
    return {
        "default": (model, tokenizer),
        "random": (random_model, tokenizer),
        "other random": (other_random, tokenizer),
    }


def digested(model, tokenizer, task, digests, settings):
    """Measure the texts with these digests again, as lessons 14 to 16 do."""
    if task == "prompt_ends":
        prompts = [task.prompt for task in load_tasks()]
        for form in ("base", "reversed", "scrambled"):
            prompts += story_prompts(form)
        text_of = {text_digest(prompt): prompt for prompt in prompts}
        values = prompt_entropies(model, tokenizer, [text_of[digest] for digest in digests])
        return values.tolist()
    windows = article_windows(tokenizer)[:, : 24 if task == "decisions" else 10]
    window_of = {text_digest(window.tolist()): window for window in windows}
    chosen_windows = torch.stack([window_of[digest] for digest in digests])
    if task == "skipped":
        return losses_without_block(model, tokenizer, chosen_windows, **settings).tolist()
    steps = decision_steps(model, tokenizer, chosen_windows, **settings)
    return [
        {name: values[row].tolist() for name, values in steps.items()}
        for row in range(len(digests))
    ]


def small_lenses(model, tokenizer, depths, results):
    """Return lesson 11's results with the small lens computed again, as `cached_results` does."""
    learning = text_chunks(tokenizer, encyclopaedia_texts("fit"), length=128, count=32)
    articles = [*encyclopaedia_texts("held-out"), *news_texts("held-out")][:100]
    judging = torch.cat(
        [text_chunks(tokenizer, [text[:2000]], length=32, count=1) for text in articles]
    )
    found = []

    def recheck_alone(*_, recheck, **__):
        found.extend(recheck(depths, results))
        return results

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lens_runs, "cached_results", recheck_alone)
        lens_losses(model, tokenizer, learning, judging, depths=depths)
    return found


def ask(model, tokenizer, header, items):
    """Ask as the lessons do; whatever is kept goes to the folder UNCERTAINTY_RECORD."""
    task = header["task"]
    settings = header["settings"] or {}
    limits = dict(max_new_tokens=settings.get("limit"), batch_size=header["batch_size"])
    chance = dict(temperature=settings.get("temperature"), seed=settings.get("seed"))
    if task == "greedy":
        return greedy_answers(model, tokenizer, items, **limits)
    if task == "samples":
        return sampled_answers(model, tokenizer, items, settings["samples"], **limits, **chance)
    if task in QUESTION_RUNS:
        return QUESTION_RUNS[task](model, tokenizer, items, settings)
    if task in STEP_RUNS:
        return STEP_RUNS[task](model, tokenizer, items, settings)
    if task in DIGESTED:
        return digested(model, tokenizer, task, items, settings)
    if task in ("depth", "choices"):
        kept = dict(task=task, means=settings.get("means", False))
        orders = [float(order) for order in settings["renyi"]]
        orders = [int(order) if order == int(order) else order for order in orders]
        return answers_with_depth(model, tokenizer, items, renyi=orders, **limits, **chance, **kept)
    compute = {
        "p_true": lambda batch: p_true(model, tokenizer, batch),
        "stated": lambda batch: scored_confidence(model, tokenizer, batch),
        "entailment": lambda batch: [
            cluster_by_meaning(texts, model_entails(model, tokenizer), question=question)
            for question, texts in batch
        ],
    }[task]
    return cached_results(
        model, tokenizer, items, compute, task=task, batch_size=header["batch_size"]
    )


def chosen(header, entries):
    """Return the items to ask: the shortest and longest answers and others at random.

    Samples belong to their batch, so one whole batch is chosen of those.
    """
    settings = header["settings"] or {}
    if settings.get("temperature"):
        ordered = sorted(
            entries, key=lambda entry: (len(json.dumps(entry["asked"])), entry["item"])
        )
        size = header["batch_size"]
        starts = range(0, len(ordered), size)
        start = random.SystemRandom().choice(starts)
        return ordered[start : start + size]
    by_length = sorted(entries, key=lambda entry: (len(json.dumps(entry["result"])), entry["item"]))
    rest = by_length[2:-2]
    many = COSTLY.get(header["task"], MANY)
    drawn = random.SystemRandom().sample(rest, min(many - 4, len(rest)))
    return [*by_length[:2], *drawn, *by_length[-2:]] if len(by_length) > 4 else by_length


def test_there_is_a_record_of_every_kind_of_run():
    tasks = {path.name.split("-")[0] for path in FILES}
    older = {"greedy", "samples", "depth", "p_true", "stated", "entailment"}
    assert tasks == older | QUESTION_RUNS.keys() | STEP_RUNS.keys() | DIGESTED | {
        "choices",
        LENSES,
    }, ANEW
    assert sum(path.stat().st_size for path in FILES) < 4e6  # bytes: it comes with every install


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_record_is_sorted_and_tells_what_was_asked(path):
    header, *entries = read_record(path)
    keys = [entry["item"] for entry in entries]
    assert keys == sorted(set(keys)) and keys
    assert header.keys() == {"task", "settings", "batch_size"}
    assert all(entry.keys() == {"item", "asked", "result"} for entry in entries)


@pytest.mark.model
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_many_recorded_answers_asked_again_are_the_same(path, models, tmp_path, monkeypatch):
    monkeypatch.setenv("UNCERTAINTY_RECORD", str(tmp_path))
    header, *entries = read_record(path)
    names = {
        record_name(*loaded, header["task"], header["settings"]): loaded
        for loaded in models.values()
    }
    recorded_name = path.name.removesuffix(SUFFIX)
    if recorded_name not in names and "mkl" not in torch.__config__.show().lower():
        pytest.skip("random weights are drawn otherwise on this kind of processor")
    assert recorded_name in names, f"{ANEW} It was asked of another model."
    asked = chosen(header, entries)
    if (header["settings"] or {}).get("temperature") and not torch.backends.mkl.is_available():
        pytest.skip("samples are drawn otherwise on this kind of processor")
    items = [entry["asked"] for entry in asked]
    if header["task"] == LENSES:
        results = [entry["result"] for entry in asked]
        again = small_lenses(*names[recorded_name], items, results)
    else:
        again = ask(*names[recorded_name], header, items)
    for entry, now in zip(asked, again):
        difference = first_difference(entry["result"], now)
        assert difference is None, f"{entry['asked']}: {difference}. {ANEW}"
