"""The options of the command ``uncertainty report``; quick to import, as the command line is."""

import argparse
import json
import math

NEEDS_ENDPOINT = (
    "endpoint_model",
    "key_variable",
    "answers",
    "vocabulary_size",
    "top_logprobs",
    "concurrency",
    "timeout",
    "extra_body",
)


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
        "--compare",
        nargs=2,
        metavar=("A", "B"),
        help="two models side by side instead of one; in the place of a name the .json file of a "
        "report that was made before, of a server's model too",
    )
    more = parser.add_argument_group("doubts that cost more, of a model that is loaded here")
    more.add_argument(
        "--samples",
        metavar="N",
        type=_count,
        help="draw N samples of each answer at temperature 1, and judge what compares them",
    )
    more.add_argument(
        "--probes",
        action="store_true",
        help="learn doubts from the hidden states of graded answers, each judged on other answers",
    )
    loading = parser.add_argument_group("how a model is loaded here")
    loading.add_argument(
        "--quantize",
        choices=("nf4", "int8"),
        help="4-bit or 8-bit weights, through bitsandbytes: less memory, other answers",
    )
    loading.add_argument(
        "--device-map",
        metavar="auto",
        help="spread the weights over all devices of this machine, through accelerate",
    )
    _add_server_options(parser.add_argument_group("a model behind an OpenAI-compatible server"))


def given_without_endpoint(options: argparse.Namespace) -> list[str]:
    """Return the options that only a server needs and that were given, as they are typed."""
    given = [name for name in NEEDS_ENDPOINT if getattr(options, name) is not None]
    return [as_typed(name) for name in given]


def as_typed(name: str) -> str:
    """Return an option as it stands on the command line."""
    return f"--{name.replace('_', '-')}"


def _add_server_options(server: argparse._ArgumentGroup) -> None:
    server.add_argument(
        "--endpoint",
        metavar="URL",
        help="the server's address, such as http://localhost:8000/v1, in the place of MODEL; what "
        "needs the model's weights or layers is left out",
    )
    server.add_argument(
        "--endpoint-model",
        metavar="NAME",
        help="the model's name there; without it, the only one that the server has",
    )
    server.add_argument(
        "--key-variable",
        metavar="NAME",
        help="the environment variable that holds the server's key",
    )
    server.add_argument(
        "--answers",
        metavar="FILE.jsonl",
        help="where its answers are kept; without it, a file in the course's cache",
    )
    server.add_argument(
        "--vocabulary-size",
        metavar="N",
        type=_count,
        help="the model's number of logits (its config's vocab_size), for sharper bounds of the "
        "entropy",
    )
    server.add_argument(
        "--top-logprobs",
        metavar="N",
        type=_count,
        help="how many of the likeliest tokens to ask for (default: 20)",
    )
    server.add_argument(
        "--concurrency",
        metavar="N",
        type=_count,
        help="how many questions are under way at once (default: 4)",
    )
    server.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        help="how long one try waits (default: 120)",
    )
    server.add_argument(
        "--extra-body",
        metavar="JSON",
        type=_json_object,
        help="more to send with each question, such as "
        '\'{"chat_template_kwargs": {"enable_thinking": false}}\'',
    )


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, 1 or more, got {text!r}")
    return value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, got {text!r}")
    return value


def _json_object(text: str) -> dict:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(
            f"must be a JSON object in quotes, such as '{{\"min_p\": 0}}', got {text!r}"
        )
    return value
