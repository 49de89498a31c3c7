"""transformers' tensor parallelism: what needs only logits is right in two processes, all else is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from placed_models import CALLS, agree, said, small_model

from uncertainty import load_model

# What reads weights, hidden layers or heads.
REFUSED = {
    "ablation_sweep",
    "activations",
    "answer_states",
    "answers_with_depth",
    "attention_patterns",
    "bos_ablation",
    "compare_with_unigrams",
    "decision_steps",
    "effective_unembedding",
    "entropy_expansion",
    "final_norm",
    "first_order",
    "frequency_cosine",
    "generate_with_lens",
    "geometry",
    "heads_attend_to_bos",
    "induction_scores",
    "jacobian_lens",
    "last_layer_neurons",
    "last_streams",
    "lens_losses",
    "logit_lens",
    "logit_variance",
    "losses_without_block",
    "model_parts",
    "needs_geometry",
    "nucleus_sizes",
    "null_space_fraction",
    "predicted_unigram",
    "prompt_entropies",
    "read_nuclei",
    "read_stream",
    "replay_heads",
    "replay_sweep",
    "reround_linear_layers",
    "resid_mid_modules",
    "scaled_depth",
    "scaled_depths",
    "skipped_block",
    "text_stream",
    # and what names its results by the whole model's weights
    "answers_by_step",
    "answers_by_token",
    "cached_results",
    "evidence_measures",
    "first_token_doubts",
    "given_answer_measures",
    "given_by_step",
    "greedy_answers",
    "kept_answer_states",
    "option_log_probabilities",
    "sampled_answers",
    "second_turn_replies",
    "word_choice_logits",
}


def compare(folder):
    """Run in each of two processes."""
    split, tokenizer = load_model(folder, tp_plan="auto")
    whole, _ = load_model(folder, device="cpu")
    assert "DTensor" in {type(weight).__name__ for weight in split.parameters()}
    for name in CALLS:
        if name in REFUSED:
            with pytest.raises(ValueError, match="split over processes"):
                said(name, split, tokenizer)
        else:
            agree(name, said(name, split, tokenizer), said(name, whole, tokenizer))
    print("compared")


def test_two_processes_agree_with_one(tmp_path):
    for part in small_model():
        part.save_pretrained(tmp_path / "model")
    tests = Path(__file__).parent
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "UNCERTAINTY_CACHE": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)]),
    }
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
    launch += ["--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0", __file__]
    found = subprocess.run(
        [*launch, str(tmp_path / "model")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert found.returncode == 0, found.stderr[-3000:]
    assert found.stdout.count("compared") == 2


@pytest.mark.parametrize(
    "options, words",
    [
        ({}, r"this is only one: start your script with `torchrun --nproc-per-node"),
        ({"device": "cpu"}, r"does not go with device='cpu'"),
        ({"device_map": "auto"}, r"does not go with device_map='auto'"),
        ({"quantize": "nf4"}, r"does not go with quantize='nf4'"),
    ],
)
def test_without_torchrun_or_with_other_places_it_is_refused(monkeypatch, options, words):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with pytest.raises(ValueError, match=words):
        load_model("smollm2-135m", tp_plan="auto", **options)
    with pytest.raises(ValueError, match="tp_plan='rows' is not known"):
        load_model("smollm2-135m", tp_plan="rows")


if __name__ == "__main__":
    with torch.no_grad():
        compare(sys.argv[1])
