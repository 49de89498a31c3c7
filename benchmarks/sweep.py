"""The ablation sweep beside the algorithm it replaces, beside its floor, and beside TransformerLens' hooks.

    python benchmarks/sweep.py [tokens]     # 256 tokens unless told: the targets are set for these

The task: mean ablation of every neuron of the last MLP, total and direct effect (the final norm's denominator frozen):
entropy, loss of the next token, KL from the clean model, whether the top token changes. Two models: the default one
(RMSNorm) and a GPT-2 small with random weights (LayerNorm, flat distributions). Each method has a process of its own, in
which it takes turns with the reference; the slow ones do a few neurons, and their seconds are scaled. What happens once a
text (the clean pass) is left out for other libraries and counted for this one. Errors: against the reference in float64, 24 neurons.
Compare the ratios: seconds depend on the machine and on what else it does. Other library: pip install transformer-lens.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psutil
import torch
from lens import ROUNDS, entropy_of, peak_memory, text, timed
from transformers import GPT2Config, GPT2LMHeadModel

from uncertainty import ablation_sweep, load_model
from uncertainty.neurons._tail_moments import HEAD_TOKENS

CHUNK, YARDSTICK, SAMPLE = (
    20,
    8,
    24,
)  # neurons at a time; neurons the reference is timed on; neurons checked in float64
TOLERANCE = 1e-3
FLOOR = 2**19, 200  # so many exps in a row, so often


# --- the models -------------------------------------------------------------------------------------------------------


class Case(NamedTuple):
    title: str
    hub_name: str  # with hf_model it is looked up nowhere
    load: Callable
    neurons: int
    vocabulary: int
    known: tuple = ()  # neurons with a large effect


def trained(tokens: int):
    model, tokenizer = load_model(device="cpu")
    return model, tokenizer, text(tokenizer, tokens)


def random_gpt2(tokens: int):
    tokenizer = load_model(device="cpu")[1]  # TransformerLens wants one, any
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config()).eval()
    return model, tokenizer, torch.randint(model.config.vocab_size, (tokens,))


CASES = {
    "default": Case(
        "SmolLM2-135M-Instruct",
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        trained,
        1536,
        49_152,
        (830, 1022, 1272, 999),
    ),
    "gpt2": Case("GPT-2 small, random weights", "gpt2", random_gpt2, 3072, 50_257),
}


class Scene(NamedTuple):
    """The clean model: T tokens, N neurons."""

    case: Case
    model: torch.nn.Module
    tokenizer: object
    ids: torch.Tensor
    norm: torch.nn.Module
    output_weights: torch.Tensor  # (N, width)
    residual: torch.Tensor  # (T, width) what enters the final norm
    means: torch.Tensor  # (N,) of the activations
    shift: torch.Tensor  # (T, N) from activation to mean
    log_p: torch.Tensor  # (T, V)


def look(case: Case, tokens: int, dtype: torch.dtype = torch.float32) -> Scene:
    model, tokenizer, ids = case.load(tokens)
    model, body = model.to(dtype), model.base_model
    in_gpt2 = hasattr(body, "ln_f")
    norm, last = (
        (body.ln_f, body.h[-1].mlp.c_proj)
        if in_gpt2
        else (body.norm, body.layers[-1].mlp.down_proj)
    )
    if dtype == torch.float64 and not in_gpt2:
        stay_in_float64(model)
    entered = []
    hooks = [
        part.register_forward_pre_hook(lambda _, inputs: entered.append(inputs[0][0]))
        for part in (last, norm)
    ]
    log_p = model(ids[None], use_cache=False).logits[0].log_softmax(-1)
    for hook in hooks:
        hook.remove()
    activations, residual = entered
    means = activations.mean(0)
    weights = last.weight if in_gpt2 else last.weight.T
    return Scene(
        case, model, tokenizer, ids, norm, weights, residual, means, means - activations, log_p
    )


def stay_in_float64(model):
    """transformers' own norms would round to float32 on the way."""
    for norm in [module for module in model.modules() if type(module).__name__.endswith("RMSNorm")]:
        norm.forward = partial(
            torch.nn.functional.rms_norm,
            normalized_shape=norm.weight.shape,
            weight=norm.weight,
            eps=norm.variance_epsilon,
        )


