"""What transformers calls a model's key-value cache: ``cache`` since 5.24, another name before."""

import inspect
from typing import Any

CACHE_NAMES = ("cache", "past_key_values")


def cache_argument(module) -> str | None:
    """Return the name of a forward pass's argument for the key-value cache, None without one.

    Args:
        module: a model, or its `base_model`.
    """
    arguments = inspect.signature(module.forward).parameters
    return next((name for name in CACHE_NAMES if name in arguments), None)


def given_cache(named: dict[str, Any]) -> Any:
    """Return the key-value cache among the named arguments of a call or an output, or None."""
    return next((named[name] for name in CACHE_NAMES if named.get(name) is not None), None)
