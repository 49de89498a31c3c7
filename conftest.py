"""Settings for a test run: cores shared fairly, no progress bars, what nbval compares in lessons."""

import os

if workers := int(
    os.environ.get("PYTEST_XDIST_WORKER_COUNT", 0)
):  # read by torch, also in the lessons' kernels
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))

# In a lesson a progress bar is a widget: an output that the kept notebook does not have.
os.environ.setdefault("TQDM_DISABLE", "1")


def pytest_collectstart(collector):
    """Compare printed text only.

    HTML carries unrounded shades and tooltips; warnings go to stderr; claims stand in asserts.
    """
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html", "stderr")
