"""Models from the Hugging Face hub, without ever waiting for a hub that does not answer."""

import re
import threading
from contextlib import suppress

import huggingface_hub
from huggingface_hub.utils import validate_repo_id

from .errors import ModelUnavailable, UnsupportedOption
from .options import LoadOptions
from .pinned_files import model_names
from .pretrained import load_pretrained

SERVER_ERROR = 500  # and all that is larger: the fault is the server's
PROBED_FILES = ("config.json", "tokenizer_config.json", "tokenizer.json", "model.safetensors")
BLOCKED_BY_PROXY = (403, 407)  # what a firewall or a proxy answers in place of the hub


def is_hub_id(name: str) -> bool:
    """Return whether the hub allows such a name: "owner/name", or a bare name such as "gpt2"."""
    try:
        validate_repo_id(name)
    except ValueError:
        return False
    return True


def load_from_hub(name: str, options: LoadOptions):
    """Return model and tokenizer from the hub's cache on this machine, else from the hub itself.

    Raises:
        ModelUnavailable: it is not in the cache, and the hub does not answer or does not give it.
        UnsupportedOption: transformers does not know the attention implementation.
    """
    try:
        return load_pretrained(name, options, local_files_only=True)
    except UnsupportedOption:
        raise
    except (OSError, ValueError):  # not on this machine, or only in part
        pass
    if not hub_answers():
        raise ModelUnavailable(_unreachable_message(name, options.revision))
    status = file_status(name, options.revision)
    if status >= SERVER_ERROR:  # transformers would ask again and again for minutes
        raise ModelUnavailable(
            f"The model hub answers, but with the error {status} when asked for the files of "
            f"{name}; try again later, or set HF_ENDPOINT to a mirror."
        )
    try:
        return load_pretrained(name, options, local_files_only=False)
    except UnsupportedOption:
        raise
    except (OSError, ValueError) as error:
        message = _hub_failure_message(name, options.revision, str(error))
        raise ModelUnavailable(message) from None


def _unreachable_message(name: str, revision: str | None) -> str:
    known = "" if "/" in name else f"no course model ({', '.join(model_names())}) and "
    missing = "" if revision is None else f"in its revision {revision!r}, or not "
    return (
        f"{name} is {known}not on this machine, at least not {missing}whole, and the model hub "
        "cannot be reached (offline, a firewall, or HF_HUB_OFFLINE is set); use a course model, "
        "set HF_ENDPOINT to a mirror, or copy the model's folder here and pass its path."
    )


def _hub_failure_message(name: str, revision: str | None, output: str) -> str:
    """Return what the hub's libraries said as one sentence."""
    if re.search(r"not a valid git identifier", output):
        return (
            f"The model hub has {name}, but not its revision {revision!r}; choose a branch, a tag "
            "or a commit that its page on the hub lists."
        )
    if re.search(r"not a valid (model|repo)", output):
        known = "" if "/" in name else f" (the course models are {', '.join(model_names())})"
        return (
            f"The model hub has no {name}, or hides it; check the spelling{known}, or set HF_TOKEN "
            "to your access token."
        )
    if re.search(r"gated|\b40[13] ", output):
        return (
            f"{name} needs the consent of its owners: accept its terms on its page on the hub, "
            "then set HF_TOKEN to your access token."
        )
    if re.search(r"(?i)no space left", output):
        return (
            f"No disk space is left for {name}; free some, or set HF_HOME to a folder on another "
            "disk."
        )
    one_line = " ".join(output.split())
    return f"Cannot load {name} from the model hub: {one_line[:200]}"


def hub_answers(seconds: float = 3.0) -> bool:
    """Return whether the Hugging Face hub answers within `seconds`.

    ``False`` at once when HF_HUB_OFFLINE is set.
    """
    if huggingface_hub.constants.HF_HUB_OFFLINE:
        return False
    status_codes: list[int] = []

    def ask() -> None:
        with suppress(Exception):  # any failure means the same: no answer
            session = huggingface_hub.get_session()
            response = session.head(huggingface_hub.constants.ENDPOINT, timeout=seconds)
            status_codes.append(response.status_code)

    # a thread, as looking up a host name heeds no timeout
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    if not status_codes:
        return False
    return status_codes[0] < SERVER_ERROR and status_codes[0] not in BLOCKED_BY_PROXY


def file_status(name: str, revision: str | None, seconds: float = 10.0) -> int:
    """Return the worst status code with which the hub answers for a model's files.

    A file that the model does not have gives 404. A connection that breaks off, or a longer
    silence, counts as 504.
    """
    worst = 0
    for file in PROBED_FILES:
        url = huggingface_hub.hf_hub_url(name, file, revision=revision)
        try:
            response = huggingface_hub.get_session().head(url, timeout=seconds)
        except Exception:  # each version of the hub's library has its own
            return 504
        worst = max(worst, response.status_code)
        if worst >= SERVER_ERROR:
            break
    return worst
