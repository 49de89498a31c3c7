"""`answers_from` against a server in a thread: what it reads, what it refuses, and that no answer is lost."""

import itertools
import json
import math
import pickle
import re
import sys
import threading
import time
import warnings

import pytest
import torch
from fake_server import PROBABILITIES, Reply, chat, completion, fake_server, step, token

from uncertainty import ServerTrouble, answers_from, top_alternatives

pytest.importorskip("openai", reason="asking a server needs `pip install openai`")

PARIS = chat(" Paris", [step(" Paris")])


def question(request: dict) -> str:
    return request["messages"][-1]["content"]


def ask(response, prompts=("Q",), **options):
    """The answers of a server that always sends the same."""
    options = {"top_logprobs": 3, "max_retries": 0, **options}
    with fake_server(lambda request: response) as server:
        return answers_from(server.endpoint, list(prompts), **options)


def trouble(answer, prompts=("Q",), **options) -> ServerTrouble:
    """What is raised when the server answers with `answer(request)`."""
    options = {"top_logprobs": 3, "max_retries": 0, "concurrency": 1, **options}
    with fake_server(answer) as server, pytest.raises(ServerTrouble) as caught:
        answers_from(server.endpoint, list(prompts), **options)
    assert server.endpoint in str(caught.value)
    return caught.value


# What is read


def test_an_answer_has_its_log_probabilities_and_its_alternatives():
    steps = [step(" Paris"), step(" Rome")]
    [answer] = ask(chat(" Paris Rome", steps), temperature=1)
    assert answer.text == " Paris Rome" and answer.tokens == [" Paris", " Rome"]
    assert len(answer) == 2 and answer.finish_reason == "stop" and answer.model == "fake"
    torch.testing.assert_close(answer.token_logprobs, torch.tensor([0.5, 0.25]).log())
    torch.testing.assert_close(answer.top_logprobs.exp(), torch.tensor([[0.5, 0.25, 0.125]] * 2))
    assert [[label for label, _ in row] for row in top_alternatives(answer, 2)] == [
        [" Paris", " Rome"]
    ] * 2
    assert answer.complete.tolist() == [True, True]


def test_what_is_asked():
    with fake_server(lambda request: PARIS) as server:
        answers_from(
            server.endpoint, ["Q"], max_new_tokens=7, top_logprobs=3, seed=5, extra_body={"a": 1}
        )
    [request] = server.requests
    assert request == {
        "path": "/v1/chat/completions",
        "model": "fake",
        "messages": [{"role": "user", "content": "Q"}],
        "max_tokens": 7,
        "temperature": 0.0,
        "seed": 5,
        "logprobs": True,
        "top_logprobs": 3,
        "a": 1,
    }


def test_plain_text_goes_to_the_older_path():
    tops = [{" Paris": math.log(0.5), " Rome": math.log(0.25)}]
    with fake_server(lambda r: completion(" Paris", [" Paris"], [math.log(0.5)], tops)) as server:
        [answer] = answers_from(server.endpoint, ["In"], chat=False, top_logprobs=2)
    assert server.requests[0]["path"] == "/v1/completions"
    assert server.requests[0]["prompt"] == "In" and server.requests[0]["logprobs"] == 2
    assert "top_logprobs" not in server.requests[0]
    torch.testing.assert_close(answer.top_logprobs.exp(), torch.tensor([[0.5, 0.25]]))


def test_llama_cpps_completions_have_the_newer_form():
    response = completion(" Paris", [], [], [])
    response["choices"][0]["logprobs"] = {"content": [step(" Paris")]}
    [answer] = ask(response, chat=False)
    assert answer.tokens == [" Paris"]