# --- the methods: each takes a scene and gives a function from neurons to (4, 2, T, neurons) --------------------------
# --- entropy, loss, KL, whether the top token changed; total and direct -----------------------------------------------


def ours(scene: Scene, tolerance: float = 0.0, told: dict | None = None):
    def run(neurons):
        sweep = ablation_sweep(scene.model, scene.ids, neurons, tolerance=tolerance, progress=False)
        if told is not None:
            told["recomputed_share"] = sweep.recomputed_share
        both = [
            [effects.entropy, effects.loss, effects.kl, effects.argmax_changed]
            for effects in (sweep, sweep.direct)
        ]
        return torch.stack([torch.stack(pair) for pair in zip(*both)])

    return run


def reference(scene: Scene, chunk: int = CHUNK):
    """Some neurons' residuals through norm, unembedding and softmax, as the paper's code does it."""
    weight, bias = scene.norm.weight, getattr(scene.norm, "bias", None)
    scale = (
        scene.norm(scene.residual)
        .sub(0 if bias is None else bias)
        .div(weight * centred(scene, scene.residual))
    )
    scale = scale.median(-1, keepdim=True).values.reciprocal()

    def frozen(residual):
        normed = centred(scene, residual) / scale * weight
        return normed if bias is None else normed + bias

    def run(neurons):
        found = []
        for some in torch.tensor(neurons).split(chunk):
            residual = (
                scene.residual + scene.shift.T[some, :, None] * scene.output_weights[some, None]
            )
            found.append(
                torch.stack(
                    [
                        said(scene, scene.model.lm_head(norm(residual)))
                        for norm in (scene.norm, frozen)
                    ],
                    1,
                )
            )
        return torch.cat(found, 2).transpose(2, 3)

    return run


def centred(scene: Scene, residual):
    return (
        residual - residual.mean(-1, keepdim=True)
        if isinstance(scene.norm, torch.nn.LayerNorm)
        else residual
    )


def said(scene: Scene, logits) -> torch.Tensor:
    """What is asked of some neurons' logits, (neurons, T, V): (4, neurons, T)."""
    log_p = logits.log_softmax(-1)
    loss = torch.full(log_p.shape[:2], torch.nan, dtype=log_p.dtype)
    loss[:, :-1] = -log_p[:, :-1].gather(-1, scene.ids[None, 1:, None].expand(len(log_p), -1, -1))[
        ..., 0
    ]
    kl = (scene.log_p.exp() * (scene.log_p - log_p)).sum(-1)
    return torch.stack(
        [entropy_of(log_p), loss, kl, (log_p.argmax(-1) != scene.log_p.argmax(-1)).to(log_p)]
    )


def in_transformer_lens(scene: Scene):
    from transformer_lens.model_bridge import TransformerBridge

    bridge = TransformerBridge.boot_transformers(
        scene.case.hub_name, hf_model=scene.model, tokenizer=scene.tokenizer
    )
    last, scale = (
        f"blocks.{scene.model.config.num_hidden_layers - 1}.mlp.hook_post",
        "ln_final.hook_scale",
    )
    clean = bridge.run_with_cache(scene.ids[None], names_filter=scale)[1][scale]
    warnings.filterwarnings("ignore", message="A forward hook edited")

    def to_mean(activations, hook, neuron):
        activations[..., neuron] = scene.means[neuron]
        return activations

    def run(neurons):
        found = []
        for neuron in neurons:
            ablate, freeze = (last, partial(to_mean, neuron=neuron)), (scale, lambda _, hook: clean)
            found.append(
                torch.stack(
                    [
                        said(scene, bridge.run_with_hooks(scene.ids[None], fwd_hooks=hooks))
                        for hooks in ([ablate], [ablate, freeze])
                    ],
                    1,
                )
            )
        return torch.cat(found, 2).transpose(2, 3)

    return run


