"""The command line: open the lessons, check this machine, prefetch the models, report on one.

`uncertainty` and `python -m uncertainty` are the same.
"""

import argparse
import sys
from pathlib import Path

import uncertainty

from .course.lab import open_lab
from .course.machine_check import check_machine
from .loading.errors import ModelUnavailable
from .loading.pinned_files import DEFAULT
from .report.options import add_report_options


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Args:
        arguments: the words after the program's name; ``None`` takes them from the command line.
    """
    parser = _parser()
    options, unknown = parser.parse_known_args(arguments)
    if options.command == "lab":
        return open_lab(unknown)
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options.run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_program_name())
    parser.add_argument(
        "--version", action="version", version=f"uncertainty {uncertainty.__version__}"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "lab",
        help="open JupyterLab on the first lesson",
        usage="%(prog)s [-h] [FILE or FOLDER] [options of jupyter lab]",
        description="Open JupyterLab on the first lesson, or on the file or folder that is named; "
        "also as root, and also without a display. Options are passed on: see jupyter lab --help.",
    )
    check_parser = commands.add_parser(
        "check", help="will the lessons run on this machine, and how fast?"
    )
    check_parser.set_defaults(run=lambda options: check())
    prefetch_parser = commands.add_parser(
        "prefetch", help="fetch the course model and the corpora now, for lessons without a network"
    )
    prefetch_parser.add_argument(
        "--to", metavar="FOLDER", help="a folder to carry to other machines, such as a USB stick"
    )
    prefetch_parser.add_argument(
        "--gemma", action="store_true", help="gemma3-270m too; this accepts the Gemma terms"
    )
    prefetch_parser.add_argument(
        "--embeddings",
        action="store_true",
        help="the sentence-embedding model too, 83 MB, for measures that compare meanings",
    )
    prefetch_parser.set_defaults(
        run=lambda options: prefetch(options.to, gemma=options.gemma, embeddings=options.embeddings)
    )
    report_parser = commands.add_parser(
        "report",
        help="which doubts of a model can be trusted on your questions, or the course's?",
        description="Ask a model questions, grade its answers, and write a page (and the same as "
        "JSON) about which of its doubts can be trusted on them. A run that is stopped goes on "
        "where it was.",
    )
    add_report_options(report_parser)
    report_parser.set_defaults(run=report)
    return parser


def _program_name() -> str:
    """Return how the program was called: with ``python -m`` the first argument is this file."""
    if Path(sys.argv[0]).name == "__main__.py":
        return "python -m uncertainty"
    return "uncertainty"


def check() -> int:
    """Print one line for each thing the lessons need; return 1 if one of them fails, else 0."""
    all_passed = True
    for finding in check_machine():
        mark = "OK" if finding.passed else "FAIL"
        print(f"[{mark}] {finding.text}", flush=True)
        all_passed = all_passed and finding.passed
    return 0 if all_passed else 1


def prefetch(folder: str | None, *, gemma: bool, embeddings: bool = False) -> int:
    """Put models and corpora into `folder`, or into the cache, and return the exit code."""
    from .data import corpus_files
    from .loading import embedding_model, models  # takes seconds to import

    names = [DEFAULT]
    if gemma:
        names.append("gemma3-270m")
    try:
        filled = models.prefetch(folder, names)
        corpus_files.prefetch_corpora(folder)
        if embeddings:
            embedding_model.prefetch_embedder(folder)
    except ModelUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    where = ""
    if folder:
        where = f" in {filled}; on other machines set UNCERTAINTY_CACHE to that folder"
    ready = [*names, "the sentence-embedding model"] if embeddings else names
    print(f"Ready: {', '.join(ready)} and the corpora{where}.")
    return 0


def report(options: argparse.Namespace) -> int:
    """Write the report that the options ask for, and return the exit code."""
    from .report.command import run_report  # takes seconds to import

    return run_report(options)


if __name__ == "__main__":
    sys.exit(main())
