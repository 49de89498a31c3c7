"""The small models of the known language: trained the same way each time, kept, and brought along."""

import math

import pytest
import torch
from scipy.stats import entropy as scipy_entropy

from uncertainty import KnownLanguage, context_logits, known_ensemble
from uncertainty.course import known_models
from uncertainty.course.known_models import (
    RECORDED_MODELS,
    Training,
    keep_weights,
    known_model,
    new_model,
    recorded_path,
    train_weights,
)

SHORT = dict(sentences=64, steps=4)
LANGUAGE = KnownLanguage()


def same_weights(one, other):
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.fixture
def own_record(monkeypatch, tmp_path):
    monkeypatch.setattr(known_models, "RECORDED_MODELS", tmp_path / "recorded")
    return tmp_path / "recorded"


@pytest.fixture
def trainings(monkeypatch):
    """How many steps each training took that was asked for."""
    asked = []

    def counted(training, *, stop_after=None):
        asked.append(training.steps if stop_after is None else stop_after)
        return train_weights(training, stop_after=stop_after)

    counted.__module__ = train_weights.__module__
    monkeypatch.setattr(known_models, "train_weights", counted)
    monkeypatch.setattr(known_models, "_exact_settings", lambda training: {"all": repr(training)})
    return asked


def test_the_first_loss_is_the_cross_entropy_of_the_untrained_model():
    training = Training(**SHORT, seed=3)
    _, losses = train_weights(training)
    text = training.text()
    rows = torch.randint(0, 64, (128,), generator=torch.Generator().manual_seed(3))
    model = new_model(training)
    surprisals = []
    for sentence in text[rows]:
        with torch.no_grad():
            log_p = model(sentence[None]).logits[0].double().log_softmax(-1)
        surprisals += [-log_p[place, sentence[place + 1]].item() for place in range(4)]
    assert losses[0].item() == pytest.approx(sum(surprisals) / len(surprisals), abs=1e-5)
    assert losses[0].item() == pytest.approx(math.log(135), abs=0.05)
    assert len(losses) == 4 and losses[3] < losses[0]


def test_a_seed_gives_the_same_weights_and_leaves_the_callers_random_numbers():
    torch.manual_seed(11)
    before = torch.random.get_rng_state()
    one, losses = train_weights(Training(**SHORT, dropout=0.1))
    other, again = train_weights(Training(**SHORT, dropout=0.1))
    assert torch.equal(before, torch.random.get_rng_state()) and torch.equal(losses, again)
    assert all(torch.equal(one[name], other[name]) for name in one)
    without, _ = train_weights(Training(**SHORT))
    assert not all(torch.equal(one[name], without[name]) for name in one)


def test_stopping_early_keeps_the_schedule(monkeypatch):
    monkeypatch.setattr(known_models, "WARM_UP", 1)
    training = Training(sentences=64, steps=7)
    _, losses = train_weights(training)
    _, first = train_weights(training, stop_after=5)
    assert torch.equal(first, losses[:5])


def test_vectors_of_islanders_nobody_speaks_of_stay_as_they_were_drawn():
    training = Training(**SHORT)
    weights, _ = train_weights(training)
    before = new_model(training).state_dict()["transformer.wte.weight"].half()
    rows = [context.token_ids[1] for context in LANGUAGE.contexts if context.seen == "never"]
    moved = (weights["transformer.wte.weight"] != before).any(1)
    assert not moved[rows].any() and moved[: rows[0]].float().mean() > 0.5


def test_a_model_is_trained_once_and_then_read(own_cache, own_record, trainings):
    first = known_ensemble(members=(0, 1), **SHORT)
    assert trainings == [4, 4] and not first[0].training
    assert not same_weights(*first)
    again = known_ensemble(members=(0, 1), **SHORT)
    assert trainings == [4, 4] and all(map(same_weights, first, again))
    [path, _] = (own_cache / "known_models").glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:1000])
    assert all(map(same_weights, first, known_ensemble(members=(0, 1), **SHORT)))
    assert len(trainings) == 3


def test_what_came_along_is_used_after_its_first_steps_were_repeated(
    own_cache, own_record, trainings
):
    training = Training(**SHORT, seed=2)
    weights, losses = train_weights(training)
    marked = {**weights, "lm_head.weight": weights["lm_head.weight"] + 1}
    keep_weights(recorded_path(training), marked, losses)
    model = known_model(training)
    assert trainings == [known_models.SPOT_CHECK_STEPS]
    assert torch.equal(model.lm_head.weight, marked["lm_head.weight"].float())
    assert same_weights(known_model(training), model) and len(trainings) == 1


def test_what_came_along_and_does_not_hold_is_trained_anew(own_cache, own_record, trainings):
    training = Training(**SHORT, seed=2)
    weights, losses = train_weights(training)
    marked = {**weights, "lm_head.weight": weights["lm_head.weight"] + 1}
    keep_weights(recorded_path(training), marked, losses + 0.02)
    with pytest.warns(UserWarning, match="differ by up to 0.02 nats .* trained anew"):
        model = known_model(training)
    assert torch.equal(model.lm_head.weight, weights["lm_head.weight"].float())


def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.warns(UserWarning, match="trained weights cannot be kept"):
        keep_weights(tmp_path / "file" / "x.safetensors", {}, torch.zeros(1))


def test_logits_are_those_of_each_member_and_context_alone(own_cache, own_record):
    models = known_ensemble(members=(0, 1), **SHORT)
    contexts = LANGUAGE.contexts[::77]
    logits = context_logits(models, contexts)
    assert logits.shape == (2, len(contexts), len(LANGUAGE.tokens))
    for member, model in enumerate(models):
        for place, context in enumerate(contexts):
            with torch.no_grad():
                alone = model(torch.tensor([context.token_ids])).logits[0, -1]
            torch.testing.assert_close(logits[member, place], alone, atol=1e-5, rtol=0)


def test_untrained_models_predict_everything_alike(own_cache, own_record):
    [model] = known_ensemble(members=(0,), steps=0)
    logits = context_logits([model], LANGUAGE.contexts[:3])[0].double()
    entropies = scipy_entropy(logits.softmax(-1).numpy(), axis=-1)
    assert entropies == pytest.approx([math.log(135)] * 3, abs=0.02)


@pytest.mark.parametrize("bad", [dict(sentences=0), dict(steps=-1), dict(dropout=1.0)])
def test_trainings_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValueError, match="a training needs at least 1 sentence"):
        known_ensemble(members=(0,), **bad)


def test_the_models_that_came_along_are_those_of_the_lesson(own_cache):
    """And they know the language: next to no error where they have read a pair often."""
    recorded = [*known_models.RECORDED_TRAININGS]
    assert {recorded_path(one).name for one in recorded} == {
        path.name for path in RECORDED_MODELS.iterdir()
    }
    model = known_model(recorded[0])
    often = [context for context in LANGUAGE.contexts if context.seen == "often"]
    p = context_logits([model], often)[0].double().softmax(-1).numpy()
    truth = LANGUAGE.true_logits(often).exp().numpy()
    assert scipy_entropy(truth, p, axis=-1).mean() < 0.2
