"""The logit lens beside its floor and beside other libraries; an answer's profile.

    python benchmarks/lens.py [tokens]     # 256 tokens unless told; the target for memory is set for 1024

The task: entropy, cross-entropy to the next token, KL to the final row and the top token, at all depths of the default
model, and the profile of one answer. The floor is the bare matrix products of the same shapes. Each method has a
process of its own, in which it takes turns with the floor. Compare the ratios of the medians: seconds depend on the
machine and on what else it does. Other libraries: pip install nnsight transformer-lens tuned-lens.

Why not 1.2 of the floor on a CPU. Measured on one core (AVX-512, 2 MB of second-level cache), in units of the floor, the
best of four, other work beside it: the product into a buffer that is used again 0.98 to 1.04, the forward pass 0.19;
together they are 1.2 already. What is left is some ten passes over the logits: the largest of each piece of 64 (0.07),
comparison with the target for the rank, counted (0.09), subtraction of the largest (0.02 to 0.05), exp (0.04 to 0.08),
its sum (0.01 to 0.04), both means for the KLs (0.06), product and sum for the entropy (0.04 to 0.10); 0.38 in tiles of
512 x 512, 0.53 in tiles of 2,048 x 2,048. They wait for memory, not for arithmetic: the product leaves the cache full
of its own panels, so the first pass over either buffer costs three times what it costs in a warm cache. Smaller tiles
save up to 0.15 there and lose it to the product and to the calls, so 1.65 to 1.9 is what is measured on that core, the
same within its noise as with a softmax (1.8, at four times the buffers); 1.46 was measured with that on two cores. Less
needs all passes in one loop over each tile, a compiled kernel, which this package does without. TransformerLens 4.3's
own chunked `logit_lens` takes 2.99 on that core, depth by depth 3.4.
"""

import argparse
import ctypes
import gc
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from pydoc_data.topics import topics
from statistics import median
from typing import NamedTuple

import psutil
import torch

from uncertainty import generate, generate_with_lens, load_model, logit_lens

ROUNDS, WARM_UP, COMPARED = 3, 4, 32
ROWS, COLUMNS = 1024, 4096  # the floor's blocks
DEPTHS, VOCABULARY = 31, 49_152
PROMPT, STEPS = "Tell me a long story about a lighthouse and the sea.", 64


# --- the methods: each takes (model, tokenizer) and gives a function from token ids to entropies, (depths, tokens) ----


def ours(model, tokenizer):
    return lambda ids: logit_lens(model, ids, targets=[*ids[1:].tolist(), -100]).entropy


def body(model, tokenizer):
    def run(ids):
        model.base_model(ids[None], use_cache=False)

    return run


def depth_by_depth(model, tokenizer):
    def read(ids):
        last = []  # transformers' own last hidden state is normed already
        hook = model.base_model.norm.register_forward_pre_hook(
            lambda _, inputs: last.append(inputs[0])
        )
        states = model.base_model(
            ids[None], use_cache=False, output_hidden_states=True
        ).hidden_states
        hook.remove()
        final, found = None, []
        for state in reversed([*states[:-1], *last]):
            log_p = model.lm_head(model.base_model.norm(state[0])).log_softmax(-1)
            final = log_p if final is None else final
            kl_to_final = (final.exp() * (final - log_p)).sum(-1)
            cross_entropy = -log_p[:-1].gather(-1, ids[1:, None])[:, 0]
            found.append((entropy_of(log_p), cross_entropy, kl_to_final, log_p.argmax(-1)))
        return torch.stack([values[0] for values in reversed(found)])

    return read


def in_nnsight(model, tokenizer):
    from nnsight import LanguageModel

    wrapped = LanguageModel(model, tokenizer=tokenizer)

    def read(ids):
        with wrapped.trace(ids[None]):
            states = wrapped.model.embed_tokens.output
            found = [entropy_of(wrapped.lm_head(wrapped.model.norm(states)).log_softmax(-1))]
            for layer in wrapped.model.layers:
                states = layer.output
                found.append(
                    entropy_of(wrapped.lm_head(wrapped.model.norm(states)).log_softmax(-1))
                )
            entropies = torch.cat(found).save()
        return entropies

    return read


def entropy_lens(model, tokenizer):
    from transformer_lens.model_bridge import TransformerBridge

    name = "HuggingFaceTB/SmolLM2-135M-Instruct"  # with hf_model it is looked up nowhere
    bridge = TransformerBridge.boot_transformers(name, hf_model=model, tokenizer=tokenizer)

    def entropy(p):
        p = p.softmax(-1)  # the logits can go
        return -(p * torch.log(p + 1e-20)).sum(-1)

    def read(ids):
        wanted = [
            "blocks.0.hook_resid_pre",
            *(f"blocks.{layer}.hook_resid_post" for layer in range(DEPTHS - 1)),
        ]
        _, cache = bridge.run_with_cache(ids[None], names_filter=wanted)
        return entropy(bridge.unembed(bridge.ln_final(torch.cat([cache[name] for name in wanted]))))

    return read