def test_no_key_of_another_service_is_sent(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with fake_server(lambda request: PARIS) as server:
        answers_from(server.endpoint, ["Q"], top_logprobs=3)
        answers_from(server.endpoint, ["Q"], top_logprobs=3, api_key="mine")
    assert [sent["authorization"] for sent in server.headers] == ["Bearer none", "Bearer mine"]


def test_an_address_without_a_path_gets_v1():
    with fake_server(lambda request: PARIS) as server:
        [answer] = answers_from(server.endpoint.removesuffix("/v1"), ["Q"], top_logprobs=3)
    assert answer.endpoint == server.endpoint


def test_the_only_model_is_asked_and_several_are_listed():
    with (
        fake_server(lambda request: PARIS, models=("a", "b")) as server,
        pytest.raises(ValueError, match=r"has 2 models \(a, b\): pass the name of one as model="),
    ):
        answers_from(server.endpoint, ["Q"])


def test_logits_and_ids_name_the_server():
    [answer] = ask(PARIS)
    for name, words in (
        ("logits", "no logits"),
        ("token_ids", "no token ids"),
        ("prompt_ids", "no prompt"),
    ):
        with pytest.raises(ValueError, match=f"127.0.0.1.*sends {words}.*generate"):
            getattr(answer, name)
    with pytest.raises(ValueError, match=r"sends no token ids.*file="):
        answer.to_json()


def test_an_answer_can_be_pickled():
    [answer] = ask(PARIS, vocabulary_size=5)
    twin = pickle.loads(pickle.dumps(answer))
    assert repr(twin) == repr(answer) and twin.tokens == answer.tokens
    assert torch.equal(twin.top_logprobs, answer.top_logprobs) and twin.vocabulary_size == 5


def test_text_only():
    with fake_server(lambda request: chat("Paris", None)) as server:
        [answer] = answers_from(server.endpoint, ["Q"], top_logprobs=None)
    assert "logprobs" not in server.requests[0] and answer.text == "Paris"
    assert not answer.has_logprobs and "text only" in repr(answer)
    with pytest.raises(ValueError, match=r"has text only.*top_logprobs=20"):
        answer.token_logprobs  # noqa: B018
    assert "the server sent no log-probabilities" in answer._repr_html_()


# Traps


def test_a_written_token_outside_the_top():
    [answer] = ask(chat(" Lille", [step(" Lille", top=2)]), top_logprobs=2, temperature=1)
    torch.testing.assert_close(answer.token_logprobs.exp(), torch.tensor([0.0625]))
    torch.testing.assert_close(answer.top_logprobs.exp(), torch.tensor([[0.5, 0.25]]))
    assert answer.top_labels == [[" Paris", " Rome"]]


def test_a_written_token_that_was_added_to_the_top_is_no_part_of_it():
    """vLLM sends k + 1 entries then, the written one anywhere among them."""
    added = step(" Lille", top=2)
    added["top_logprobs"].insert(0, token(" Lille", 0.0625))
    [answer] = ask(chat(" Lille", [added]), top_logprobs=2, temperature=1)
    torch.testing.assert_close(answer.top_logprobs.exp(), torch.tensor([[0.5, 0.25]]))
    assert answer.complete.tolist() == [True] and answer.top_labels == [[" Paris", " Rome"]]


def test_a_written_token_in_the_place_of_the_last_makes_the_step_incomplete():
    """Some servers cut k + 1 entries to k: then the last is not the k-th likeliest."""
    cut = step(" Lille", top=2)
    cut["top_logprobs"] = [token(" Lille", 0.0625), token(" Paris", 0.5)]
    for temperature, complete in ((1, False), (0, True)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            [answer] = ask(chat(" Lille", [cut]), top_logprobs=2, temperature=temperature)
        assert answer.complete.tolist() == [complete]


@pytest.mark.parametrize("floor", [-9999.0, -3.4e38, -math.inf])
def test_a_floor_is_probability_zero(floor):
    low = step(" Paris", {" Paris": 1.0, " Rome": 0.0}, top=1)
    low["top_logprobs"].append(token(" Rome", logprob=floor))
    other = step(" Rome", top=2)  # so that not every step looks like temperature 0
    [answer] = ask(chat(" Paris Rome", [low, other]), top_logprobs=2, temperature=1)
    assert answer.top_logprobs[0].tolist() == [0.0, -math.inf]


def test_rounding_above_zero_and_what_is_no_log_probability():
    sure = step(" Paris", top=1, logprob=1e-6)
    sure["top_logprobs"] = [token(" Paris", logprob=1e-6), token(" Rome", logprob=-14.0)]
    assert ask(chat(" Paris", [sure]), top_logprobs=2)[0].token_logprobs.tolist() == [0.0]
    for value in (0.7, math.nan, "high"):
        error = trouble(lambda r, v=value: chat(" Paris", [step(" Paris", logprob=v)]))
        assert "its log-probabilities cannot be read" in str(error)


def test_fewer_alternatives_than_were_asked_for():
    steps = [step(" Paris", top=3), step(" Rome", top=1)]
    [answer] = ask(chat(" Paris Rome", steps), temperature=1)
    assert answer.top_logprobs.isnan().tolist() == [[False] * 3, [False, True, True]]
    assert answer.complete.tolist() == [True, False]


def test_a_servers_limit_is_told():
    with pytest.warns(UserWarning, match="sends 2 alternatives at most, and 3 were asked for"):
        [answer] = ask(chat(" Paris", [step(" Paris", top=2)]))
    assert answer.top_logprobs.shape == (1, 2) and answer.complete.tolist() == [True]


def test_no_alternatives_at_all():
    with pytest.warns(UserWarning, match="sends 1 alternatives at most"):
        [answer] = ask(chat(" Paris", [step(" Paris", top_logprobs=[])]))
    assert answer.top_labels == [[" Paris"]] and answer.complete.tolist() == [False]


def test_tokens_that_are_parts_of_a_character():
    """The euro sign in three tokens; a server decodes each on its own."""
    pieces = [{**step(" Paris"), "token": "\ufffd", "bytes": [byte]} for byte in "€".encode()]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        [answer] = ask(chat("€", pieces, "length"))
        assert answer.tokens == ["<0xE2>", "<0x82>", "<0xAC>"]
        for shown in ("\ufffd", ""):  # without bytes, and with nothing in their place
            halves = [{**piece, "token": shown, "bytes": None} for piece in pieces]
            [answer] = ask(chat("a€", [{**step(" Paris"), "token": "a"}, *halves]))
            assert len(answer) == 4


@pytest.mark.parametrize(
    "end",
    [
        {"token": "<|im_end|>"},
        {"token": "<|im_end|>", "bytes": list(b"<|im_end|>")},
        {"token": "", "bytes": []},
        {"token": "<|im_end|>", "bytes": []},
        {"token": "", "bytes": None},
    ],
)
def test_a_stop_token_is_no_part_of_the_answer(end):
    last = {**step(" Rome"), "bytes": None, **end}
    [answer] = ask(chat(" Paris", [step(" Paris"), last]))
    assert answer.tokens == [" Paris"] and len(answer.token_logprobs) == 1


def test_nothing_is_cut_from_an_answer_that_ran_into_the_limit():
    steps = [step(" Paris"), {**step(" Rome"), "token": "", "bytes": []}]
    [answer] = ask(chat(" Paris", steps, "length"), temperature=1)
    assert answer.finish_reason == "length" and len(answer) == 2


@pytest.mark.parametrize("steps", [None, [], [{**step(" Paris"), "token": "<end>", "bytes": None}]])
def test_an_empty_answer(steps):
    [answer] = ask(chat("", steps))
    assert answer.text == "" and len(answer) == 0 and answer.top_logprobs.shape == (0, 3)
    assert "An empty answer" in answer._repr_html_()


@pytest.mark.parametrize("reason", ["content_filter", None])
def test_other_finish_reasons_are_the_servers_word(reason):
    [answer] = ask(chat(" Paris", [step(" Paris")], reason))
    assert answer.finish_reason == (reason or "unknown")


def test_tokens_that_do_not_make_the_text_are_told():
    thought = [step(" Rome"), step(" Paris")]
    with pytest.warns(UserWarning, match=r"tokens of 1 answers do not make their text.*' Paris'"):
        ask(chat(" Paris", thought), temperature=1)


def test_white_space_that_a_server_strips_is_no_difference():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(ask(chat("Paris", [step(" Paris")]))[0]) == 1


def test_a_temperature_that_may_be_in_the_numbers_is_told():
    with pytest.warns(UserWarning, match=r"at temperature 0.5 servers differ"):
        ask(PARIS, temperature=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ask(PARIS, temperature=1)
        ask(PARIS, temperature=0)


def test_a_greedy_token_that_is_not_the_likeliest_is_told():
    with pytest.warns(UserWarning, match=r"1 of 1 written tokens are not the likeliest"):
        ask(chat(" Rome", [step(" Rome")]))


def test_log_probabilities_from_after_temperature_zero_are_told():
    sharp = [token(" Paris", 1.0), token(" Rome", logprob=-9999.0)]
    with pytest.warns(UserWarning, match="from after temperature 0"):
        ask(chat(" Paris", [step(" Paris", logprob=0.0, top_logprobs=sharp)]), top_logprobs=2)


def test_the_order_is_kept_and_a_prompt_that_stands_twice_is_asked_twice():
    """The earlier a prompt, the later its answer."""
    prompts = [f"Q{i}" for i in range(6)] + ["Q0"]

    def slow(request):
        number = int(question(request)[1:])
        body = chat(question(request), [step(" Paris", token=question(request), bytes=None)])
        return Reply(body, seconds=0.02 * (6 - number))

    with fake_server(slow) as server:
        answers = answers_from(server.endpoint, prompts, top_logprobs=3, concurrency=7)
    assert [answer.text for answer in answers] == prompts
    assert [answer.prompt for answer in answers] == prompts
    assert sorted(map(question, server.requests)) == sorted(prompts)


def test_no_more_than_the_concurrency_is_under_way():
    under_way, most = [0], [0]
    lock = threading.Lock()

    def count(request):
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.03)
        with lock:
            under_way[0] -= 1
        return PARIS

    with fake_server(count) as server:
        answers_from(server.endpoint, ["Q"] * 9, top_logprobs=3, concurrency=3)
    assert most[0] == 3


# What goes wrong


def test_a_server_that_is_down():
    with fake_server(lambda request: PARIS) as server:
        pass
    with pytest.raises(ServerTrouble, match=r"cannot be reached .*start the server") as caught:
        answers_from(server.endpoint, ["Q", "R"], max_retries=0)
    assert server.endpoint in str(caught.value) and caught.value.answers == [None, None]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (
            Reply({"error": {"message": "bad key"}}, 401),
            r"refused the key \(401: bad key\).*api_key=",
        ),
        (Reply({"detail": "no"}, 403), r"refused the key \(403: no\)"),
        (Reply({"error": {"message": "no such model"}}, 404), r"\(404: no such model\).*/v1"),
        (
            Reply({"error": {"message": "busy"}}, 429, {"Retry-After": "7"}),
            r"fewer requests \(429, Retry-After 7 s: busy\).*concurrency=",
        ),
        (Reply("<html>oops</html>", 500), r"failed \(500: <html>oops</html>\), asked 1 times.*log"),
        (Reply({"error": "k is 20 at most"}, 400), r"refused the request \(400: k is 20 at most\)"),
        (Reply("<html>hello</html>"), r"not an answer \(it is not JSON; it sent <html>hello"),
        (Reply({"hello": 1}), r"not an answer \(it has no choices; it sent \{'hello': 1\}"),
        (Reply({"choices": []}), "it has no choices"),
        (Reply({"choices": [{"message": {"content": 5}}]}), "its answer has no text"),
        (Reply([1]), "it has no choices"),
        (Reply(chat("Paris", None)), r"without log-probabilities.*--logits_all.*top_logprobs=None"),
        (Reply(chat(" Paris", [step(" Paris", logprob=None)])), "without log-probabilities"),
    ],
    ids=lambda value: "",
)
def test_each_trouble_is_one_sentence_and_keeps_the_answers(reply, words):
    """The second of three prompts meets it; the first was paid for."""
    error = trouble(lambda request: reply if question(request) == "2" else PARIS, ["1", "2", "3"])
    assert re.search(words, str(error)), str(error)
    assert "\n" not in str(error)
    assert error.answers[0].text == " Paris"
    assert "pass answers=error.answers to ask only for the rest" in str(error)


