"""What each neuron of the last layer does: silence it, and read entropy, loss, KL and the top token anew, for every token.

Nothing runs again. Between the last MLP and the logits there is only the final norm and the unembedding, so moving one
activation by delta moves the residual x along that neuron's output weights w, and every logit by two known vectors:

    s'^2 = s^2 + (2 delta <x, w> + delta^2 |w|^2) / width         the norm's denominator, before and after
    z'   = c + a y + b u,   y = z - c,   u = W w
    total effect:  a = s / s',  b = delta / s'        direct effect (the denominator frozen):  a = 1,  b = delta / s

W is the unembedding with the norm's gain folded in, c what the biases add; for a LayerNorm x and w are centred. So a neuron
and a token cost one pass over the vocabulary, no product with the unembedding. Where that is not so (a norm after the MLP,
several neurons at once) the new residual itself goes through norm and unembedding.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace

import torch
from torch import Tensor
from tqdm import tqdm

from .._inputs import IGNORE_INDEX, one_text_ids
from ..architecture.final_norm import FinalNorm, final_norm
from ..architecture.last_mlp import LastLayerNeurons, last_layer_neurons
from ..architecture.parts import ModelParts, model_parts
from ..architecture.unembedding import effective_unembedding
from ._head_tail import Columns, Tail, estimate
from ._shifted_logits import Positions, read, shifted

ELEMENTS = {"cpu": 2**20, "cuda": 2**26}  # so many logits at a time: what the processor keeps near
POSITIONS = 256  # so many positions' own logits at a time
COLUMNS = 128  # so many columns of W w at a time, in the fast mode


@dataclass(eq=False)
class Effects:
    """What the model says, for every token and ablated neuron: ``(tokens, columns)``, in nats; for the clean model ``(tokens,)``.

    Attributes:
        entropy: of the next-token distribution.
        loss: -log p(next token); nan where a sequence ends.
        kl: KL(clean || ablated).
        argmax_changed: whether another token is now likelier than the clean model's top token.
        kl_unigram: KL(unigram || model), where a unigram was given.
        rank: how many tokens are likelier than the next one (0: it is the top token), -1 where a sequence ends; None in fast mode
            except for the clean model.
    """

    entropy: Tensor
    loss: Tensor
    kl: Tensor
    argmax_changed: Tensor
    kl_unigram: Tensor | None = None
    rank: Tensor | None = None


@dataclass(eq=False)
class Sweep(Effects):
    """`Effects` of ablation (the total effect), with the others beside it.

    Attributes:
        direct: the same with the denominator of the final norm frozen at its clean value.
        frozen: the total effect with the logits' part along a given direction kept at its clean value, or None.
        clean: the model left alone.
        activations: ``(tokens, neurons)`` of the whole layer, before ablation.
        redone: which share of the pairs the fast mode computed exactly after all; 1 in exact mode.
    """

    direct: Effects = field(kw_only=True)
    frozen: Effects | None = field(kw_only=True)
    clean: Effects = field(kw_only=True)
    activations: Tensor = field(kw_only=True)
    redone: float = field(kw_only=True, default=1.0)


@torch.no_grad()
def ablation_sweep(
    model,
    input_ids,
    neurons: Sequence | None = None,
    *,
    value: str | float | Tensor | Callable = "mean",
    tolerance: float = 0.0,
    unigram: Tensor | None = None,
    freeze: Tensor | None = None,
    progress: bool = True,
) -> Sweep:
    """Ablate last-layer neurons one by one, at every token of a text.

    Args:
        input_ids: ``(tokens,)``, or ``(sequences, tokens)``; the rows of the result are then sequence by sequence.
        neurons: which ones (None: all, in order); or lists of neurons, each list ablated together.
        value: what the activation becomes: "mean" over all positions given (the first ones of a text, too), "zero", a number, a
            tensor that fits ``(tokens, neurons of the layer)``, or a function from these activations to new ones (clipping, say).
        tolerance: 0 computes every pair exactly. Above 0 most pairs are computed from the likely tokens and the moments of the
            rest, with no entropy, loss or KL further from the exact one than so many nats (rounding aside); pairs for which
            that cannot be promised are computed exactly.
        unigram: ``(vocabulary,)`` probabilities, all above 0, to fill ``kl_unigram``.
        freeze: ``(vocabulary,)`` a direction v in the space of logits to fill ``frozen``: z' + ((z - z') . v) v, |v| = 1. Its mean
            is taken away first: what is added to all logits changes no probability.

    Returns:
        A `Sweep` on the CPU. From the last residual on it is computed in float32 (float64 for such a model) whatever the model's
        precision; where a norm follows the MLP the model runs again in its own. Leave TF32 off, as torch does.

    Raises:
        ValueError: neurons, value, tolerance or vectors that do not fit; a fast mode asked for where there is none (a softcap, a
            norm after the MLP, groups); a mixture of experts; else as `model_parts`.

    Source: arXiv 2406.16254, sections 3 and 4; the identity above is ours.
    """
    scene = _look(model, input_ids, unigram, freeze)
    groups = _groups(neurons, scene.activations.shape[1])
    shift = _new_values(value, scene.activations) - scene.activations
    single = scene.neurons.adds_to_stream and all(len(group) == 1 for group in groups)
    if not 0 <= tolerance < float("inf") or (
        tolerance and not (single and scene.parts.softcap is None)
    ):
        raise ValueError(
            f"tolerance={tolerance}: it must be 0 or larger and finite, and 0 for groups of neurons, for a norm after "
            "the MLP and for a softcap on the logits."
        )
    columns = [group[0] for group in groups] if single else groups
    way = _by_residuals if not single else _fast if tolerance else _exact
    with tqdm(
        total=len(shift) * len(groups), desc="ablation", disable=not progress, leave=False
    ) as bar:
        pieces = [
            _small(scene, way(scene, part, columns, shift, bar, tolerance))
            for part in _slices(len(shift), POSITIONS)
        ]
    return _sweep(scene, pieces)


@dataclass(eq=False)
class _Scene:
    """Everything about a text that no ablation changes. P positions, N neurons, V rows of the unembedding."""

    model: object
    ids: Tensor  # (sequences, tokens)
    parts: ModelParts
    form: FinalNorm
    neurons: LastLayerNeurons
    residual: Tensor  # (P, width) float64, what enters the final norm
    activations: Tensor  # (P, N) float64
    unembedding: Tensor  # (V, width), gain folded in; centred over the vocabulary where no softcap would notice
    constant: Tensor  # (V,) what the biases add to the logits
    targets: Tensor  # (P,)
    unigram: Tensor | None
    freeze: Tensor | None

    def clean(self, part: slice) -> Positions:
        """The model left alone, at some positions."""
        y = self.normed(self.residual[part]) @ self.unembedding.T
        return Positions(y + self.constant, y, self.targets[part], self.parts.softcap, self.unigram)

    def normed(self, residual: Tensor, scale: Tensor | None = None) -> Tensor:
        """Centred and divided, gain and bias left out."""
        scale = self.form.scale(residual) if scale is None else scale
        return (self.form.centre(residual) / scale).to(self.unembedding)

    @property
    def budget(self) -> int:
        return ELEMENTS["cuda" if self.unembedding.is_cuda else "cpu"]


def _look(model, input_ids, unigram, freeze) -> _Scene:
    parts, neurons, ids = model_parts(model), last_layer_neurons(model), torch.as_tensor(input_ids)
    if ids.ndim not in (1, 2) or not ids.numel():
        raise ValueError(
            f"need token ids (tokens,) or (sequences, tokens), and at least one; got shape {tuple(ids.shape)}."
        )
    ids = torch.cat([one_text_ids(model, row) for row in (ids[None] if ids.ndim == 1 else ids)])
    form, like = final_norm(parts), neurons.weight
    with neurons.record_activations() as found:
        residual = _run(model, parts, ids)
    activations = torch.cat([values.reshape(-1, len(like)) for values in found]).double()
    targets = torch.cat([ids[:, 1:], torch.full_like(ids[:, :1], IGNORE_INDEX)], 1).flatten()
    unembedding = effective_unembedding(parts, form, like.dtype)
    if parts.softcap is None:
        unembedding -= unembedding.mean(0)
    constant = _constant(parts, form).to(unembedding)
    vectors = [
        _vector(name, values, constant)
        for name, values in (("unigram", unigram), ("freeze", freeze))
    ]
    there = [values.to(unembedding.device) for values in (residual, activations)]
    return _Scene(
        model,
        ids,
        parts,
        form,
        neurons,
        *there,
        unembedding,
        constant,
        targets.to(unembedding.device),
        *vectors,
    )


def _run(model, parts: ModelParts, ids: Tensor) -> Tensor:
    """What enters the final norm, sequence by sequence, ``(P, width)``."""
    rows = []
    for row in ids:
        with parts.record_stream() as stream:
            model.base_model(input_ids=row[None], use_cache=False)
        rows.append(stream[-1][0])
    return torch.cat(rows).double()


def _constant(parts: ModelParts, form: FinalNorm) -> Tensor:
    """What the biases of norm and unembedding add to the logits, ``(V,)`` float64."""
    head = parts.unembedding
    bias = form.bias if parts.project is None else parts.project.weight.double() @ form.bias
    found = bias.new_empty(
        len(head.weight)
    )  # filled in place: small blocks between large ones would keep memory from being reused
    for rows in _slices(len(found), 4096):
        torch.mv(head.weight[rows].double(), bias, out=found[rows])
    found = found if getattr(head, "bias", None) is None else found + head.bias.double()
    return found * (parts.scale / parts.divisor)


def _exact(scene: _Scene, part: slice, columns: list[int], shift: Tensor, bar, _) -> dict:
    """Every pair by one pass over the vocabulary."""
    clean, settings = scene.clean(part), _settings(scene, part, columns, shift)
    vectors, found = _vectors(scene, columns), []
    for block in _slices(len(columns), max(1, scene.budget // len(scene.unembedding))):
        u = vectors[block] @ scene.unembedding.T
        found.append(
            _pairs(
                scene,
                clean,
                u,
                {
                    kind: (alpha[:, block], beta[:, block])
                    for kind, (alpha, beta) in settings.items()
                },
                scene.freeze,
            )
        )
        bar.update(len(u) * len(clean.y))
    return _join(found, 1) | _alone(scene, clean)


def _fast(
    scene: _Scene, part: slice, columns: list[int], shift: Tensor, bar, tolerance: float
) -> dict:
    """Every pair from head and tail; those whose bound exceeds the tolerance by one pass over the vocabulary."""
    order = (
        shift[part][:, columns].abs().amax(0) * _vectors(scene, columns).norm(dim=1)
    ).argsort()  # like to like: see `estimate`
    columns = [columns[i] for i in order.tolist()]
    clean, settings, vectors = (
        scene.clean(part),
        _settings(scene, part, columns, shift),
        _vectors(scene, columns),
    )
    views = [(clean, scene.unembedding, settings)]
    if (
        scene.freeze is not None
    ):  # the same algebra with that direction taken out of the unembedding
        blind = scene.unembedding - torch.outer(scene.freeze, scene.freeze @ scene.unembedding)
        views.append(
            (
                replace(clean, y=scene.normed(scene.residual[part]) @ blind.T),
                blind,
                {"frozen": settings["total"]},
            )
        )
    found, alone, again = {}, {}, []
    for at, unembedding, kinds in views:
        tail, blocks = Tail(at, unembedding), []
        for block in _slices(len(columns), COLUMNS):
            some = {
                kind: (alpha[:, block], beta[:, block]) for kind, (alpha, beta) in kinds.items()
            }
            blocks.append(_estimated(at, tail, unembedding, vectors[block], some, tolerance))
            bar.update(len(vectors[block]) * len(at.y) // len(views))
        found |= _join(blocks, 1)
        if (
            at is clean
        ):  # by the same way, so that what a neuron does not do is 0 to the last digits
            nothing = clean.y.new_zeros(len(clean.y), 1)
            alone = _estimated(
                at,
                tail,
                unembedding,
                torch.zeros_like(vectors[:1]),
                {"clean": (nothing, nothing)},
                tolerance,
            )
        del tail  # what is done again needs the memory
        again.append(
            ~(torch.stack([found.pop((kind, "bound")) for kind in kinds]).amax(0) <= tolerance)
        )
        _exactly(scene, at, unembedding, vectors, kinds, again[-1], found)
    place = order.argsort()
    found = {key: value[:, place] for key, value in found.items()}
    return found | _alone(scene, clean) | alone | {("all", "redone"): torch.cat(again, 1)}


def _estimated(
    at: Positions, tail: Tail, unembedding: Tensor, vectors: Tensor, kinds: dict, tolerance: float
) -> dict:
    """What one block of columns does, and how far that can be off."""
    u, found = unembedding @ vectors.T, {}
    moments = Columns(tail, vectors, u)
    for kind, setting in kinds.items():
        values, bound = estimate(at, moments, *setting, tolerance)
        values["bound"] = bound
        found |= {
            (kind, name): value.to(u) if value.is_floating_point() else value
            for name, value in values.items()
        }
    return found


def _exactly(
    scene: _Scene,
    at: Positions,
    unembedding: Tensor,
    vectors: Tensor,
    kinds: dict,
    again: Tensor,
    found: dict,
):
    """Put the exact effects of some pairs (T, columns) in their place: position by position, all kinds of a pair at once."""
    step = max(1, scene.budget // len(unembedding) // len(kinds))
    rows, *space = unembedding.new_empty(3, 1, step * len(kinds), len(unembedding))
    for block in again.any(0).nonzero()[:, 0].split(4 * COLUMNS):
        u = vectors[block] @ unembedding.T
        for t in again[:, block].any(1).nonzero()[:, 0].tolist():
            one = at[t : t + 1]
            for some in again[t, block].nonzero()[:, 0].split(step):
                chosen, count = block[some], len(some) * len(kinds)
                own = torch.index_select(u, 0, some.repeat(len(kinds)), out=rows[0, :count])
                factors = [
                    torch.cat([values[t, chosen] for values in both])[None]
                    for both in zip(*kinds.values())
                ]
                exact = _few(
                    one,
                    own,
                    one.p @ own.T,
                    {"all": factors},
                    [values[:, :count] for values in space],
                    ranked=False,
                )
                for (_, name), value in exact.items():
                    for kind, part in zip(kinds, value[0].chunk(len(kinds))):
                        found[kind, name][t, chosen] = part.to(found[kind, name])


def _by_residuals(
    scene: _Scene, part: slice, columns: list[list[int]], shift: Tensor, bar, _
) -> dict:
    """Groups of neurons, and blocks that end with a norm: the new residual itself through norm and unembedding."""
    clean, before, found = scene.clean(part), scene.residual[part], []
    scale = scene.form.scale(before)
    for group in columns:
        residual, blocks = _moved(scene, part, group, shift), {}
        for kind, frozen_scale in (("total", None), ("direct", scale)):
            moved = scene.normed(residual, frozen_scale) - scene.normed(before)
            logits = (clean.logits + moved @ scene.unembedding.T)[:, None]
            blocks |= _read(
                clean, clean.capped(logits), kind, torch.empty_like(logits), scene.freeze
            )
        found.append(blocks)
        bar.update(len(clean.y))
    return _join(found, 1) | _alone(scene, clean)


def _moved(scene: _Scene, part: slice, group: list[int], shift: Tensor) -> Tensor:
    """The residual when a group's activations are shifted; by a run of the model where the MLP's output is normed first."""
    if scene.neurons.adds_to_stream:
        return scene.residual[part] + shift[part][:, group] @ scene.neurons.weight[group].double()
    length, chosen = scene.ids.shape[1], torch.zeros_like(shift[0])
    chosen[group] = 1
    first, last = (
        part.start // length,
        -(-part.stop // length),
    )  # the sequences in which these positions are
    rows = iter(shift[first * length : last * length].split(length))
    with scene.neurons.edit_activations(lambda a: a + (next(rows) * chosen).view(a.shape).to(a)):
        residual = _run(scene.model, scene.parts, scene.ids[first:last])
    return residual[part.start - first * length : part.stop - first * length].to(scene.residual)


def _settings(
    scene: _Scene, part: slice, columns: list[int], shift: Tensor
) -> dict[str, tuple[Tensor, Tensor]]:
    """alpha = a - 1 and beta = b of the total and of the direct effect, each (T, columns)."""
    x, w, delta = (
        scene.form.centre(scene.residual[part]),
        _vectors(scene, columns).double(),
        shift[part][:, columns],
    )
    scale = scene.form.scale(scene.residual[part])
    square = scale**2 + (2 * delta * (x @ w.T) + delta**2 * w.square().sum(1)) / x.shape[1]
    new = square.clamp(min=scene.form.epsilon).sqrt()
    pairs = dict(
        total=(scale / new - 1, delta / new), direct=(torch.zeros_like(delta), delta / scale)
    )
    return {
        kind: tuple(values.to(scene.unembedding) for values in pair) for kind, pair in pairs.items()
    }


def _vectors(scene: _Scene, columns: list[int]) -> Tensor:
    return scene.form.centre(scene.neurons.weight[columns])


def _pairs(
    scene: _Scene, clean: Positions, u: Tensor, settings: dict, freeze: Tensor | None
) -> dict:
    """Exact effects of columns u (B, V) at all positions, a few positions at a time."""
    step = max(1, scene.budget // u.numel())
    space, found, mean_u = u.new_empty(2, min(step, len(clean.y)), *u.shape), [], clean.p @ u.T
    for some in _slices(len(clean.y), step):
        factors = {kind: (alpha[some], beta[some]) for kind, (alpha, beta) in settings.items()}
        at = clean[some]
        found.append(_few(at, u, mean_u[some], factors, space[:, : len(at.y)], freeze))
    return _join(found, 0)


def _few(
    at: Positions,
    u: Tensor,
    mean_u: Tensor,
    settings: dict,
    space: Tensor,
    freeze: Tensor | None = None,
    ranked: bool = True,
) -> dict:
    """The same at few positions; ``space`` is memory twice as large as the logits, ``mean_u`` (T, B) the clean model's mean of u."""
    found, (out, other) = {}, space
    for kind, (alpha, beta) in settings.items():
        logits = shifted(at, u, alpha, beta, out)
        drift = alpha * at.mean_y[:, None] + beta * mean_u if at.softcap is None else None
        found |= _read(at, logits, kind, other, freeze, drift, ranked)
    return found


