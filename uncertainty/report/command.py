"""The command ``uncertainty report``."""

import argparse
import sys

from ..loading.errors import ModelUnavailable
from .comparison import compare_reports
from .questions_file import QuestionSet
from .reports import Report, free_model_memory, make_report, question_set
from .writing import Paths


def run_report(options: argparse.Namespace) -> int:
    """Make the report that was asked for, and return the exit code.

    What is wrong with the file, the place to write to or the name is told before anything is
    loaded.
    """
    try:
        if bool(options.model) == bool(options.compare):
            raise ValueError(
                "name one model, or two with --compare: uncertainty report smollm2-135m, or "
                "uncertainty report --compare smollm2-135m gemma3-270m"
            )
        paths = Paths(options.out)
        questions = question_set(options.questions)
        report = _report(options, questions)
        paths.write(page=report.to_html(), numbers=report.to_json())
    except (ValueError, ModelUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nStopped. The answers so far are kept; the same command goes on from there.",
            file=sys.stderr,
        )
        return 130
    for sentence in report.data.get("in_short", []):
        print(f"- {sentence}")
    print(f"Written: {paths.page} and {paths.numbers}")
    return 0


def _report(options: argparse.Namespace, questions: QuestionSet) -> Report:
    if not options.compare:
        return make_report(options.model, questions=questions)
    reports = []
    for name in options.compare:
        reports.append(make_report(name, questions=questions))
        free_model_memory()
    return compare_reports(*reports)
