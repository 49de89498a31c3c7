"""The progress bar of everything that takes long: a widget in a notebook, a line elsewhere."""

import os

from tqdm.auto import tqdm


def progress_bar(*, total: int, description: str, shown: bool = True) -> tqdm:
    """Return a bar that disappears when it is done; use it in a ``with`` statement.

    Nothing is shown where ``shown`` is False or the environment variable TQDM_DISABLE is set, which
    tqdm's own widget does not read: a kept notebook must not hold a widget.
    """
    is_silenced = bool(os.environ.get("TQDM_DISABLE"))
    return tqdm(total=total, desc=description, leave=False, disable=is_silenced or not shown)
