"""When to believe a language model, and where inside the model its doubt lives: the helper package of the course.

Everything a lesson calls can be imported from here. Names load on first use, so ``import uncertainty`` itself is quick.
"""

import importlib

__version__ = "0.1.0"

_HOME = {
    "load_model": "models", "prefetch": "models", "ModelUnavailable": "downloads",
    "generate": "generation", "score": "generation", "Generation": "generation",
    "get_token_confidence": "token_uncertainty", "token_uncertainty_naive": "token_uncertainty",
    "token_uncertainty_vanilla": "token_uncertainty", "logTokU": "token_uncertainty",
    "aleatoric_epistemic": "token_uncertainty", "token_measures": "token_uncertainty",
    "answer_measures": "token_uncertainty",
    "parse_confidence": "verbalized",
    "auroc": "calibration", "expected_calibration_error": "calibration", "risk_coverage": "calibration",
    "bootstrap": "calibration", "leaderboard": "calibration",
    "logit_lens": "lens", "generate_with_lens": "lens", "LensTrace": "lens",
    "ablation_sweep": "ablation", "null_space_fraction": "neurons", "logit_variance": "neurons",
    "sample_answers": "resampling", "semantic_entropy": "resampling",
}
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module 'uncertainty' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