class Method(NamedTuple):
    prepare: Callable
    timed: float = 1.0  # how many neurons, or which share of all: every so-manieth
    held: float = 1.0  # the same, while memory is looked at
    kept: int = 0  # tokens of the vocabulary kept for a pair, 0 for all: for the floor
    package: str = "torch"
    copies: int = 0  # how often it holds the logits of a chunk at once


METHODS = {
    "reference": Method(reference, timed=YARDSTICK, held=CHUNK, copies=5),
    "exact": Method(ours, timed=0.25),
    "fast": Method(partial(ours, tolerance=TOLERANCE), kept=HEAD_TOKENS),
    "TransformerLens": Method(in_transformer_lens, timed=4, held=2, package="transformer_lens"),
}


# --- in the child: one method, alone with the model -------------------------------------------------------------------


@torch.no_grad()
def measure(name: str, case: Case, tokens: int, folder: Path) -> dict:
    method, scene, told = METHODS[name], look(case, tokens), {}
    own = method.kept or method.prepare is ours
    run = method.prepare(scene, told=told) if own else method.prepare(scene)
    held, piece = spread(case.neurons, method.held), spread(case.neurons, method.timed)
    run(held[:1])
    results = []
    megabytes = peak_memory(lambda: results.append(run(held))) / 1e6
    expected = torch.load(folder / "float64.pt")
    found = (
        results[0][..., expected["neurons"]]
        if len(held) == case.neurons
        else run(expected["neurons"])
    )
    told |= compared(found, expected["found"]) | dict(megabytes=megabytes)
    if own:
        torch.save(results[0], folder / f"{name}.pt")
    calls = [
        lambda: reference(scene)(spread(case.neurons, YARDSTICK)),
        lambda: run(piece),
        lambda: exps(values),
    ]
    values = torch.randn(FLOOR[0])
    yardstick, seconds, floor = timed(*calls)
    yardstick, seconds = yardstick * case.neurons / YARDSTICK, seconds * case.neurons / len(piece)
    floor *= 2 * case.neurons * tokens * (method.kept or case.vocabulary) / (FLOOR[0] * FLOOR[1])
    return told | dict(
        yardstick=yardstick, seconds=seconds, floor=floor if own else None, timed=len(piece)
    )


def compared(found, expected) -> dict:
    """Largest errors of the entropy, and how many pairs disagree about the top token."""
    errors = [(found[what].double() - expected[what]).abs().nan_to_num() for what in range(3)]
    assert max(error.max() for error in errors) < 0.05, (
        "entropy, loss or KL is off: all must measure the same thing"
    )
    return dict(
        total=errors[0][0].max().item(),
        direct=errors[0][1].max().item(),
        flags=int((found[3] != expected[3]).sum()),
    )


def exps(values):
    """The floor: take exps and throw them away."""
    space = torch.empty_like(values)
    for _ in range(FLOOR[1]):
        torch.exp(values, out=space)


def spread(neurons: int, wanted: float) -> list[int]:
    """So many neurons, or such a share of them, evenly spread."""
    count = int(neurons * wanted) if wanted <= 1 else int(wanted)
    return [place * neurons // count for place in range(count)]


@torch.no_grad()
def save_float64(case: Case, tokens: int, folder: Path) -> dict:
    """The reference in float64: the neurons known for a large effect, those that write most, and some others."""
    scene = look(case, tokens, torch.float64)
    loudest = (
        (scene.shift.abs().mean(0) * scene.output_weights.norm(dim=1))
        .topk(SAMPLE // 3)
        .indices.tolist()
    )
    neurons = [*dict.fromkeys([*case.known, *loudest, *spread(case.neurons, SAMPLE)])][:SAMPLE]
    torch.save(
        dict(neurons=neurons, found=reference(scene, chunk=2)(neurons)), folder / "float64.pt"
    )
    return {}


# --- in the parent: start the children, print what they found ---------------------------------------------------------


def child(name: str, case: str, tokens: int, folder: str) -> dict:
    """What a child printed last; why there is nothing, otherwise."""
    package, copies = METHODS[name][-2:] if name in METHODS else ("torch", 0)
    need = copies * CHUNK * tokens * CASES[case].vocabulary * 4
    if not importlib.util.find_spec(package):
        return dict(reason="not installed")
    if need > 0.8 * psutil.virtual_memory().available:
        return dict(reason=f"not run: needs about {need / 1e9:.0f} GB of memory")
    command = [
        sys.executable,
        __file__,
        str(tokens),
        "--only",
        name,
        "--case",
        case,
        "--folder",
        folder,
    ]
    ran = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"HF_HUB_OFFLINE": "1"}
    )
    if ran.returncode:
        return dict(
            reason=f"failed ({ran.returncode}): {(ran.stderr.strip() or 'killed').splitlines()[-1][:80]}"
        )
    return json.loads(ran.stdout.splitlines()[-1])