def _read(
    at: Positions,
    logits: Tensor,
    kind: str,
    space: Tensor,
    freeze: Tensor | None,
    drift: Tensor | None = None,
    ranked: bool = True,
) -> dict:
    found = {(kind, name): value for name, value in read(at, logits, space, drift, ranked).items()}
    if freeze is not None and kind == "total":
        lost = (at.z @ freeze)[:, None] - logits @ freeze
        logits.addcmul_(lost[..., None], freeze)
        found |= {("frozen", name): value for name, value in read(at, logits, space).items()}
    return found


def _alone(scene: _Scene, clean: Positions) -> dict:
    nothing = clean.y.new_zeros(len(clean.y), 1)
    return _pairs(scene, clean, torch.zeros_like(clean.y[:1]), {"clean": (nothing, nothing)}, None)


def _small(scene: _Scene, found: dict) -> dict:
    """As precise as the results are to be, and on the CPU."""
    return {
        key: (value.to(scene.unembedding.dtype) if value.is_floating_point() else value).cpu()
        for key, value in found.items()
    }


def _sweep(scene: _Scene, pieces: list[dict]) -> Sweep:
    found, names = _join(pieces, 0), [entry.name for entry in fields(Effects)]
    redone = found.pop(("all", "redone"), torch.ones(1)).double().mean().item()
    kinds = {
        kind: {name: found[kind, name] for name in names if (kind, name) in found}
        for kind in {kind: None for kind, _ in found}
    }
    clean = Effects(**{name: value[:, 0] for name, value in kinds["clean"].items()})
    return Sweep(
        **kinds["total"],
        direct=Effects(**kinds["direct"]),
        clean=clean,
        activations=scene.activations.float().cpu(),
        frozen=Effects(**kinds["frozen"]) if "frozen" in kinds else None,
        redone=redone,
    )