def chunked_readout(model, tokenizer):
    """TransformerLens 4.3's own `logit_lens`: chunks of 64 rows, full rows of the vocabulary."""
    from transformer_lens.model_bridge import TransformerBridge
    from transformer_lens.tools.analysis import logit_lens as their_lens

    name = "HuggingFaceTB/SmolLM2-135M-Instruct"  # with hf_model it is looked up nowhere
    bridge = TransformerBridge.boot_transformers(name, hf_model=model, tokenizer=tokenizer)

    def read(ids):
        targets = torch.cat([ids[1:], ids[:1]])[None]  # it knows no "nothing to predict"
        found = their_lens(
            bridge, ids[None], positions=None, targets=targets, return_type="log_probs"
        )
        return found.readout.entropy[:, 0]  # (depths, tokens)

    return read


def trajectory(model, tokenizer):
    from tuned_lens import model_surgery

    model_surgery._transformer_lens_available = (
        False  # else it asks TransformerLens for a class that 4.0 removed
    )
    from tuned_lens.nn.lenses import LogitLens
    from tuned_lens.plotting import PredictionTrajectory

    lens = LogitLens.from_model(model)

    def read(ids):
        targets = [*ids[1:].tolist(), 0]  # it knows no "nothing to predict"
        found = PredictionTrajectory.from_lens_and_model(lens, model, ids.tolist(), targets=targets)
        entropy, _, _, _ = (
            found.entropy(),
            found.cross_entropy(),
            found.forward_kl(),
            found.log_probs.argmax(-1),
        )
        return torch.from_numpy(entropy.stats)

    return read


def entropy_of(log_p):
    return -(log_p.exp() * log_p).sum(-1)


class Method(NamedTuple):
    prepare: Callable
    gives: str
    package: str = "torch"
    copies: int = 0  # how often it holds the logits of all depths and tokens at once


METHODS = {
    "ours": Method(ours, "all four, and reverse KL, rank"),
    "body alone": Method(body, "the forward pass, no lens"),
    "depth by depth": Method(depth_by_depth, "all four"),
    "nnsight": Method(in_nnsight, "less: entropy, in the trace", "nnsight"),
    "TransformerLens": Method(
        entropy_lens, "less: entropy, as Entropy-Lens", "transformer_lens", 4
    ),
    "its logit_lens": Method(
        chunked_readout, "entropy, cross-entropy, rank", "transformer_lens.tools.analysis"
    ),
    "tuned-lens": Method(trajectory, "all four, its trajectory", "tuned_lens", 4),
}


# --- in the child: one method, alone with the model -------------------------------------------------------------------


@torch.no_grad()
def measure(name: str, tokens: int, reference: str) -> dict:
    model, tokenizer = load_model(device="cpu")
    ids = text(tokenizer, tokens)
    call = METHODS[name].prepare(model, tokenizer)
    call(ids[:WARM_UP])
    memory = peak_memory(lambda: call(ids))
    states = torch.randn(
        DEPTHS * tokens, model.config.hidden_size, generator=torch.Generator().manual_seed(0)
    )
    floor, method = timed(lambda: products(states, model.lm_head.weight), lambda: call(ids))
    found, exact = call(ids[:COMPARED]), torch.load(reference)
    error = None if found is None else (found.double() - exact).abs().max().item()
    assert error is None or error < 1e-3, (
        f"an entropy is off by {error:.0e}: all must measure the same thing"
    )
    return dict(floor=floor, ratio=method / floor, megabytes=memory / 1e6, error=error)


def text(tokenizer, tokens: int) -> torch.Tensor:
    """The first tokens of Python's own help texts."""
    words = "\n".join(topics.values())[: 20 * tokens]
    ids = tokenizer(words, return_tensors="pt").input_ids[0, :tokens]
    assert len(ids) == tokens, f"the text has {len(ids)} tokens only"
    return ids


def products(states, weight):
    """The floor: multiply and throw away."""
    for rows in states.split(ROWS):
        for columns in weight.split(COLUMNS):
            torch.nn.functional.linear(rows, columns)


def peak_memory(call) -> int:
    """Bytes by which the process grows at most during the call, looked at every 5 ms."""
    process, done = psutil.Process(), threading.Event()
    give_back_free_memory()
    seen = [process.memory_info().rss]

    def watch():
        while not done.wait(0.005):
            seen.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    call()
    done.set()
    watcher.join()
    return max(seen) - seen[0]


def give_back_free_memory():
    """Else a call that is small could live on what loading the model has left over, and seem to need nothing."""
    gc.collect()
    if sys.platform == "linux":
        with suppress(AttributeError):  # not every C library can
            ctypes.CDLL(None).malloc_trim(0)


def timed(*calls) -> list[float]:
    """Median seconds of each call, the calls taking turns so that all meet the same disturbances."""
    seconds = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, record in zip(calls, seconds):
            started = time.perf_counter()
            call()
            record.append(time.perf_counter() - started)
    return [median(record) for record in seconds]