def test_a_slow_server():
    error = trouble(lambda request: Reply(PARIS, seconds=0.6), timeout=0.2)
    assert "gave no answer within 0.2 s, asked 1 times: pass a larger timeout=" in str(error)


def test_the_client_asks_again_and_waits_as_it_is_told():
    times = []

    def busy_twice(request):
        times.append(time.monotonic())
        if len(times) < 3:
            return Reply({"error": {"message": "busy"}}, 429, {"Retry-After": "0.3"})
        return PARIS

    with fake_server(busy_twice) as server:
        [answer] = answers_from(server.endpoint, ["Q"], top_logprobs=3, max_retries=2)
    assert answer.text == " Paris"
    assert min(b - a for a, b in itertools.pairwise(times)) >= 0.3


def test_a_fault_that_all_would_meet_costs_one_request():
    seen = []
    trouble(lambda request: seen.append(1) or chat("Paris", None), ["Q"] * 5, concurrency=4)
    assert len(seen) == 1


def test_what_is_under_way_is_waited_for_and_kept():
    """The bad answer leaves once both slow questions are there; they answer after it has been read."""
    slow_ones = threading.Semaphore(0)

    def answer(request):
        if question(request) == "slow":
            slow_ones.release()
            return Reply(PARIS, seconds=2)
        if question(request) == "bad":
            assert slow_ones.acquire(timeout=60) and slow_ones.acquire(timeout=60)
            return Reply({"error": {"message": "no"}}, 500)
        return PARIS

    prompts = ["first", "bad", "slow", "slow", "never"]
    error = trouble(answer, prompts, concurrency=3)
    assert [each is not None for each in error.answers] == [True, False, True, True, False]


