"""Neurons of the last layer that could change the entropy alone, and whether they do."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .._inputs import SKIPPED_POSITIONS
from ..data.corpora import documentation_texts, encyclopaedia_texts
from ..data.corpus_files import corpora_are_fetched
from ..data.windows import text_chunks
from ..evaluation.intervals import bootstrap
from ..evaluation.verdicts import claim_verdict, control_bar
from ..neurons.ablation import ablation_sweep
from ..neurons.activations import activations
from ..neurons.geometry import Geometry
from .numbers import finite, interval_record

LEAST_READ = 6  # directions, as in lessons 19 and 20
SUSPECTS = 6
CONTROLS = 60
TEXTS = 40
LENGTH = 24  # tokens of each text
TOLERANCE = 1e-3  # nats
SMALLEST_EFFECT = 1e-3  # nats: a share of less means nothing
MODERATE_QUANTILE = 0.99  # of rho by chance: suspects above it are worth the name


def neurons_part(model, tokenizer, weights: Geometry) -> dict:
    """Return the neurons that write most where the unembedding reads least, with verdicts.

    Args:
        weights: the model's `geometry`.

    Raises:
        ValueError: a text along which the sweep refuses the model, in its words.
    """
    rho = weights.null_space_fraction(LEAST_READ).numpy()
    suspects = rho.argsort()[::-1][:SUSPECTS].copy()
    source, ids = _texts(tokenizer)
    controls = _controls(model, ids, weights, suspects)
    total, direct, change = _effects(model, ids, [*suspects, *controls])
    control_shares = _shares(total[:, len(suspects) :], direct[:, len(suspects) :])
    known = control_shares[np.isfinite(control_shares)]
    return {
        "left_out": None,
        "layer": _last_layer(model),
        "k": LEAST_READ,
        "neurons": len(rho),
        "text": source,
        "texts": len(ids),
        "chance": {
            "median": weights.chance(LEAST_READ),
            "high": weights.chance(LEAST_READ, MODERATE_QUANTILE),
        },
        "rows": [
            _row(neuron, rho[neuron], total[:, i], direct[:, i], change[i], known)
            for i, neuron in enumerate(suspects.tolist())
        ],
        "controls": {
            "count": len(known),
            "bar": finite(control_bar(known)) if len(known) else None,
            "low": finite(np.quantile(known, 0.05)) if len(known) else None,
            "high": finite(np.quantile(known, 0.95)) if len(known) else None,
        },
    }


def share_through_norm(total: np.ndarray, direct: np.ndarray) -> float:
    """Return 1 - direct / total of the mean absolute loss changes of the texts."""
    return float(1 - direct.mean() / total.mean())


def _texts(tokenizer) -> tuple[str, Tensor]:
    """Return where the texts come from, and one passage of each, ``(texts, tokens)``."""
    if corpora_are_fetched():
        source, articles = "Wikipedia (held-out articles)", encyclopaedia_texts("held-out")
    else:
        source, articles = "the documentation of this package", documentation_texts()
    passages: list[Tensor] = []
    for article in articles:
        if len(passages) == TEXTS:
            break
        if len(tokenizer(article, add_special_tokens=False, verbose=False).input_ids) >= LENGTH:
            passages.append(text_chunks(tokenizer, [article], length=LENGTH, count=1)[0])
    return source, torch.stack(passages)


def _controls(model, ids: Tensor, weights: Geometry, suspects: np.ndarray) -> list[int]:
    """Return other neurons that move the stream about as far as the suspects do.

    Lesson 20's strictest control: length of the output weights times the mean distance of the
    activation from its mean.
    """
    rows = torch.stack([activations(model, text) for text in ids])  # (texts, tokens, neurons)
    rows = rows[:, SKIPPED_POSITIONS:-1].double()
    distance = (rows - rows.mean((0, 1))).abs().mean((0, 1))
    loud = (weights.norms * distance).numpy()
    others = np.setdiff1d(np.arange(len(loud)), suspects)
    nearest = [others[np.abs(loud[others] - loud[one]).argsort()] for one in suspects]
    in_turn = np.stack(nearest, 1).ravel().tolist()
    return list(dict.fromkeys(in_turn))[:CONTROLS]


def _effects(
    model, ids: Tensor, neurons: Sequence[int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean absolute changes by ablation: of the loss, in all and with the norm frozen.

    Each is ``(texts, neurons)``; and of the entropy, ``(neurons,)``.
    """
    inside = torch.zeros(ids.shape, dtype=torch.bool)
    inside[:, SKIPPED_POSITIONS:-1] = True

    def to_mean(values: Tensor) -> Tensor:
        return values[inside.flatten()].mean(0)

    sweep = _sweep(model, ids, neurons, to_mean)

    def of_texts(values: Tensor) -> np.ndarray:
        by_text = values.abs().view(*ids.shape, -1)[:, SKIPPED_POSITIONS:-1]
        return by_text.double().mean(1).numpy()

    clean = sweep.clean
    total = of_texts(sweep.loss - clean.loss[:, None])
    direct = of_texts(sweep.direct.loss - clean.loss[:, None])
    change = of_texts(sweep.entropy - clean.entropy[:, None]).mean(0)
    return total, direct, change


def _sweep(model, ids: Tensor, neurons: Sequence[int], value):
    """Ablate the neurons, in the fast way where the model has one."""
    listed = [int(neuron) for neuron in neurons]
    try:
        return ablation_sweep(model, ids, listed, value=value, tolerance=TOLERANCE)
    except ValueError as error:
        if "tolerance" not in str(error):
            raise
        return ablation_sweep(model, ids, listed, value=value)


def _shares(total: np.ndarray, direct: np.ndarray) -> np.ndarray:
    """Return each neuron's share through the norm; nan where its effect is next to nothing."""
    pairs = zip(total.T, direct.T)
    shares = [
        share_through_norm(one, other) if one.mean() >= SMALLEST_EFFECT else np.nan
        for one, other in pairs
    ]
    return np.array(shares)


def _row(
    neuron: int,
    rho: float,
    total: np.ndarray,
    direct: np.ndarray,
    change: float,
    controls: np.ndarray,
) -> dict:
    row: dict = {
        "neuron": neuron,
        "rho": float(rho),
        "entropy_change": float(change),
        "loss_change": float(total.mean()),
        "share": None,
        "verdict": None,
    }
    if total.mean() >= SMALLEST_EFFECT:
        share = bootstrap(share_through_norm, total, direct)
        row["share"] = interval_record(share)
        if len(controls):
            row["verdict"] = claim_verdict(*share, controls.tolist())
    return row


def _last_layer(model) -> int:
    return int(model.config.get_text_config().num_hidden_layers) - 1
