"""`make_server_report`: the report on a model that answers from a server, as far as that allows."""

import importlib.util
import re
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from ..course.answer_runs import LIMIT, short_prompt
from ..data.questions import Question
from ..evaluation.grader import grade_answer
from ..generation.server_answers import ServerAnswer
from ..generation.server_requests import Server, base_address
from ..generation.servers import answers_from
from ..loading.cache import cache_folder
from ..measures.answer_measures import answer_measures
from ..measures.labels import measure_label
from ..measures.newer_measures import NEWER_MEASURES
from ..measures.server_measures import NEEDS_DISTRIBUTION, NEEDS_LOGITS, refusal
from .answers import answers_part, columns
from .calibration_part import calibration_part
from .entropy_part import ASSUMED_VOCABULARY, entropy_part
from .heatmap_part import heatmap_numbers
from .leaderboard_part import LENGTH, MEANINGS, SHUFFLED, leaderboard_part
from .numbers import finite
from .questions_file import QuestionSet
from .refusals import ReportRefused
from .reports import QuestionsSource, Report, measured_parts, question_set, report_data
from .threshold_part import threshold_part

# Parts of the report on a model that runs here, and why a server does not allow them.
LEFT_OUT = {
    "verbalised": 'the course begins the reply with "Confidence:" for the model, and servers '
    "differ in whether they continue a reply",
    "lens": "it reads the model's layers, and a server keeps them to itself",
    "neurons": "they are found in the model's weights, and a server keeps them to itself",
}
NO_LICENCE = "a server does not tell it; read the model's page before you publish"
# The newer measures are of answers that were read again, which a server does not do.
MEASURES = tuple(name for name in MEANINGS if name not in (LENGTH, SHUFFLED, *NEWER_MEASURES))


def make_server_report(
    endpoint: str,
    questions: QuestionsSource | None = None,
    *,
    model: str | None = None,
    vocabulary_size: int | None = None,
    file: str | Path | None = None,
    progress: bool = True,
    top_logprobs: int = 20,
    api_key: str | None = None,
    concurrency: int = 4,
    timeout: float = 120.0,
    max_retries: int = 2,
    extra_body: Mapping[str, Any] | None = None,
) -> Report:
    """Ask a model behind an OpenAI-compatible server, and report which doubts can be trusted.

    The parts are those of `make_report` that need no more than the log-probabilities of the written
    and of the likeliest tokens; each of the others is named, and why it is left out. Between which
    values the entropy lies is told by `entropy_bounds`. Each answer is kept as it comes, so the
    same call goes on after any trouble.

    Args:
        endpoint: the server's address, such as "http://localhost:8000/v1".
        questions: as for `make_report`.
        model: the model's name on the server; without it, the only one that the server has.
        vocabulary_size: how many logits the model has (its config's ``vocab_size``). No server
            tells it; without it the bounds are those of 300,000 tokens.
        file: where the answers are kept; by default a file in the cache. A server whose model
            changed under the same name needs a new one.
        progress: whether to say on stderr what is asked, and to show progress bars.
        top_logprobs, api_key, concurrency, timeout, max_retries, extra_body: as for
            `answers_from`.

    Raises:
        QuestionsFault: as `make_report`.
        ReportRefused: no address of a server, no model's name where the server has several, a file
            that cannot hold answers, or no `openai` client.
        ServerTrouble: the server is down, slow, refuses, fails, or sends no log-probabilities.
        ValueError: an option that `answers_from` refuses.
    """
    asked = question_set(questions)
    address = _checked_address(endpoint)
    kept_in = Path(file).expanduser() if file is not None else default_file(address)
    reaching: dict[str, Any] = {
        "api_key": api_key,
        "timeout": timeout,
        "max_retries": max_retries,
    }
    _require_answer_file(kept_in)
    name = model if model is not None else _only_model(address, **reaching)
    had = _count_lines(kept_in)
    if progress:
        print(_before(name, address, asked, kept_in), file=sys.stderr, flush=True)
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        answers = answers_from(
            address,
            [short_prompt(question) for question in asked.questions],
            model=name,
            max_new_tokens=LIMIT,
            top_logprobs=top_logprobs,
            vocabulary_size=vocabulary_size,
            concurrency=concurrency,
            extra_body=extra_body,
            file=kept_in,
            **reaching,
        )
    seconds = {"ask": time.perf_counter() - start}
    notes = list(dict.fromkeys(str(one.message) for one in caught))
    newly_asked = min(_count_lines(kept_in) - had, len(answers))
    return Report(
        _measured(
            asked,
            answers,
            model={**_model_facts(name), "notes": [_sentence(note) for note in notes]},
            vocabulary_size=vocabulary_size,
            newly_asked=newly_asked,
            seconds=seconds,
            progress=progress,
        )
    )


def default_file(endpoint: str) -> Path:
    """Return the file in the cache in which the answers of an address are kept."""
    parts = urlsplit(endpoint)
    name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{parts.netloc}{parts.path}").strip("-")
    return cache_folder() / "server_answers" / f"{name}.jsonl"


def known_measures(answers: Sequence[ServerAnswer]) -> tuple[list[dict], list[dict]]:
    """Return the measures of each answer, and those that are refused, with the reason.

    A measure that one answer does not allow is refused for all: what is missing would be missing
    where the server left tokens out, and not at random.

    Args:
        answers: without the empty ones, which have no measures.
    """
    measured = [answer_measures(answer) for answer in answers]
    lacking = {
        name: [i for i, measures in enumerate(measured) if name not in measures]
        for name in MEASURES
    }
    refused = [
        {
            "measure": name,
            "label": measure_label(name),
            "reason": _why_refused(name, answers[where[0]]),
            "answers": len(where),
        }
        for name, where in lacking.items()
        if where
    ]
    known = [
        {name: finite(measures[name]) for name in MEASURES if not lacking[name]}
        for measures in measured
    ]
    return known, refused


