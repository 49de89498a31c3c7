"""What transformers calls a model's key-value cache: ``cache`` since 5.24, another name before."""

import inspect
from typing import Any

CACHE_NAMES = ("cache", "past_key_values")


def cache_argument(model) -> str | None:
    """Return the name of the argument for the key-value cache, None where a pass takes none.

    It is read off `base_model`, whose passes a cache comes from; `generate` knows the same name.
    """
    arguments = inspect.signature(model.base_model.forward).parameters
    return next((name for name in CACHE_NAMES if name in arguments), None)


def named_cache(model, cache) -> dict[str, Any]:
    """Return a key-value cache as a named argument; no argument for None."""
    name = cache_argument(model)
    return {} if cache is None or name is None else {name: cache}


def given_cache(named: dict[str, Any]) -> Any:
    """Return the key-value cache among the named arguments of a call or an output, or None."""
    return next((named[name] for name in CACHE_NAMES if named.get(name) is not None), None)
