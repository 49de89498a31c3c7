"""hub.py: the hub's cache first, then the hub if it answers; every failure is one sentence."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import huggingface_hub
import pytest
import torch
from loading_helpers import logits_of, save_tiny

from uncertainty import ModelUnavailable, load_model
from uncertainty.loading import hub
from uncertainty.loading.errors import UnsupportedOption


def test_a_hub_model_on_this_machine_needs_no_network(fake_hub):
    fake_hub.cached = True
    fake_hub.reachable = False
    load_model("some/model", device="cpu")
    [call] = fake_hub.calls
    assert (call.name, call.options.dtype, call.local) == ("some/model", torch.float32, True)


def test_a_hub_model_is_fetched_when_the_hub_answers(fake_hub):
    load_model("some/model", device="cpu")
    assert [call.local for call in fake_hub.calls] == [True, False]


def test_a_hub_that_does_not_answer_is_one_sentence(fake_hub):
    fake_hub.reachable = False
    with pytest.raises(
        ModelUnavailable, match=r"some/model is not on this machine.*HF_ENDPOINT"
    ) as caught:
        load_model("some/model")
    assert len(fake_hub.calls) == 1 and caught.value.__context__ is None


@pytest.mark.parametrize("name", ["gpt2", "some/model"])
def test_offline_a_missing_revision_is_named(fake_hub, name):
    fake_hub.reachable = False
    with pytest.raises(ModelUnavailable, match="not in its revision 'x', or not whole, and"):
        load_model(name, revision="x")
    with pytest.raises(ModelUnavailable) as caught:
        load_model(name)
    assert "revision" not in str(caught.value)


NOT_LISTED = "is not a local folder and is not a valid model identifier listed on the hub"


@pytest.mark.parametrize(
    "name, output, sentence",
    [
        (
            "some/model",
            "You are trying to access a gated repo.\nMake sure",
            "set HF_TOKEN to your access token",
        ),
        ("some/model", "403 Client Error", "accept its terms"),
        ("some/model", f"some/model {NOT_LISTED}", "check the spelling, or set HF_TOKEN"),
        ("gpt3", f"gpt3 {NOT_LISTED}", "the course models are smollm2-135m, gemma3-270m, tiny"),
        ("some/model", "v9 is not a valid git identifier (branch name, tag name)", "revision 'v9'"),
        ("some/model", "[Errno 28] No space left on device", "HF_HOME"),
        ("some/model", "Something\n else", "from the model hub: Something else"),
    ],
)
def test_what_the_hub_says_becomes_one_sentence(fake_hub, name, output, sentence):
    fake_hub.error = OSError(output)
    with pytest.raises(ModelUnavailable, match=sentence) as caught:
        load_model(name, revision="v9")
    assert "\n" not in str(caught.value) and caught.value.__suppress_context__


@pytest.mark.parametrize(
    "error", [UnsupportedOption("no such attention"), ModelUnavailable("trust")]
)
def test_what_no_network_can_change_is_told_at_once(fake_hub, error):
    fake_hub.error = error
    fake_hub.reachable = False
    with pytest.raises(type(error), match=str(error)):
        load_model("some/model")
    assert len(fake_hub.calls) == 1


def test_an_unknown_attention_of_a_cached_model_is_told_without_the_hub(monkeypatch, tmp_path):
    """The whole way: the model is here, only the option is wrong."""
    save_tiny(tmp_path)
    load_pretrained = hub.load_pretrained
    monkeypatch.setattr(
        hub,
        "load_pretrained",
        lambda name, *args, **kwargs: load_pretrained(tmp_path, *args, **kwargs),
    )
    monkeypatch.setattr(hub, "hub_answers", lambda: pytest.fail("the hub was asked"))
    with pytest.raises(ValueError, match=r"nonsense.*The only possible arguments"):
        load_model("some/model", attn_implementation="nonsense")
    model_and_tokenizer = load_model("some/model", attn_implementation="eager", device="cpu")
    torch.testing.assert_close(logits_of(*model_and_tokenizer), logits_of(*load_model("tiny")))


@pytest.mark.parametrize(
    "status, answer", [(200, True), (404, True), (403, False), (407, False), (502, False)]
)
def test_does_the_hub_answer(monkeypatch, status, answer):
    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
        assert hub.hub_answers(30) is answer
        server.shutdown()


def test_a_name_server_that_keeps_silent_is_not_waited_for(monkeypatch):
    silence = threading.Event()
    waited_to_the_end = threading.Event()

    def head(*_, **__):
        silence.wait(60)
        waited_to_the_end.set()

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub, "get_session", lambda: SimpleNamespace(head=head))
    assert hub.hub_answers(0.2) is False
    assert not waited_to_the_end.is_set()
    silence.set()


def test_an_offline_hub_is_not_even_asked(monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub.threading, "Thread", lambda **_: pytest.fail("it was asked"))
    assert hub.hub_answers() is False
