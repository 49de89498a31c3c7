"""The command ``uncertainty report``."""

import argparse
import os
import sys

from ..generation.server_errors import ServerTrouble
from ..loading.errors import ModelUnavailable
from .comparison import compare_reports
from .options import as_typed, given_without_endpoint
from .questions_file import QuestionSet
from .reading import read_report
from .refusals import ReportRefused
from .reports import Report, free_model_memory, make_report, question_set
from .server_report import make_server_report
from .writing import Paths

OWN_FAULT = (
    "This was not foreseen, so it is probably a fault of the program and not of your input: please "
    "report it with the lines above. The answers so far are kept; the same command goes on from "
    "there."
)
# What a server's trouble advises in Python, and its form on the command line.
COMMAND_WORDS = {
    ", or pass top_logprobs=None for answers that have text only": "",
    "pass a larger timeout=, or a smaller max_new_tokens= or concurrency=": "pass a larger "
    "--timeout, or a smaller --concurrency",
    "pass the right one as api_key=": "name the variable that holds the right one with "
    "--key-variable",
    "with a smaller concurrency=": "with a smaller --concurrency",
    "many servers limit top_logprobs= (often to 20), and the prompt with max_new_tokens= to their "
    "context": "many servers limit --top-logprobs (often to 20), and the prompt with its answer to "
    "their context",
    "call again to go on from there": "the same command goes on from there",
    "samples=": "--samples ",
    "pass the name of one as model=": "pass the name of one as --endpoint-model",
    "pass the key as api_key=": "name the variable that holds the key with --key-variable",
}


def run_report(options: argparse.Namespace) -> int:
    """Make the report that was asked for, and return the exit code.

    What is wrong with the file, the place to write to or the name is told before anything is
    loaded, in one sentence. A fault of our own keeps its traceback.
    """
    try:
        _check_together(options)
        paths = Paths(options.out)
        questions = question_set(options.questions)
        report = _report(options, questions)
        paths.write(page=report.to_html(), numbers=report.to_json())
    except (ReportRefused, ModelUnavailable, ServerTrouble) as error:
        print(command_words(str(error)), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nStopped. The answers so far are kept; the same command goes on from there.",
            file=sys.stderr,
        )
        return 130
    except Exception as error:
        error.add_note(OWN_FAULT)
        raise
    for sentence in report.data.get("in_short", []):
        print(f"- {sentence}")
    print(f"Written: {paths.page} and {paths.numbers}")
    return 0


def command_words(sentence: str) -> str:
    """Return a sentence with the options of the command in the place of Python's arguments."""
    for python, command in COMMAND_WORDS.items():
        sentence = sentence.replace(python, command)
    return sentence


def _check_together(options: argparse.Namespace) -> None:
    """Refuse options that do not go together.

    Raises:
        ReportRefused: with those that were given.
    """
    ways = [options.model, options.compare, options.endpoint]
    if sum(bool(way) for way in ways) != 1:
        raise ReportRefused(
            "name one model, or two with --compare, or a server with --endpoint: uncertainty "
            "report smollm2-135m, or uncertainty report --compare smollm2-135m gemma3-270m, or "
            "uncertainty report --endpoint http://localhost:8000/v1"
        )
    for_server = given_without_endpoint(options)
    if for_server and not options.endpoint:
        raise ReportRefused(
            f"{' and '.join(for_server)}: for a model behind a server, so name it with --endpoint."
        )
    for_loading = [name for name in ("quantize", "device_map") if getattr(options, name)]
    if for_loading and options.endpoint:
        raise ReportRefused(
            f"{' and '.join(map(as_typed, for_loading))}: for a model that is loaded here; a "
            "server loads its own as it was told when it started."
        )
    for_weights = [name for name in ("samples", "probes") if getattr(options, name)]
    if for_weights and options.endpoint:
        raise ReportRefused(
            f"{' and '.join(map(as_typed, for_weights))}: for a model that is loaded here, not for "
            "one behind a server."
        )


def _report(options: argparse.Namespace, questions: QuestionSet) -> Report:
    if options.endpoint:
        return _server_report(options, questions)
    names = ("quantize", "device_map", "samples", "probes")
    loading = {name: getattr(options, name) for name in names}
    if not options.compare:
        return make_report(options.model, questions=questions, **loading)
    saved = {name: _saved_report(name) for name in options.compare if name.endswith(".json")}
    reports = []
    for name in options.compare:
        reports.append(saved.get(name) or make_report(name, questions=questions, **loading))
        free_model_memory()
    return compare_reports(*reports)


def _saved_report(file: str) -> Report:
    """Read a report that was written before, of a model here or behind a server.

    Raises:
        ReportRefused: there is no such file, or it is no report.
    """
    try:
        return read_report(file)
    except (OSError, ValueError) as fault:
        raise ReportRefused(f"--compare {file}: {fault}") from None


def _server_report(options: argparse.Namespace, questions: QuestionSet) -> Report:
    wanted = {
        name: getattr(options, name)
        for name in ("vocabulary_size", "top_logprobs", "concurrency", "timeout", "extra_body")
    }
    return make_server_report(
        options.endpoint,
        questions,
        model=options.endpoint_model,
        file=options.answers,
        api_key=_key(options.key_variable),
        **{name: value for name, value in wanted.items() if value is not None},
    )


def _key(variable: str | None) -> str | None:
    """Return the key in an environment variable.

    Raises:
        ReportRefused: the variable is not set.
    """
    if variable is None:
        return None
    if not os.environ.get(variable):
        raise ReportRefused(
            f"the environment variable {variable} holds no key: set it, or leave --key-variable "
            "out for a server that needs none."
        )
    return os.environ[variable]
