"""What the neuron scatter shows: every neuron of the last layer, by weights and by ablation.

The texts and rules are those of the lessons on entropy neurons and on token-frequency neurons.
"""

import numpy as np
import torch
from data_file import significant

from uncertainty import (
    SKIPPED_POSITIONS,
    ablation_sweep,
    count_unigram,
    documentation_texts,
    encyclopaedia_texts,
    frequency_cosine,
    frequency_direction,
    geometry,
    logit_variance,
    model_parts,
    news_texts,
    text_chunks,
)

LEAST_READ = 6  # directions, for rho
ENOUGH = 0.001  # nats; of a smaller effect no share is told
LENGTH = 24  # tokens of a passage


def neurons_data(model, tokenizer) -> dict:
    """Return the columns of the scatter, a number for each neuron, and the neurons to mark."""
    columns = {**weight_columns(model, tokenizer), **ablation_columns(model, passages(tokenizer))}
    by_rho = np.argsort(-np.array(columns["rho"]), kind="stable")
    by_frequency = np.argsort(-np.abs(columns["frequency"]), kind="stable")
    return {
        "layer": len(model_parts(model).blocks) - 1,
        "marked": [
            {"kind": "rho", "neurons": by_rho[:6].tolist()},
            {"kind": "frequency", "neurons": by_frequency[:3].tolist()},
        ],
        "columns": {name: _short(values) for name, values in columns.items()},
    }


def weight_columns(model, tokenizer) -> dict[str, np.ndarray]:
    """Return what the weights alone say of every neuron, ``(neurons,)`` each.

    ``norm``: the length of the output vector; ``rho``: the part of it in the six directions that
    the unembedding reads least; ``variance``: of its cosines with the rows of the unembedding;
    ``frequency``: the cosine of what it adds to the logits with log word frequency.
    """
    found = geometry(model)
    without_mean = int(found.centred)
    corpora = (encyclopaedia_texts("fit"), news_texts("fit"), documentation_texts())
    vocabulary = len(model_parts(model).unembedding.weight)
    counted = [
        count_unigram(text_chunks(tokenizer, texts, length=48), vocabulary) for texts in corpora
    ]
    direction = frequency_direction(sum(counted) / len(counted))
    return {
        "norm": found.norms.numpy(),
        "rho": found.null_space_fraction(LEAST_READ + without_mean).numpy(),
        "variance": logit_variance(model).numpy(),
        "frequency": frequency_cosine(model, direction).numpy(),
    }


def passages(tokenizer) -> torch.Tensor:
    """Return the texts to measure on, ``(passages, LENGTH)`` token ids, one from each article."""
    articles = [*encyclopaedia_texts("held-out"), *news_texts("held-out")[:60]]
    return torch.cat([text_chunks(tokenizer, [text], length=LENGTH, count=1) for text in articles])


def ablation_columns(model, texts: torch.Tensor) -> dict[str, np.ndarray]:
    """Return what giving each neuron its mean activation changes, ``(neurons,)`` each.

    ``entropy``: the mean absolute change of the entropy, in nats; ``share``: the part of it that
    goes through the norm, nan where the whole is below `ENOUGH`; ``flips``: the share of tokens
    whose likeliest next token changes. The first positions and the last of a passage are left out.
    """
    inside = torch.zeros(texts.shape, dtype=torch.bool)
    inside[:, SKIPPED_POSITIONS:-1] = True
    kept = inside.flatten()
    sweep = ablation_sweep(
        model, texts, value=lambda activations: activations[kept].mean(0), tolerance=1e-3
    )
    clean = sweep.clean.entropy[kept, None]
    total = (sweep.entropy[kept] - clean).abs().double().mean(0).numpy()
    direct = (sweep.direct.entropy[kept] - clean).abs().double().mean(0).numpy()
    share = np.full(len(total), np.nan)
    enough = total >= ENOUGH
    share[enough] = 1 - direct[enough] / total[enough]
    flips = sweep.argmax_changed[kept].double().mean(0).numpy()
    return {"entropy": total, "share": share, "flips": flips}


def _short(values: np.ndarray) -> list[float | None]:
    """Return three significant digits of each number, None for nan."""
    return [None if np.isnan(value) else significant(float(value), 3) for value in values]
