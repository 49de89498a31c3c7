"""Settings for a test run: cores shared fairly, no progress bars, what nbval compares."""

import os

workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 0))
if workers:
    threads = max(1, (os.cpu_count() or 1) // workers)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))  # torch reads it, in kernels, too

# In a lesson a progress bar is a widget: an output that the kept notebook does not have.
os.environ.setdefault("TQDM_DISABLE", "1")


def pytest_collectstart(collector):
    """Compare printed text only.

    HTML carries unrounded shades and tooltips; warnings go to stderr; a claim's data says what its
    printed line says (tests/test_ledger.py).
    """
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html", "stderr", "application/vnd.uncertainty.claim+json")
