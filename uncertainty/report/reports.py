"""`make_report`: ask, grade, judge, and gather the numbers."""

import gc
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .._inputs import without_wrapper
from .._progress import progress_bar
from ..architecture.parts import model_parts
from ..data.questions import Question
from ..loading.devices import DeviceMap
from ..loading.models import checked_loading, load_model
from ..loading.options import Kind, LoadOptions
from ..loading.pinned_files import DEFAULT
from ..neurons.geometry import geometry
from .answers import answers_part, columns, graded_answers
from .calibration_part import calibration_part
from .further_part import FEWEST_SAMPLES, further_part
from .heatmap_part import heatmap_part
from .leaderboard_part import leaderboard_part
from .lens_part import lens_part
from .model_licence import model_licence
from .neurons_part import neurons_part
from .page import comparison_page, report_page
from .plan import plan_report, require_memory
from .prompting import Asker, asker, require_room
from .questions_file import QuestionSet, course_questions, listed_questions, read_questions
from .refusals import ReportRefused
from .run_facts import model_facts, run_facts
from .summary import summary
from .threshold_part import threshold_part
from .verbalised_part import verbalised_part
from .writing import FORMAT, Paths

FORMAT_VERSION = 1
QuestionsSource = str | Path | QuestionSet | Sequence[Question] | Sequence[dict]


@dataclass(frozen=True)
class Report:
    """What was measured of a model, or of two, as plain values.

    Attributes:
        data: all numbers of the report; the page is made from these alone.
    """

    data: dict[str, Any]

    def to_json(self) -> str:
        """Return the numbers as JSON text."""
        return json.dumps(self.data, ensure_ascii=False, allow_nan=False, indent=1)

    def to_html(self) -> str:
        """Return one page that needs nothing from elsewhere."""
        make_page = comparison_page if self.data["kind"] == "comparison" else report_page
        return make_page(self.data)

    def save(self, page: str | Path) -> Path:
        """Write ``page``, which ends in .html, and the numbers beside it, which end in .json.

        A report that is there already is replaced; any other file is not.

        Raises:
            ValueError: another ending, no such folder, or another file in the way.
        """
        paths = Paths(page)
        paths.write(page=self.to_html(), numbers=self.to_json())
        return paths.page


def make_report(
    model: Any = DEFAULT,
    tokenizer: Any = None,
    questions: QuestionsSource | None = None,
    *,
    quantize: str | None = None,
    device_map: DeviceMap | None = None,
    samples: int | None = None,
    probes: bool = False,
    progress: bool = True,
) -> Report:
    """Ask a model questions, and report which of its doubts can be trusted on them.

    Answers are kept on this machine, so a run that is interrupted goes on where it stopped, and a
    second one is quick. A part that the model or the questions do not allow says why it is left
    out.

    Args:
        model: a name that `load_model` takes, or a model with its ``tokenizer``.
        questions: a .csv or .jsonl file with the columns question, answers (several separated by
            "|") and optionally category; or a list of such rows, or of the course's questions.
            None takes the course's questions with one right answer.
        quantize, device_map: how `load_model` loads a model that was named; 4-bit weights
            ("nf4") answer as their rounding lets them.
        samples: draw so many samples of each answer, and judge the measures that compare them.
        probes: learn doubts from the hidden states of graded answers, and judge them on others.
        progress: whether to say on stderr what is needed, and to show a progress bar.

    Raises:
        QuestionsFault: a file or a list that is not right, each fault with its line (a ValueError).
        ReportRefused: an unknown name or option, a folder that cannot be read, or a model without
            its tokenizer (a ValueError, too).
        ModelUnavailable: the model cannot be loaded, or does not fit into the memory that is free.
    """
    if samples is not None and samples < FEWEST_SAMPLES:
        raise ReportRefused(
            f"samples are compared with each other, so at least {FEWEST_SAMPLES} are needed; got "
            f"samples={samples}."
        )
    asked = question_set(questions)
    start = time.perf_counter()
    if isinstance(model, str | Path):
        name = str(model)
        kind, loading = _loading(name, quantize=quantize, device_map=device_map)
        plan = plan_report(name, asked, kind, loading, samples=samples, probes=probes)
        if progress:
            print(plan.text, file=sys.stderr, flush=True)
        require_memory(plan, name)
        try:
            model, tokenizer = load_model(name, quantize=quantize, device_map=device_map)
        except OSError as error:  # a folder without all its files, in transformers' words
            words = " ".join(str(error).split())
            raise ReportRefused(f"{name} cannot be loaded: {words}") from error
    else:
        name = getattr(model.config, "_name_or_path", "") or type(model).__name__
        if tokenizer is None:
            raise ReportRefused(
                f"a model needs its tokenizer: make_report(model, tokenizer); got {name}."
            )
        if quantize is not None or device_map is not None:
            raise ReportRefused(
                f"quantize={quantize!r} and device_map={device_map!r} are for a model that is "
                "named; this one is loaded already."
            )
    loaded = time.perf_counter() - start
    measured = _measured(
        name,
        without_wrapper(model),
        tokenizer,
        asked,
        samples=samples,
        probes=probes,
        progress=progress,
        loaded=loaded,
    )
    return Report(measured)


