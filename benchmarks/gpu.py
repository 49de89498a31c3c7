"""Lens and sweep on a GPU beside their floors and beside the plain way, for a 7B shape with random weights.

    python benchmarks/gpu.py [--shape 7b] [--tokens 256] [--neurons 512]
    python benchmarks/gpu.py --shape tiny --device cpu     # a dry run of seconds: its ratios mean nothing

Floors: the lens' bare products (every depth's states with the unembedding, and nothing else), in bfloat16 and in float32;
the sweep's one pass of multiply, add and exp over every logit of every neuron and token. The plain way: a log-softmax
at each depth, as a notebook would write it; a forward pass with a hook for each neuron, timed on a few and scaled.
Methods take turns; compare the ratios of medians. Without a CUDA device it says so and does nothing.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from uncertainty import ablation_sweep, last_layer_neurons, logit_lens, model_parts

ROUNDS = 5
HOOKED_NEURONS = 8
SHAPES = {
    "7b": dict(
        vocab_size=32_000,
        hidden_size=4096,
        intermediate_size=11_008,
        num_hidden_layers=32,
        num_attention_heads=32,
    ),
    "tiny": dict(
        vocab_size=512,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
    ),
}


def random_model(shape: str, device: torch.device):
    """Return a Llama of this shape in bfloat16, made on the device."""
    config = LlamaConfig(**SHAPES[shape], dtype=torch.bfloat16)
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with device:
            return LlamaForCausalLM(config).eval()
    finally:
        torch.set_default_dtype(before)


def seconds(run: Callable, device: torch.device) -> float:
    """Time one run, until the device has finished."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    start = time.perf_counter()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def compare(methods: dict[str, Callable], device: torch.device) -> dict[str, float]:
    """Return the median seconds of each method; they take turns, after one round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in methods}
    for number in range(ROUNDS + 1):
        for name, run in methods.items():
            taken = seconds(run, device)
            if number:
                times[name].append(taken)
    return {name: median(taken) for name, taken in times.items()}


def lens_methods(model, ids) -> dict[str, Callable]:
    parts = model_parts(model)
    weight = parts.unembedding.weight
    with parts.record_stream() as stream:
        model.base_model(input_ids=ids[None], use_cache=False)
    states = [state[0] for state in stream]  # (tokens, width) for each depth

    def products(dtype):
        converted = weight.to(dtype)
        return lambda: [state.to(dtype) @ converted.T for state in states]

    def plain():
        with parts.record_stream() as stream:
            model.base_model(input_ids=ids[None], use_cache=False)
        for state in stream:
            log_p = parts.logits(state[0]).float().log_softmax(-1)
            -(log_p.exp() * log_p).sum(-1)

    return {
        "floor: products in bfloat16": products(torch.bfloat16),
        "floor: products in float32": products(torch.float32),
        "forward pass alone": lambda: model.base_model(input_ids=ids[None], use_cache=False),
        "logit_lens, float32 head": lambda: logit_lens(model, ids),
        "logit_lens, the model's own head": lambda: logit_lens(model, ids, float32_head=False),
        "plain: log-softmax at each depth": plain,
    }


def sweep_methods(model, ids, neurons: list[int]) -> dict[str, Callable]:
    vocabulary = len(model_parts(model).unembedding.weight)
    layer = last_layer_neurons(model)
    device = model.device
    row = torch.randn(len(ids), vocabulary, device=device)

    def one_pass():
        for _ in neurons:
            torch.addcmul(row, row, row).exp_().sum(-1)

    def hooked():
        for neuron in neurons[:HOOKED_NEURONS]:

            def silence(a, neuron=neuron):
                changed = a.clone()
                changed[..., neuron] = 0
                return changed

            with layer.edit_activations(silence):
                model(input_ids=ids[None], use_cache=False).logits.float().log_softmax(-1)

    options = dict(value="zero", progress=False)
    return {
        "floor: one pass a neuron": one_pass,
        "ablation_sweep, exact": lambda: ablation_sweep(model, ids, neurons, **options),
        "ablation_sweep, tolerance 1e-3": lambda: ablation_sweep(
            model, ids, neurons, tolerance=1e-3, **options
        ),
        f"plain: a pass each ({HOOKED_NEURONS} neurons, scaled)": hooked,
    }


def show(title: str, times: dict[str, float], *, floor: str) -> None:
    print(f"\n{title}\n\n| method | seconds | x floor |\n|---|---|---|")
    for name, taken in times.items():
        print(f"| {name} | {taken:.4f} | {taken / times[floor]:.2f} |")


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="7b")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--neurons", type=int, default=512)
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("No CUDA device here, so nothing was measured; `--shape tiny --device cpu` tries it.")
        return
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    model = random_model(options.shape, device)
    ids = torch.arange(options.tokens, device=device) % model.config.vocab_size
    title = f"{options.shape}, {options.tokens} tokens, {name}, torch {torch.__version__}"

    times = compare(lens_methods(model, ids), device)
    show(f"Lens: {title}", times, floor="floor: products in bfloat16")

    neurons = list(range(min(options.neurons, model.config.intermediate_size)))
    times = compare(sweep_methods(model, ids, neurons), device)
    scaled = next(name for name in times if name.startswith("plain"))
    times[scaled] *= len(neurons) / HOOKED_NEURONS
    show(f"Sweep of {len(neurons)} neurons: {title}", times, floor="floor: one pass a neuron")


if __name__ == "__main__":
    main()
