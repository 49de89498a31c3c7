"""The record that the package carries: made by today's model, and true of many items asked again."""

import json
import random

import pytest
import torch
from transformers import AutoModelForCausalLM

from uncertainty import (
    answers_with_depth,
    cached_results,
    cluster_by_meaning,
    greedy_answers,
    load_model,
    model_entails,
    p_true,
    sampled_answers,
    scored_confidence,
)
from uncertainty.course.recorded import RECORD, SUFFIX, read_record
from uncertainty.course.results import record_name
from uncertainty.course.spot_check import first_difference

FILES = sorted(RECORD.glob(f"*{SUFFIX}"))
MANY = 24  # a change of a tenth of 120 answers escapes them with probability 0.06
COSTLY = {"entailment": 6}  # an item of these asks the model up to ninety times
ANEW = "The record is out of date: run `make outputs`."


@pytest.fixture(scope="module")
def models():
    """The models that the lessons ask: the default one, and lesson 09's random weights."""
    model, tokenizer = load_model(device="cpu")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        random_model = AutoModelForCausalLM.from_config(model.config).eval()
    return {"default": (model, tokenizer), "random": (random_model, tokenizer)}


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
    if task == "depth":
        orders = [float(order) for order in settings["renyi"]]
        orders = [int(order) if order == int(order) else order for order in orders]
        return answers_with_depth(model, tokenizer, items, renyi=orders, **limits, **chance)
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
    assert tasks == {"greedy", "samples", "depth", "p_true", "stated", "entailment"}, ANEW
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
    again = ask(*names[recorded_name], header, [entry["asked"] for entry in asked])
    for entry, now in zip(asked, again):
        difference = first_difference(entry["result"], now)
        assert difference is None, f"{entry['asked']}: {difference}. {ANEW}"
