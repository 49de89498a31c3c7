"""Settings for a test run: processor cores shared fairly, and what nbval compares when it runs the lessons."""

import os

if workers := int(
    os.environ.get("PYTEST_XDIST_WORKER_COUNT", 0)
):  # read by torch, also in the lessons' kernels
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))


def pytest_collectstart(collector):
    """Compare printed text only.

    HTML carries unrounded shades and tooltips; warnings and progress bars go to stderr; claims stand in asserts.
    """
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html", "stderr")
