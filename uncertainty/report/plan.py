"""What a report will need, said before the model loads: memory and time."""

from pathlib import Path
from typing import NamedTuple

import huggingface_hub
import psutil
import torch
import transformers

from ..course.answer_runs import LIMIT
from ..course.machine_check import REFERENCE_SPEED, products_per_second, rounded_duration
from ..loading.cache import cache_folder
from ..loading.course_models import converted_folder
from ..loading.devices import default_device
from ..loading.errors import ModelUnavailable
from ..loading.models import is_fetched
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
DEFAULT_PARAMETERS = 134_515_008


class Size(NamedTuple):
    """How large a model is: its parameters, and the tokens of its vocabulary."""

    parameters: int
    vocabulary: int


class Plan(NamedTuple):
    """What a report needs, in bytes and seconds; None where the model's size is not known."""

    memory: float | None
    free: float
    seconds: float | None
    text: str


def plan_report(name: str, questions: QuestionSet) -> Plan:
    """Return what a report on this model and these questions will need on this machine."""
    size = model_size(name)
    device = default_device()
    free = free_memory(device)
    if size is None:
        text = (
            f"{name}: its size is not known before it loads, so memory and time cannot be told; "
            f"{free / GB:.1f} GB are free."
        )
        return Plan(None, free, None, text)
    is_half = device.type == "cuda" and name not in (*MODEL_FILES, "tiny")
    weights = size.parameters * (2 if is_half else 4)
    batch = COPIES * 4.0 * BATCH * LIMIT * size.vocabulary
    memory = weights + batch + PYTHON_BYTES
    seconds = expected_seconds(name, size, questions)
    text = (
        f"{name}: {size.parameters / 1e6:.1f} million parameters on {device}. It will need about "
        f"{memory / GB:.1f} GB of memory ({weights / GB:.1f} for the weights, {batch / GB:.1f} for "
        f"a batch of {BATCH} answers, {PYTHON_BYTES / GB:.1f} for Python); {free / GB:.1f} GB are "
        f"free. {len(questions.questions)} questions: about {rounded_duration(seconds)} if none "
        "has been answered before."
    )
    return Plan(memory, free, seconds, text)


def require_memory(plan: Plan, name: str) -> None:
    """Refuse a model that does not fit.

    Raises:
        ModelUnavailable: with the sum.
    """
    if plan.memory is not None and plan.memory > plan.free:
        raise ModelUnavailable(
            f"{plan.text} That does not fit, so {name} is not loaded: close other programs, or "
            "choose a smaller model."
        )


def model_size(name: str) -> Size | None:
    """Return a model's size from its configuration alone, without reading a weight."""
    folder = _files(name)
    if name == "tiny":
        return Size(107_200, 259)
    if folder is None:
        if name in MODEL_FILES:  # not fetched yet: what its float32 copy takes at most
            return Size(6 * MODEL_FILES[name].size // 4, 262_144)
        return None
    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
        with torch.device("meta"):
            empty = transformers.AutoModelForCausalLM.from_config(config)
    except (OSError, ValueError, ImportError, KeyError):
        return None
    vocabulary = config.get_text_config().vocab_size
    return Size(sum(weight.numel() for weight in empty.parameters()), vocabulary)


def free_memory(device: torch.device) -> float:
    """Return how many bytes are free where the weights will be."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    return float(psutil.virtual_memory().available)


def expected_seconds(name: str, size: Size, questions: QuestionSet) -> float:
    """Return about how long a report takes, by a measurement of half a second."""
    slowness = REFERENCE_SPEED / products_per_second()
    count = len(questions.questions)
    asked = count
    if name == DEFAULT and questions.questions == course_questions().questions:
        asked = 0  # they came answered with the package
    relative = size.parameters / DEFAULT_PARAMETERS
    judging = FIXED_SECONDS + SECONDS_A_VERDICT * count
    reading = relative * (READING_SECONDS + SECONDS_A_QUESTION * asked)
    return slowness * (judging + reading)


def _files(name: str) -> Path | None:
    """Return the folder that holds a model's configuration on this machine."""
    if name in MODEL_FILES:
        return converted_folder(name, cache_folder()) if is_fetched(name) else None
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file():
        return folder
    try:
        kept = huggingface_hub.try_to_load_from_cache(name, "config.json")
    except ValueError:  # no name that the hub allows
        return None
    return Path(kept).parent if isinstance(kept, str) else None