def question_set(questions: QuestionsSource | None) -> QuestionSet:
    """Return the questions that are meant: a file's, a list's, or the course's."""
    if questions is None:
        return course_questions()
    if isinstance(questions, QuestionSet):
        return questions
    if isinstance(questions, str | Path):
        return read_questions(questions)
    return listed_questions(questions)


def _loading(
    name: str, *, quantize: str | None, device_map: DeviceMap | None
) -> tuple[Kind, LoadOptions]:
    """Return what the name means and how it is loaded.

    Raises:
        ReportRefused: an unknown name or option, in `load_model`'s words.
        ModelUnavailable: a package that an option needs is not installed.
    """
    try:
        return checked_loading(name, quantize=quantize, device_map=device_map)
    except ValueError as refusal:
        raise ReportRefused(str(refusal)) from None


def free_model_memory() -> None:
    """Let go of a model that nothing uses any more, before the next one is loaded."""
    gc.collect()


def _measured(
    name: str,
    model,
    tokenizer,
    asked: QuestionSet,
    *,
    samples: int | None,
    probes: bool,
    progress: bool,
    loaded: float,
) -> dict[str, Any]:
    asking = asker(model, tokenizer)
    questions = asked.questions
    require_room(asking, questions)
    seconds = {"load": loaded}
    start = time.perf_counter()
    rows = graded_answers(asking, questions)
    seconds["ask"] = time.perf_counter() - start
    wrong, doubts = columns(rows)
    parts: dict[str, Callable[[], dict]] = {
        "answers": lambda: answers_part(rows),
        "leaderboard": lambda: leaderboard_part(wrong, doubts),
        "further": lambda: further_part(
            asking, questions, rows, wrong, doubts, samples=samples, probes=probes
        ),
        "calibration": lambda: calibration_part(wrong, doubts),
        "threshold": lambda: threshold_part(wrong, doubts),
        "verbalised": lambda: verbalised_part(asking, rows),
        "heatmaps": lambda: heatmap_part(asking, rows, questions),
        "lens": lambda: _lens(asking, questions),
        "neurons": lambda: _neurons(asking),
    }
    if samples is None and not probes:
        del parts["further"]
    sections = measured_parts(parts, seconds, progress=progress)
    return report_data(
        asked=asked,
        model={
            **model_facts(name, model),
            "licence": model_licence(name),
            "notes": list(asking.notes),
        },
        sections=sections,
        answers=[{key: row[key] for key in row if key != "ids"} for row in rows],
        seconds=seconds,
    )


def measured_parts(
    parts: Mapping[str, Callable[[], dict]], seconds: dict[str, float], *, progress: bool
) -> dict[str, dict]:
    """Measure every part in turn, and write down in ``seconds`` what each took."""
    sections = {}
    with progress_bar(total=len(parts), description="report", shown=progress) as bar:
        for part, measure in parts.items():
            start = time.perf_counter()
            sections[part] = measure()
            seconds[part] = time.perf_counter() - start
            bar.update()
    return sections


def report_data(
    *,
    asked: QuestionSet,
    model: dict,
    sections: dict[str, dict],
    answers: list[dict],
    seconds: dict[str, float],
    server: dict | None = None,
) -> dict[str, Any]:
    """Return the numbers of a report in their order.

    Args:
        server: what is special about answers that a server gave; None for a model that ran here.
    """
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "kind": "report",
        "made": datetime.now(UTC).isoformat(timespec="minutes"),
        "model": model,
        "server": server,
        "questions": {
            "source": asked.source,
            "count": len(asked.questions),
            "unused_columns": list(asked.unused_columns),
        },
        "in_short": summary(sections),
        "sections": sections,
        "answers": answers,
        "run": {**run_facts(), "seconds": seconds},
    }


def _lens(asking: Asker, questions: Sequence[Question]) -> dict:
    try:
        model_parts(asking.model)
    except ValueError as refusal:
        return {"left_out": str(refusal)}
    return lens_part(asking, questions)


def _neurons(asking: Asker) -> dict:
    try:
        weights = geometry(asking.model)
    except ValueError as refusal:
        return {"left_out": str(refusal)}
    return neurons_part(asking.model, asking.tokenizer, weights)