def _measured(
    asked: QuestionSet,
    answers: Sequence[ServerAnswer],
    *,
    model: dict,
    vocabulary_size: int | None,
    newly_asked: int,
    seconds: dict[str, float],
    progress: bool,
) -> dict[str, Any]:
    measured = [answer for answer in answers if len(answer)]
    known, refused = known_measures(measured)
    measures_of = dict(zip(map(id, measured), known))
    rows = [
        _row(question, answer, measures_of.get(id(answer)))
        for question, answer in zip(asked.questions, answers)
    ]
    wrong, doubts = columns(rows)
    has_tokens = np.array([len(answer) > 0 for answer in answers])
    answer_of = {row["id"]: answer for row, answer in zip(rows, answers)}
    size = ASSUMED_VOCABULARY if vocabulary_size is None else vocabulary_size
    parts: dict[str, Callable[[], dict]] = {
        "answers": lambda: answers_part(rows),
        "leaderboard": lambda: leaderboard_part(wrong, doubts),
        "entropy": lambda: entropy_part(
            measured, ~wrong[has_tokens], vocabulary_size=vocabulary_size
        ),
        "calibration": lambda: calibration_part(wrong, doubts),
        "threshold": lambda: threshold_part(wrong, doubts),
        "heatmaps": lambda: heatmap_numbers(
            rows, lambda row: answer_of[row["id"]], vocabulary_size=size
        ),
    }
    sections = measured_parts(parts, seconds, progress=progress)
    sections |= {name: {"left_out": reason} for name, reason in LEFT_OUT.items()}
    return report_data(
        asked=asked,
        model=model,
        sections=sections,
        answers=rows,
        seconds=seconds,
        server={
            "top_k": max((answer.top_logprobs.shape[-1] for answer in measured), default=None),
            "newly_asked": newly_asked,
            "refused": refused,
        },
    )


def _row(question: Question, answer: ServerAnswer, measures: dict | None) -> dict:
    grade = grade_answer(answer.text, question.answers)
    return {
        "id": question.id,
        "category": question.category,
        "question": question.question,
        "answers": list(question.answers),
        "text": answer.text,
        "right": grade.correct,
        "problem": grade.problem,
        "tokens": len(answer),
        "read": None,
        "measures": measures,
    }


def _why_refused(name: str, answer: ServerAnswer) -> str:
    """Return why a measure is refused, for the reader of a page rather than of a traceback."""
    if name in NEEDS_DISTRIBUTION:
        sent = answer.top_logprobs.shape[-1]
        return (
            f"need the probabilities of all tokens, and the server sends those of the {sent} "
            "likeliest; between which values they lie is told below."
        )
    if name in NEEDS_LOGITS:
        return (
            "need raw logits, and the server sends log-probabilities, which do not tell how large "
            "the logits were: load the model itself for these."
        )
    words = str(refusal(name, answer)).replace(answer.endpoint, "the server")
    return "need" + words.removeprefix(f"{name!r} needs")


def _model_facts(name: str) -> dict:
    """Return what is known of a model that runs elsewhere; its name may be the path of a file."""
    shown = re.split(r"[/\\]", name)[-1] if re.match(r"/|[A-Za-z]:\\", name) else name
    unknown = dict.fromkeys(("class", "parameters", "dtype", "device"))
    return {"name": shown, **unknown, "licence": NO_LICENCE}


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _before(name: str, endpoint: str, asked: QuestionSet, file: Path) -> str:
    return (
        f"{name} at {endpoint}: {len(asked.questions)} questions, at most {LIMIT} tokens each. Its "
        f"answers are kept in {file}: delete that when the server's model has changed under the "
        "same name."
    )


def _count_lines(file: Path) -> int:
    if not file.exists():
        return 0
    with file.open("rb") as kept:
        return sum(1 for line in kept if line.strip())


def _checked_address(endpoint: str) -> str:
    """Return the address that is asked.

    Raises:
        ReportRefused: no address of a server, or no client to ask it with.
    """
    if importlib.util.find_spec("openai") is None:
        raise ReportRefused(
            "asking a server needs the package openai; run `python -m pip install openai`."
        )
    try:
        return base_address(endpoint)
    except ValueError as error:
        raise ReportRefused(str(error)) from None


def _require_answer_file(file: Path) -> None:
    """Refuse a file in which no answers can be kept, before anything is asked.

    Raises:
        ReportRefused: another ending than .jsonl, or a file that cannot be written or read.
    """
    if file.suffix != ".jsonl":
        raise ReportRefused(f"the name of the file of answers must end in .jsonl, got {file}.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a+", encoding="utf-8") as kept:
            kept.seek(0)
            kept.read()
    except OSError as error:
        raise ReportRefused(
            f"{file}, where the answers would be kept, cannot be written "
            f"({error.strerror or error}): choose another file."
        ) from None
    except UnicodeDecodeError:
        raise ReportRefused(
            f"{file} is not text in UTF-8, so it holds no answers: choose another file."
        ) from None


def _only_model(address: str, **options: Any) -> str:
    """Return the name of the server's only model.

    Raises:
        ReportRefused: it has several, or none.
        ServerTrouble: it does not answer.
    """
    server = Server(address, **options)
    try:
        return server.only_model()
    except ValueError as error:
        raise ReportRefused(str(error)) from None
    finally:
        server.close()
