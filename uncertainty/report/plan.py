"""What a report will need, said before the model loads: memory and time."""

from pathlib import Path
from typing import NamedTuple

from ..course.answer_runs import LIMIT
from ..course.machine_check import REFERENCE_SPEED, products_per_second, rounded_duration
from ..loading.cache import cache_folder
from ..loading.course_models import converted_folder
from ..loading.devices import used_devices
from ..loading.errors import ModelUnavailable
from ..loading.hub import hub_answers
from ..loading.memory import MemoryNeed, gigabytes, memory_needed, total_free
from ..loading.models import is_fetched
from ..loading.options import Kind, LoadOptions
from ..loading.pinned_files import DEFAULT, MODEL_FILES
from .questions_file import QuestionSet, course_questions

GB = 1e9
PYTHON_BYTES = 0.8 * GB  # interpreter, torch, transformers, matplotlib: a round figure
BATCH = 32
COPIES = 3  # of the raw logits of a batch: as generated, stacked, and in the measures
# On the machine of REFERENCE_SPEED: loading and drawing, and judging one answer, of any model; for
# the default model reading neurons and heat maps, and asking one question in all parts.
FIXED_SECONDS = 15.0
SECONDS_A_VERDICT = 0.06
READING_SECONDS = 20.0
SECONDS_A_QUESTION = 0.55
SECONDS_READ_AGAIN = 0.13  # an answer that is known, for the newer measures
SECONDS_A_SAMPLE = 0.18  # drawn and compared; measured with ten samples on one core
SECONDS_LEARNING = 0.04  # an answer in the probes' fits, with the depth chosen inside the folds
# Reading takes so many times as long with packed weights: measured on a CPU, int8 on answers only.
PACKED_SLOWNESS = {None: 1.0, "nf4": 3.0, "int8": 25.0}
DEFAULT_PARAMETERS = 134_515_008
TINY_PARAMETERS = 107_200
TINY_VOCABULARY = 259
LARGEST_VOCABULARY = 262_144  # of a course model, which is not fetched yet


class Plan(NamedTuple):
    """What a report needs, in bytes and seconds; None where the model's size is not known.

    ``free`` is None where it is not known what is free. ``remedy`` names 4-bit weights where these
    would fit.
    """

    memory: float | None
    free: float | None
    seconds: float | None
    text: str
    remedy: str = ""


def plan_report(
    name: str,
    questions: QuestionSet,
    kind: Kind,
    options: LoadOptions,
    *,
    samples: int | None = None,
    probes: bool = False,
) -> Plan:
    """Return what a report on this model and these questions will need on this machine.

    Args:
        kind, options: what the name means and how it is loaded, from `checked_loading`.
        samples, probes: as of `make_report`.
    """
    places = used_devices(options.device, options.device_map)
    free = total_free(places)
    free_words = "how much is free is not known" if free is None else f"{gigabytes(free)} are free"
    need = needed(name, kind, options)
    if need is None:
        text = (
            f"{name}: its size is not known before it loads, so memory and time cannot be told; "
            f"{free_words}."
        )
        return Plan(None, free, None, text)
    batch = COPIES * 4.0 * BATCH * LIMIT * need.vocabulary
    memory = need.weights + batch + PYTHON_BYTES
    seconds = expected_seconds(name, need, questions, samples=samples, probes=probes)
    unpacked = ""
    if need.quantize is not None:
        whole = need.parameters * need.bytes_per_parameter
        unpacked = f" (the file is read unpacked first: up to {gigabytes(whole)} more meanwhile)"
    weights = f"{gigabytes(need.weights)} for the weights ({need.product()}){unpacked}"
    text = (
        f"{name}: {need.parameters / 1e6:.1f} million parameters on "
        f"{' and '.join(map(str, places))}. It will need about {gigabytes(memory)} of memory: "
        f"{weights}, {gigabytes(batch)} for a batch of {BATCH} answers, "
        f"{gigabytes(PYTHON_BYTES)} for Python; {free_words}. "
        f"{len(questions.questions)} questions: about {rounded_duration(seconds)} if none has been "
        "answered before."
    )
    four_bit = MemoryNeed(**vars(need) | {"quantize": "nf4"})
    saved = need.weights - four_bit.weights  # nothing where it is packed already, or cannot be
    remedy = ""
    if free is not None and saved > 0 and memory - saved <= free < memory:
        remedy = f"use --quantize nf4 ({gigabytes(memory - saved)}), "
    return Plan(memory, free, seconds, text, remedy)


def require_memory(plan: Plan, name: str) -> None:
    """Refuse a model that does not fit.

    Raises:
        ModelUnavailable: with the sum.
    """
    if plan.memory is None or plan.free is None or plan.memory <= plan.free:
        return
    raise ModelUnavailable(
        f"{plan.text} That does not fit, so {name} is not loaded: close other programs, "
        f"{plan.remedy}or choose a smaller model."
    )


def needed(name: str, kind: Kind, options: LoadOptions) -> MemoryNeed | None:
    """Return what a model's weights need, from its configuration alone; None where that is unknown.

    Of a course model that is not fetched yet the largest is assumed. The configuration of a model
    on the hub, a small file, is fetched where the hub answers.
    """
    if kind == "tiny":
        return _assumed(TINY_PARAMETERS, TINY_VOCABULARY, options)
    if kind == "course model":
        if not is_fetched(name):
            return _assumed(6 * MODEL_FILES[name].size // 4, LARGEST_VOCABULARY, options)
        return _from_configuration(converted_folder(name, cache_folder()), options)
    if kind == "folder":
        return _from_configuration(Path(name).expanduser(), options)
    here = _from_configuration(name, options)
    if here is not None or not hub_answers():
        return here
    return _from_configuration(name, options, local_files_only=False)


def expected_seconds(
    name: str,
    need: MemoryNeed,
    questions: QuestionSet,
    *,
    samples: int | None = None,
    probes: bool = False,
) -> float:
    """Return about how long a report takes, by a measurement of half a second."""
    slowness = REFERENCE_SPEED / products_per_second()
    count = len(questions.questions)
    asked = count
    is_recorded = name == DEFAULT and need.quantize is None
    if is_recorded and questions.questions == course_questions().questions:
        asked = 0  # they came answered with the package
    relative = need.parameters / DEFAULT_PARAMETERS * PACKED_SLOWNESS[need.quantize]
    judging = FIXED_SECONDS + SECONDS_A_VERDICT * count
    answers = SECONDS_A_QUESTION * asked + SECONDS_READ_AGAIN * count
    answers += SECONDS_A_SAMPLE * (samples or 0) * count
    if probes:
        answers += 2 * SECONDS_READ_AGAIN * count
        judging += SECONDS_LEARNING * count
    reading = relative * (READING_SECONDS + answers)
    return slowness * (judging + reading)


def _assumed(parameters: int, vocabulary: int, options: LoadOptions) -> MemoryNeed:
    """Return what so many parameters need at most: none of them packed."""
    return MemoryNeed(
        parameters=parameters,
        in_linear_layers=0,
        bytes_per_parameter=options.dtype.itemsize,
        quantize=None,
        vocabulary=vocabulary,
        text=0,
    )


def _from_configuration(
    source: str | Path, options: LoadOptions, *, local_files_only: bool = True
) -> MemoryNeed | None:
    return memory_needed(
        source,
        dtype=options.dtype,
        quantize=options.quantize,
        local_files_only=local_files_only,
    )
