"""The options of the command ``uncertainty report``; quick to import, as the command line is."""

import argparse


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a name that load_model takes")
    parser.add_argument(
        "--questions",
        metavar="FILE",
        help="your questions, .csv or .jsonl with the columns question, answers (several separated "
        "by |) and optionally category; without it the course's",
    )
    parser.add_argument(
        "--out",
        metavar="FILE.html",
        default="report.html",
        help="the page; the numbers go beside it, as .json (default: %(default)s)",
    )
    parser.add_argument(
        "--compare", nargs=2, metavar=("A", "B"), help="two models side by side instead of one"
    )
