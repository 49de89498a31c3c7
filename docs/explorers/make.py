"""Compute what the explorers show, and write it to docs/explorers/data.

``python docs/explorers/make.py``             all of it, on the default model
``python docs/explorers/make.py threshold``   only one

The pages load these files and compute nothing of the model themselves, so they need no kernel.
"""

import argparse
import time

from data_file import write_data
from lens_data import lens_data
from neurons_data import neurons_data
from threshold_data import threshold_data
from tokens_data import tokens_data

from uncertainty import load_model

MAKERS = {
    "tokens": tokens_data,
    "lens": lens_data,
    "neurons": neurons_data,
    "threshold": threshold_data,
}


def main() -> None:
    """Write the files that were asked for, and say which."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"{', '.join(MAKERS)}; default: all")
    names = parser.parse_args().names or list(MAKERS)
    if unknown := set(names) - set(MAKERS):
        parser.error(f"there is no explorer called {', '.join(sorted(unknown))}.")
    model, tokenizer = load_model()
    for name in names:
        started = time.perf_counter()
        line = write_data(name, MAKERS[name](model, tokenizer))
        print(f"{line}, {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