def _join(pieces: list[dict], axis: int) -> dict:
    return {key: torch.cat([piece[key] for piece in pieces], axis) for key in pieces[0]}


def _slices(length: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]


def _groups(neurons: Sequence | None, count: int) -> list[list[int]]:
    neurons = neurons.tolist() if hasattr(neurons, "tolist") else neurons
    chosen = (
        [[i] for i in range(count)]
        if neurons is None
        else [[*n] if hasattr(n, "__iter__") else [n] for n in neurons]
    )
    groups = [[int(i) for i in group] for group in chosen]
    wrong = [
        group
        for group in groups
        if not group or len({*group}) < len(group) or not all(0 <= i < count for i in group)
    ]
    if wrong or not groups:
        raise ValueError(
            f"neurons must be numbers in 0..{count - 1}, or lists of different ones; "
            f"got {wrong[0] if wrong else neurons}."
        )
    return groups


def _new_values(value, activations: Tensor) -> Tensor:
    """What the activations become, as wide as they are."""
    if isinstance(value, str):
        if value not in ("mean", "zero"):
            raise ValueError(
                f'value must be "mean", "zero", a number, a tensor or a function, got {value!r}.'
            )
        value = activations.mean(0) if value == "mean" else 0.0
    value = value(activations.cpu().clone()) if callable(value) else value
    value = torch.as_tensor(value, dtype=activations.dtype, device=activations.device)
    fits = value.ndim <= 2 and all(
        size in (1, full) for size, full in zip(value.shape[::-1], activations.shape[::-1])
    )
    if not (fits and value.isfinite().all()):
        raise ValueError(
            f"value has shape {tuple(value.shape)} and must be finite and fit the activations, "
            f"(tokens, neurons) = {tuple(activations.shape)}."
        )
    return value.expand_as(activations)


def _vector(name: str, values: Tensor | None, like: Tensor) -> Tensor | None:
    """A vector over the vocabulary: probabilities, or a direction of length 1."""
    if values is None:
        return None
    vector = torch.as_tensor(values).to(like.device, torch.float64)
    if (
        vector.shape != like.shape
        or not vector.isfinite().all()
        or (name == "unigram" and not (vector > 0).all())
    ):
        raise ValueError(
            f"{name} must have one finite number for each of {len(like)} rows of the unembedding"
            f"{', all above 0 (smooth the counts)' if name == 'unigram' else ''}; got shape {tuple(vector.shape)}."
        )
    size = vector.sum() if name == "unigram" else vector.norm()
    if abs(size - 1) > 1e-3:
        raise ValueError(
            f"{name} must {'sum to 1' if name == 'unigram' else 'have length 1'}, got {size:.4g}."
        )
    vector = vector if name == "unigram" else vector - vector.mean()
    return (vector / (vector.sum() if name == "unigram" else vector.norm())).to(like)
