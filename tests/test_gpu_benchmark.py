"""benchmarks/gpu.py: it says when there is no GPU, and its dry run measures every method."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parent.parent


def run(*arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    found = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "gpu.py"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    return found.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_it_says_so_in_one_sentence():
    said = run()
    assert said.startswith("No CUDA device here") and said.count("\n") == 1


def test_the_dry_run_measures_every_method():
    said = run("--shape", "tiny", "--device", "cpu", "--tokens", "12", "--neurons", "16")
    rows = [
        line.split(" | ") for line in said.splitlines() if " | " in line and "x floor" not in line
    ]
    assert len(rows) == 6 + 4
    assert all(float(seconds) > 0 for _, seconds, _ in rows)
    floors = [row for row in rows if row[2] == "1.00 |"]
    assert len(floors) >= 2 and "Lens: tiny, 12 tokens, CPU" in said