def test_only_the_rest_is_asked_with_the_answers_that_came():
    error = trouble(
        lambda request: Reply({}, 500) if question(request) == "2" else PARIS, ["1", "2", "3"]
    )
    with fake_server(lambda request: PARIS) as server:
        answers = answers_from(
            server.endpoint, ["1", "2", "3"], top_logprobs=3, answers=error.answers
        )
    assert [question(request) for request in server.requests] == ["2", "3"]
    assert answers[0] is error.answers[0] and [answer.prompt for answer in answers] == [
        "1",
        "2",
        "3",
    ]


def test_an_answer_without_log_probabilities_is_kept_as_text_and_asked_again():
    error = trouble(lambda request: chat("Paris", None), ["1", "2"])
    assert error.answers[0].text == "Paris" and not error.answers[0].has_logprobs
    with fake_server(lambda request: PARIS) as server:
        answers = answers_from(server.endpoint, ["1", "2"], top_logprobs=3, answers=error.answers)
    assert len(server.requests) == 2 and all(answer.has_logprobs for answer in answers)
    with fake_server(lambda request: chat("Rome", None)) as server:
        answers = answers_from(
            server.endpoint, ["1", "2"], top_logprobs=None, answers=error.answers
        )
    assert [answer.text for answer in answers] == ["Paris", "Rome"]


