"""What a call means when it leaves something out: these numbers stand in lessons and in the papers' settings."""

import inspect

import pytest

import uncertainty
from uncertainty.evaluation.calibration import reliability_bins
from uncertainty.heads.repeats import natural_induction
from uncertainty.lens.profiles import nucleus_sizes, resample_depth
from uncertainty.lens.streams import text_stream
from uncertainty.lens.translators import fit_translators
from uncertainty.neurons.unigrams import count_unigram

DEFAULTS = {
    "generate": dict(max_new_tokens=64, chat=True, temperature=0.0, seed=None, top_k=None),
    "score": dict(chat=True),
    "sample_answers": dict(samples=10, temperature=1.0, max_new_tokens=24, top_k=None, top_p=None),
    "choice_log_probabilities": dict(chat=True),
    "top_alternatives": dict(count=5),
    "get_token_confidence": dict(top_k=1),
    "token_measures": dict(n_evidence=2),
    "logTokU": dict(top_k_inconfident=25, n_evidence=2),
    "answer_measures": dict(top_k_inconfident=25, n_evidence=2),
    "aleatoric_epistemic": dict(n_evidence=2),
    "expected_calibration_error": dict(bins=10, equal_mass=False),
    "brier_decomposition": dict(bins=10, equal_mass=False),
    "bootstrap": dict(rounds=1000, seed=0),
    "leaderboard": dict(rounds=1000, seed=0),
    "logit_lens": dict(renyi=(), top=1, middle=False),
    "jacobian_lens": dict(depths=None, later=False, offset=True, skip=4, seed=0),
    "ablation_sweep": dict(neurons=None, value="mean", tolerance=0.0),
    "replay_sweep": dict(neurons=None, value="mean"),
    "replay_heads": dict(heads=None, value="mean"),
    "random_repeats": dict(seed=0),
    "natural_repeats": dict(seed=0),
}
ROOMS_OWN = {
    resample_depth: dict(points=33),
    nucleus_sizes: dict(mass=0.6),
    fit_translators: dict(penalty=0.01),
    text_stream: dict(piece=256, skip=4),
    reliability_bins: dict(bins=10, equal_mass=False),
    natural_induction: dict(n=7),
    count_unigram: dict(smoothing=1.0),
}
FUNCTIONS = {getattr(uncertainty, name): expected for name, expected in DEFAULTS.items()}


@pytest.mark.parametrize("function", FUNCTIONS | ROOMS_OWN, ids=lambda function: function.__name__)
def test_defaults_are_those_that_are_documented(function):
    parameters = inspect.signature(function).parameters
    for name, value in (FUNCTIONS | ROOMS_OWN)[function].items():
        assert parameters[name].default == value, name
