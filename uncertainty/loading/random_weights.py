"""The same architecture without what training put into it: a control for everything learnt."""

import copy

import torch
import transformers

from .._inputs import input_device, without_wrapper


def random_weights(model, *, blocks: int | None = None, seed: int = 0):
    """Return a model of the same configuration with the weights that training would start from.

    What such a model's states tell about an answer, the words that were written tell. The model
    given stays as it is, and so does the global random state.

    Args:
        blocks: how many blocks the new model has, where the first ones are enough; None: all.
        seed: of the weights.

    Returns:
        The model in evaluation mode, in the precision and on the device that the given one has.

    Raises:
        ValueError: fewer blocks than 1 or more than the model has.
    """
    model = without_wrapper(model)
    config = copy.deepcopy(model.config)
    text = config.get_text_config()
    count = text.num_hidden_layers
    blocks = count if blocks is None else blocks
    if not 1 <= blocks <= count:
        raise ValueError(f"blocks must lie between 1 and the model's {count}, got {blocks}.")
    text.num_hidden_layers = blocks
    if getattr(text, "layer_types", None):
        text.layer_types = text.layer_types[:blocks]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = transformers.AutoModelForCausalLM.from_config(config)
    return fresh.to(input_device(model), model.dtype).eval()