def test_answers_to_other_prompts_are_refused():
    [answer] = ask(PARIS)
    with pytest.raises(ValueError, match=r"answers\[0\] answers 'Q', and prompts\[0\] is 'R'"):
        answers_from("http://localhost:1", ["R"], answers=[answer])
    with pytest.raises(ValueError, match="1 answers for 2 prompts"):
        answers_from("http://localhost:1", ["Q", "R"], answers=[answer])


def test_a_file_keeps_what_came_and_the_same_call_goes_on(tmp_path):
    file = tmp_path / "new" / "answers.jsonl"
    prompts = ["1", "2", "1"]
    is_broken = [True]

    def answer(request):
        number = sum(question(request) == question(old) for old in server.requests)
        if question(request) == "2" and is_broken[0]:
            return Reply({}, 500)
        text = f"{question(request)}{number}"
        return chat(text, [step(" Paris", token=text, bytes=None)])

    with fake_server(answer) as server:
        options = dict(top_logprobs=3, file=file, max_retries=0, concurrency=1)
        with pytest.raises(ServerTrouble, match=r"1 of 3 answers are kept in .*answers.jsonl"):
            answers_from(server.endpoint, prompts, **options)
        with file.open("a", encoding="utf-8") as cut_short:
            cut_short.write('\n{"endpoint": "htt')  # as a killed process leaves it
        is_broken[0] = False
        answers = answers_from(server.endpoint, prompts, **options)
        assert [answer.text for answer in answers] == ["11", "22", "12"]
        asked = len(server.requests)
        again = answers_from(server.endpoint, prompts, **options)
        assert len(server.requests) == asked
        assert [answer.text for answer in again] == ["11", "22", "12"]
        assert torch.equal(again[1].top_logprobs, answers[1].top_logprobs)
        answers_from(server.endpoint, prompts, **{**options, "temperature": 1})
        assert len(server.requests) == asked + 3
    lines = [line for line in file.read_text().splitlines() if line]
    assert len(lines) == 7 and json.loads(lines[0])["request"]["model"] == "fake"