def print_row(name: str, found: dict):
    if "reason" in found:
        return print(f"{name:16s}", found["reason"], flush=True)
    floor = f"{found['seconds'] / found['floor']:.1f} x" if found["floor"] else ""
    print(
        f"{name:16s}{found['timed']:6d}{found['seconds']:9.1f} s{found['yardstick'] / found['seconds']:9.1f} x{floor:>9s}"
        f"{found['megabytes']:8.0f} MB{found['total']:9.0e}{found['direct']:9.0e}{found['flags']:7d}",
        flush=True,
    )


def print_verdict(found: dict, folder: Path):
    failed = [
        f"{name} {found[name]['reason']}" for name in ("exact", "fast") if "reason" in found[name]
    ]
    if failed:
        sys.exit("ours: " + "; ".join(failed))
    for name, target in (("exact", 10), ("fast", 150)):
        one = found[name]
        print(
            f"ours, {name}: {one['yardstick'] / one['seconds']:.1f} x faster than the reference (target: {target} at least), "
            f"{one['megabytes']:.0f} MB (target: 700 at most)"
        )
    exact, fast = (torch.load(folder / f"{name}.pt") for name in ("exact", "fast"))
    told = compared(fast, exact.double())
    print(
        f"fast against exact, all {exact[0].numel()} pairs and kinds: entropy off by {told['total']:.0e} (total), "
        f"{told['direct']:.0e} (direct) at most\n(target: {TOLERANCE:.0e}), {told['flags']} disagree about the top token "
        f"(target: 0); {found['fast']['recomputed_share']:.2%} of the pairs computed exactly"
    )
    yardsticks = [one["yardstick"] for one in found.values() if "yardstick" in one]
    print(
        f"the reference took {min(yardsticks):.0f} to {max(yardsticks):.0f} s in the children; if these are far apart, the "
        "machine was busy\n"
    )


def main(tokens: int, cases: list[str]):
    for case in cases:
        title, neurons, vocabulary = CASES[case].title, CASES[case].neurons, CASES[case].vocabulary
        print(
            f"{title}: {neurons} neurons x {tokens} tokens, {vocabulary} logits, {torch.get_num_threads()} threads, medians of "
            f"{ROUNDS} rounds, scaled to all neurons\n{'method':16s}{'timed':>6s}{'seconds':>11s}{'faster':>11s}{'/ floor':>9s}"
            f"{'memory':>11s}{'error':>9s}{'direct':>9s}{'flags':>7s}"
        )
        with tempfile.TemporaryDirectory() as folder:
            trouble = child("float64", case, tokens, folder)
            if trouble:
                sys.exit(f"the float64 reference {trouble['reason']}")
            found = {}
            for name in METHODS:
                found[name] = child(name, case, tokens, folder)
                print_row(name, found[name])
            print_verdict(found, Path(folder))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("tokens", type=int, nargs="?", default=256)
    parser.add_argument("--case", choices=[*CASES], help="one of the models (both, otherwise)")
    parser.add_argument("--only", choices=[*METHODS, "float64"], help="what a child does")
    parser.add_argument("--folder", type=Path, help="where children leave what they found")
    asked = parser.parse_args()
    if asked.only == "float64":
        print(json.dumps(save_float64(CASES[asked.case], asked.tokens, asked.folder)))
    elif asked.only:
        print(json.dumps(measure(asked.only, CASES[asked.case], asked.tokens, asked.folder)))
    else:
        main(asked.tokens, [asked.case] if asked.case else [*CASES])