@torch.no_grad()
def save_reference(tokens: int, path: str) -> dict:
    """Entropies of the first tokens in float64; transformers' own norm would round them to float32 on the way."""
    model, tokenizer = load_model(device="cpu")
    norms = [
        module for module in model.double().modules() if type(module).__name__.endswith("RMSNorm")
    ]
    for norm in norms:
        norm.forward = partial(
            torch.nn.functional.rms_norm,
            normalized_shape=norm.weight.shape,
            weight=norm.weight,
            eps=norm.variance_epsilon,
        )
    torch.save(depth_by_depth(model, tokenizer)(text(tokenizer, tokens)[:COMPARED]), path)
    return {}


def profile() -> dict:
    """The lens at every step of an answer, beside the answer alone."""
    model, tokenizer = load_model(device="cpu")
    generate_with_lens(model, tokenizer, [PROMPT], max_new_tokens=2)
    plain, lens = timed(
        lambda: generate(model, tokenizer, PROMPT, max_new_tokens=STEPS),
        lambda: generate_with_lens(model, tokenizer, [PROMPT], max_new_tokens=STEPS),
    )
    return dict(
        ratio=lens / plain, steps=len(generate(model, tokenizer, PROMPT, max_new_tokens=STEPS))
    )


# --- in the parent: start the children, print what they found ---------------------------------------------------------


def child(name: str, tokens: int, reference: str) -> dict:
    """What a child printed last; why there is nothing, otherwise."""
    package, copies = METHODS[name][2:] if name in METHODS else ("torch", 0)
    need = copies * DEPTHS * tokens * VOCABULARY * 4
    if not is_installed(package):
        return dict(reason="not installed")
    if need > 0.8 * psutil.virtual_memory().available:
        return dict(reason=f"not run: needs about {need / 1e9:.0f} GB of memory")
    command = [sys.executable, __file__, str(tokens), "--only", name, "--reference", reference]
    ran = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"HF_HUB_OFFLINE": "1"}
    )
    if ran.returncode:
        return dict(
            reason=f"failed ({ran.returncode}): {(ran.stderr.strip() or 'killed').splitlines()[-1][:80]}"
        )
    return json.loads(ran.stdout.splitlines()[-1])


def is_installed(package: str) -> bool:
    """Whether a package, or a module of one that only its later versions have, is there."""
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # its parent is missing
        return False


def print_row(name: str, found: dict, best: dict):
    start = f"{name:16s} {METHODS[name].gives:31s}"
    if "reason" in found:
        return print(start, found["reason"], flush=True)
    error = "" if found["error"] is None else f"{found['error']:.0e}"
    compared = "ratio" in best and METHODS[name].prepare not in (ours, body)
    faster = f"{found['ratio'] / best['ratio']:.2f} x" if compared else ""
    print(
        f"{start}{found['ratio']:6.2f} x{faster:>12s}{found['megabytes']:9.0f} MB{error:>10s}",
        flush=True,
    )


def print_verdict(tokens: int, found: dict):
    best, others = found["ours"], [name for name in METHODS if name not in ("ours", "body alone")]
    if "reason" in best:
        sys.exit(f"ours {best['reason']}")
    print(
        f"\nours: {best['ratio']:.2f} x the floor (target: 1.3 at most); {best['megabytes']:.0f} MB at {tokens} "
        "tokens (target: 200 at most, at 1024)"
    )
    ran = [name for name in others if "ratio" in found[name]]
    slower = [name for name in ran if found[name]["ratio"] > best["ratio"]]
    print(
        f"ours is ahead of {len(slower)} of the {len(ran)} that ran (target: all): {', '.join(slower)}"
    )
    floors = [one["floor"] for one in found.values() if "floor" in one]
    print(
        f"the floor took {min(floors):.2f} to {max(floors):.2f} s in the children; if these are far apart, the "
        "machine was busy"
    )


def main(tokens: int):
    print(
        f"{DEPTHS} depths x {tokens} tokens, {torch.get_num_threads()} threads, medians of {ROUNDS} rounds\n"
        f"{'method':17s}{'computes':31s}{'/ floor':>8s}{'ours faster':>12s}{'memory':>12s}{'error':>10s}"
    )
    with tempfile.TemporaryDirectory() as folder:
        reference, found = str(Path(folder) / "entropy.pt"), {}
        trouble = child("reference", tokens, reference)
        if trouble:
            sys.exit(f"the float64 reference {trouble['reason']}")
        for name in METHODS:
            found[name] = child(name, tokens, reference)
            print_row(name, found[name], found["ours"])
    print_verdict(tokens, found)
    told = child("profile", tokens, reference)
    print(
        "the profile of an answer:",
        told.get("reason")
        or f"{told['ratio']:.2f} x generate alone (target: 1.6 at "
        f"most), {told['steps']} tokens of {STEPS}",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("tokens", type=int, nargs="?", default=256)
    parser.add_argument(
        "--only", choices=[*METHODS, "reference", "profile"], help="what a child does"
    )
    parser.add_argument("--reference", help="the file of the float64 entropies")
    asked = parser.parse_args()
    if asked.only == "reference":
        print(json.dumps(save_reference(asked.tokens, asked.reference)))
    elif asked.only == "profile":
        print(json.dumps(profile()))
    elif asked.only:
        print(json.dumps(measure(asked.only, asked.tokens, asked.reference)))
    else:
        main(asked.tokens)