def test_a_file_does_not_hold_back_an_answer_without_log_probabilities(tmp_path):
    file = tmp_path / "answers.jsonl"
    sends = [chat("Paris", None), PARIS]
    with fake_server(lambda request: sends.pop(0)) as server:
        with pytest.raises(ServerTrouble, match="without log-probabilities"):
            answers_from(server.endpoint, ["Q"], top_logprobs=3, file=file)
        [answer] = answers_from(server.endpoint, ["Q"], top_logprobs=3, file=file)
    assert answer.has_logprobs


def test_a_file_that_cannot_be_written_costs_nothing(tmp_path):
    with fake_server(lambda request: PARIS) as server, pytest.raises(OSError):
        answers_from(server.endpoint, ["Q"], file=tmp_path)
    assert server.requests == []


def test_an_interrupt_keeps_the_answers(monkeypatch):
    from uncertainty.generation import servers

    def interrupted(ask, indices, *, concurrency, keep, check):
        keep(0, ask(0))
        raise KeyboardInterrupt

    monkeypatch.setattr(servers, "ask_all", interrupted)
    with fake_server(lambda request: PARIS) as server, pytest.raises(KeyboardInterrupt) as caught:
        answers_from(server.endpoint, ["Q", "R"], top_logprobs=3)
    assert [answer is not None for answer in caught.value.answers] == [True, False]
    assert "1 of 2 answers came" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"endpoint": "localhost:8000"}, "need the address of a server"),
        ({"endpoint": "http://me:secret@host/v1"}, "holds a name or a password"),
        ({"endpoint": "http://host/v1/chat/completions"}, "cut it after"),
        ({"prompts": "Q"}, "need a list of prompts"),
        ({"prompts": []}, "need a list of prompts"),
        ({"prompts": [""]}, "a prompt is empty"),
        ({"prompts": [[{"role": "user", "content": "Q"}]], "chat": False}, "needs chat=True"),
        ({"prompts": [[{"role": "assistant", "content": "Q"}]]}, "ends with the assistant"),
        ({"max_new_tokens": 0}, "max_new_tokens must be larger than 0, got 0"),
        ({"temperature": -1}, "temperature must be 0 or larger, got -1"),
        ({"temperature": math.nan}, "temperature must be 0 or larger, got nan"),
        ({"top_logprobs": 0}, "top_logprobs must be at least 1, got 0"),
        ({"concurrency": 0}, "concurrency must be larger than 0"),
        ({"timeout": 0}, "timeout must be larger than 0"),
        ({"max_retries": -1}, "max_retries must be 0 or larger"),
        ({"vocabulary_size": 0}, "vocabulary_size must be at least 1"),
    ],
)
def test_arguments_are_checked_before_anything_is_asked(change, words):
    arguments = {"endpoint": "http://127.0.0.1:9/v1", "prompts": ["Q"], **change}
    with pytest.raises(ValueError, match=words):
        answers_from(**arguments)


def test_a_missing_client_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ImportError, match="run `python -m pip install openai`"):
        answers_from("http://127.0.0.1:9/v1", ["Q"])


def test_the_probabilities_of_the_fake_server_are_a_distribution():
    assert sum(PROBABILITIES.values()) == 1
