"""The report on a model behind a server: its numbers against the full distributions, its refusals, and that no answer is lost."""

import functools
import itertools
import json
import re
import sys
from collections import Counter

import numpy as np
import pytest
import scipy.stats
import torch
from fake_server import Reply, chat, fake_server, token
from report_pages import Page
from sklearn.metrics import roc_auc_score

from uncertainty import (
    ServerTrouble,
    answer_measures,
    compare_reports,
    make_report,
    make_server_report,
)
from uncertainty.__main__ import main
from uncertainty.report import command, server_report
from uncertainty.report.command import command_words
from uncertainty.report.entropy_part import auroc_bounds
from uncertainty.report.reports import Report
from uncertainty.report.server_report import default_file

pytest.importorskip("openai", reason="asking a server needs `pip install openai`")

VOCABULARY = 60
TOP = 5
COUNT = 48
FEW = 12  # too few to judge a doubt, which takes most of the time
REFUSED = ["mean_entropy", "max_entropy", "logtoku", "aleatoric", "epistemic"]
QUESTIONS = [f"What is number {n}?" for n in range(COUNT)]


def logits_of(question):
    """The full logits of the answer to a question, ``(steps, vocabulary)``: sharper where it will be right."""
    number = int(re.search(r"\d+", question)[0])
    random = torch.Generator().manual_seed(number)
    steps = 1 + number % 3
    sharpness = 3.0 if is_right(question) else 1.5
    return sharpness * torch.randn(steps, VOCABULARY, generator=random)


def is_right(question):
    return int(re.search(r"\d+", question)[0]) % 2 == 0


def reply(question, top=TOP):
    """What a server sends: the greedy answer, and the likeliest tokens of each step."""
    log_p = logits_of(question).double().log_softmax(-1)
    steps = []
    for row in log_p:
        ranked = row.topk(top)
        tokens = [
            token(f" w{i}", logprob=nats)
            for i, nats in zip(ranked.indices.tolist(), ranked.values.tolist())
        ]
        steps.append({**tokens[0], "top_logprobs": tokens})
    text = "".join(step["token"] for step in steps)
    return chat(text, steps)


def asked(request):
    return request["messages"][-1]["content"]


def answered(request):
    return reply(asked(request))


@pytest.fixture(scope="module")
def rows():
    """Questions of which those with an even number are answered rightly."""
    return [
        {
            "question": question,
            "answers": [answer_text(question) if is_right(question) else "something else"],
        }
        for question in QUESTIONS
    ]


def answer_text(question):
    return reply(question)["choices"][0]["message"]["content"].strip()


@pytest.fixture(scope="module")
def few(rows):
    return rows[:FEW]


@pytest.fixture
def file(tmp_path, few):
    path = tmp_path / "mine.csv"
    lines = [f"{row['question']},{row['answers'][0]}" for row in few]
    path.write_text("\n".join(["question,answers", *lines]))
    return str(path)


@pytest.fixture(scope="module")
def report(rows, tmp_path_factory):
    kept = tmp_path_factory.mktemp("answers") / "kept.jsonl"
    with fake_server(answered) as server:
        return make_server_report(
            server.endpoint,
            rows,
            vocabulary_size=VOCABULARY,
            top_logprobs=TOP,
            file=kept,
            progress=False,
        )


@pytest.fixture
def no_retries(monkeypatch):
    once = functools.partial(make_server_report, max_retries=0, concurrency=1)
    monkeypatch.setattr(command, "make_server_report", once)


# The numbers


def test_the_measures_are_those_of_the_full_distributions(report):
    assert [row["right"] for row in report.data["answers"]] == list(map(is_right, QUESTIONS))
    for row in report.data["answers"]:
        full = answer_measures(logits_of(row["question"]))
        assert len(row["measures"]) == 6
        assert row["measures"] == pytest.approx(
            {name: full[name] for name in row["measures"]}, rel=1e-5
        )
    assert {row["measure"] for row in report.data["server"]["refused"]} == {*REFUSED}


def true_entropies():
    probabilities = [logits_of(question).double().softmax(-1).numpy() for question in QUESTIONS]
    return [scipy.stats.entropy(steps, axis=1) for steps in probabilities]


@pytest.mark.parametrize(("place", "summary"), [(0, np.mean), (1, np.max)])
def test_the_bounds_hold_what_the_server_hides(report, place, summary):
    part = report.data["sections"]["entropy"]
    row = part["rows"][place]
    true = np.array([summary(steps) for steps in true_entropies()])
    assert row["lower"] < true.mean() < row["upper"]
    wrong = [not is_right(question) for question in QUESTIONS]
    lowest, highest = row["auroc"]
    assert lowest <= roc_auc_score(wrong, true) <= highest and highest - lowest > 0.01
    assert part["top_k"] == TOP and part["steps"] == sum(len(steps) for steps in true_entropies())


def test_the_probability_that_is_left_over_is_told(report):
    left = []
    for question in QUESTIONS:
        probabilities = logits_of(question).double().softmax(-1)
        left += (1 - probabilities.topk(TOP).values.sum(-1)).tolist()
    stated = report.data["sections"]["entropy"]["left_over"]
    assert stated == pytest.approx({"mean": np.mean(left), "largest": max(left)}, rel=1e-4)


def test_bounds_without_the_size_of_the_vocabulary_hold_for_every_size(few, tmp_path):
    with fake_server(answered) as server:
        unknown = make_server_report(
            server.endpoint, few, top_logprobs=TOP, file=tmp_path / "a.jsonl", progress=False
        )
    part = unknown.data["sections"]["entropy"]
    assert part["is_assumed"] and part["vocabulary"] == 300_000
    with fake_server(answered) as server:
        known = make_server_report(
            server.endpoint,
            few,
            vocabulary_size=VOCABULARY,
            top_logprobs=TOP,
            file=tmp_path / "b.jsonl",
            progress=False,
        )
    for wide, narrow in zip(part["rows"], known.data["sections"]["entropy"]["rows"]):
        assert wide["lower"] == pytest.approx(narrow["lower"]) and wide["upper"] > narrow["upper"]
    assert "300,000 tokens, more than any model we know has" in Page(unknown.to_html()).text
    assert "more than any model" not in Page(known.to_html()).text


def test_the_bounds_of_an_auroc_are_reached_and_never_left():
    random = np.random.default_rng(0)
    wrong = np.array([True, False, True, False, True, False])
    lower = random.random(6)
    upper = lower + random.random(6)
    lowest, highest = auroc_bounds(wrong, lower, upper)
    corners = [
        roc_auc_score(wrong, np.where(side, lower, upper))
        for side in itertools.product([True, False], repeat=6)
    ]
    assert (lowest, highest) == (min(corners), max(corners)) and lowest < highest
    for _ in range(200):
        inside = roc_auc_score(wrong, random.uniform(lower, upper))
        assert lowest <= inside <= highest


def test_a_vocabulary_that_is_too_small_leaves_the_bounds_out(few, tmp_path):
    with fake_server(answered) as server:
        report = make_server_report(
            server.endpoint,
            few,
            vocabulary_size=6,
            top_logprobs=TOP,
            file=tmp_path / "a.jsonl",
            progress=False,
        )
    reason = report.data["sections"]["entropy"]["left_out"]
    assert "vocabulary of 6 tokens is too small" in reason
    assert "entropy unknown" in report.to_html()


def test_a_measure_that_one_answer_does_not_allow_is_refused_for_all(few, tmp_path):
    """One reply names a single token of a step, and leaves room for one that is likelier."""

    def one_is_short(request):
        sent = reply(asked(request))
        if asked(request) == QUESTIONS[1]:
            step = sent["choices"][0]["logprobs"]["content"][0]
            step["top_logprobs"] = step["top_logprobs"][:1]
        return sent

    with fake_server(one_is_short) as server:
        report = make_server_report(
            server.endpoint, few, top_logprobs=TOP, file=tmp_path / "a.jsonl", progress=False
        )
    refused = {row["measure"]: row for row in report.data["server"]["refused"]}
    assert {*refused} == {*REFUSED, "naive", "vanilla", "mean_margin_complement"}
    assert refused["vanilla"]["answers"] == 1
    assert "the server left some out of step 0" in refused["vanilla"]["reason"]
    assert "This concerns 1 of the answers" in Page(report.to_html()).text
    assert "no answer has a mean probability" in report.data["sections"]["calibration"]["left_out"]


def test_empty_answers_have_no_measures(few, tmp_path):
    with fake_server(lambda request: chat("", [])) as server:
        report = make_server_report(server.endpoint, few, file=tmp_path / "a.jsonl", progress=False)
    assert report.data["sections"]["answers"]["empty"] == FEW
    assert report.data["sections"]["entropy"]["left_out"] == "no answer has a token"
    assert "there is nothing to measure" in Page(report.to_html()).text


# The page


def test_the_page_names_what_is_left_out(report):
    page = Page(report.to_html())
    for row in report.data["server"]["refused"]:
        assert row["label"] in page.text and page.text.count(row["reason"]) == 1
    assert "logtoku, aleatoric, epistemic need raw logits, and the server sends" in page.text
    assert "mean entropy, max entropy need the probabilities of all tokens" in page.text
    assert f"the server sends those of the {TOP} likeliest" in page.text
    for part in ("verbalised", "lens", "neurons"):
        reason = report.data["sections"][part]["left_out"]
        assert f"Left out: {' '.join(reason.split())}." in page.text
    assert re.search(r"entropy \d\.\d\d to \d\.\d\d nats", report.to_html())


def test_the_page_is_whole_and_hides_the_address(report):
    page = Page(report.to_html())
    assert "127.0.0.1" not in report.to_html() and "127.0.0.1" not in report.to_json()
    assert len(page.attributes("img")) == 3 and not page.attributes("script")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    links = [a["href"][1:] for a in page.attributes("a") if a["href"].startswith("#")]
    assert set(links) <= set(ids) and len(ids) == len(set(ids))
    again = Report(json.loads(report.to_json()))
    pictures = re.compile(r"data:image/png;base64,[^\"]+")
    assert pictures.sub("", again.to_html()) == pictures.sub("", report.to_html())


@pytest.mark.parametrize("path", ["/models/of me/llama.gguf", r"C:\models\llama.gguf"])
def test_a_path_in_the_models_name_is_cut(path):
    assert server_report._model_facts(path)["name"] == "llama.gguf"
    assert server_report._model_facts("Qwen/Qwen3-8B")["name"] == "Qwen/Qwen3-8B"


def test_what_the_answers_warn_of_is_on_the_page(few, tmp_path):
    def penalised(request):
        sent = reply(asked(request))
        first = sent["choices"][0]["logprobs"]["content"][0]
        first |= {name: first["top_logprobs"][1][name] for name in ("token", "logprob", "bytes")}
        return sent

    with fake_server(penalised) as server:
        report = make_server_report(
            server.endpoint, few, top_logprobs=TOP, file=tmp_path / "a.jsonl", progress=False
        )
    assert any(
        "written tokens are not the likeliest" in note for note in report.data["model"]["notes"]
    )
    assert "written tokens are not the likeliest" in Page(report.to_html()).text


def test_a_server_is_compared_with_a_model_here_by_what_both_have(report, few):
    both = compare_reports(make_report("tiny", questions=few, progress=False), report)
    assert both.data["common"] == FEW and both.data["names"] == ["tiny", "fake"]
    assert "does not tell its size" in Page(both.to_html()).text
    more = json.loads(report.to_json())
    for row in more["answers"]:
        row["measures"] = {"mean_entropy": 0.0, **row["measures"]}
    compared = compare_reports(Report(more), report).data["measures"]
    assert {row["measure"] for row in compared} == {
        *report.data["answers"][0]["measures"],
        "length",
    }


# The command


def run(server, file, tmp_path, *arguments):
    out = tmp_path / "r.html"
    return main(
        [
            "report",
            "--endpoint",
            server.endpoint,
            "--questions",
            file,
            "--out",
            str(out),
            *arguments,
        ]
    )


def test_a_report_is_written_and_the_next_asks_nothing(tmp_path, file, capsys):
    with fake_server(answered) as server:
        assert run(server, file, tmp_path, "--top-logprobs", str(TOP)) == 0
        assert len(server.requests) == FEW
        assert all(request["top_logprobs"] == TOP for request in server.requests)
        said = capsys.readouterr().err
        assert said.startswith(f"fake at {server.endpoint}: {FEW} questions, at most 24 tokens")
        assert str(default_file(server.endpoint)) in said
    again = run(server, file, tmp_path, "--top-logprobs", str(TOP), "--endpoint-model", "fake")
    assert again == 0  # the server is gone
    data = json.loads((tmp_path / "r.json").read_text())
    assert data["server"]["newly_asked"] == 0 and data["model"]["name"] == "fake"
    assert f"0 of {FEW} answers were asked for in this run" in (tmp_path / "r.html").read_text()


TROUBLES = {
    "it fails": (Reply({"error": "out of memory"}, 500), r"failed \(500: out of memory\)"),
    "it is slow": (Reply(chat(" w1", []), seconds=1.0), r"within 0.3 s.*pass a larger --timeout"),
    "no log-probabilities": (
        Reply(chat(" w1", None)),
        r"without log-probabilities: start it so that it sends them \(llama-cpp-python: "
        r"--logits_all true; Ollama: a newer version\)\. \(",
    ),
    "the wrong key": (Reply({"error": "no"}, 401), r"refused the key .*with --key-variable"),
    "too many requests": (Reply({"error": "no"}, 429), "with a smaller --concurrency"),
    "a refusal": (
        Reply({"error": "no"}, 400),
        r"many servers limit --top-logprobs \(often to 20\)",
    ),
}


@pytest.mark.parametrize("kind", TROUBLES)
def test_trouble_is_one_sentence_and_loses_no_answer(tmp_path, file, capsys, no_retries, kind):
    trouble, words = TROUBLES[kind]
    is_troubled = [True]

    def answer(request):
        return trouble if is_troubled[0] and asked(request) == QUESTIONS[5] else answered(request)

    arguments = ["--timeout", "0.3", "--top-logprobs", str(TOP)]
    with fake_server(answer) as server:
        assert run(server, file, tmp_path, *arguments, "--concurrency", "1") == 1
        said = capsys.readouterr().err
        sentence = said.splitlines()[-1]
        assert re.search(words, sentence), sentence
        assert re.search(rf"\d of {FEW} answers are kept in .*the same command goes on", sentence)
        assert not re.search(r"\w=", sentence) and "Traceback" not in said
        assert not (tmp_path / "r.html").exists()
        is_troubled[0] = False
        before = len(server.requests)
        assert 5 < before < FEW
        assert run(server, file, tmp_path, *arguments[2:]) == 0
    times_asked = Counter(map(asked, server.requests))
    assert times_asked == dict.fromkeys(QUESTIONS[:FEW], 1) | {QUESTIONS[5]: 2}
    data = json.loads((tmp_path / "r.json").read_text())
    assert data["server"]["newly_asked"] == FEW + 1 - before


@pytest.mark.parametrize("name", [[], ["--endpoint-model", "m"]])
def test_a_server_that_is_down(tmp_path, file, capsys, no_retries, name):
    with fake_server(answered) as server:
        pass
    assert run(server, file, tmp_path, *name) == 1
    sentence = capsys.readouterr().err.splitlines()[-1]
    assert "cannot be reached" in sentence and "start the server" in sentence


def test_several_models_are_listed(tmp_path, file, capsys):
    with fake_server(answered, models=("a", "b")) as server:
        assert run(server, file, tmp_path) == 1
        assert "has 2 models (a, b): pass the name of one as --endpoint-model" in (
            capsys.readouterr().err
        )
        assert run(server, file, tmp_path, "--endpoint-model", "b") == 0
    assert {request["model"] for request in server.requests} == {"b"}


def test_what_is_sent_beside_the_question(tmp_path, file, monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret")
    kept = tmp_path / "kept.jsonl"
    arguments = ["--key-variable", "MY_KEY", "--extra-body", '{"min_p": 0}', "--answers", str(kept)]
    with fake_server(answered) as server:
        assert run(server, file, tmp_path, *arguments) == 0
    assert {sent["authorization"] for sent in server.headers} == {"Bearer secret"}
    assert all(request["min_p"] == 0 for request in server.requests)
    assert server.requests[0]["messages"][0]["role"] == "system"
    assert server.requests[0]["max_tokens"] == 24
    assert len(kept.read_text().split("\n")) == FEW + 1 and "secret" not in kept.read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--endpoint", "localhost:8000"], "need the address of a server"),
        (["--endpoint", "http://me:pw@host/v1"], "name the variable that holds the key"),
        (
            ["--endpoint", "http://h/v1", "tiny"],
            "name one model, or two with --compare, or a server",
        ),
        (["tiny", "--endpoint-model", "m"], "--endpoint-model: for a model behind a server"),
        (["tiny", "--timeout", "5", "--answers", "a"], "--answers and --timeout: for a model"),
        (
            ["--endpoint", "http://h/v1", "--quantize", "nf4"],
            "--quantize: for a model that is loaded",
        ),
        (["--endpoint", "http://h/v1", "--key-variable", "NO_KEY"], "NO_KEY holds no key"),
        (["--endpoint", "http://h/v1", "--answers", "a.csv"], r"must end in \.jsonl, got a\.csv"),
        (["--endpoint", "http://h/v1", "--answers", "/proc/x/a.jsonl"], "cannot be written"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(tmp_path, capsys, arguments, words):
    assert main(["report", *arguments, "--out", str(tmp_path / "r.html")]) == 1
    said = capsys.readouterr().err
    assert re.search(words, said) and len(said.splitlines()) == 1


def test_a_file_that_holds_no_answers_is_left_alone(tmp_path, file, capsys):
    kept = tmp_path / "photo.jsonl"
    kept.write_bytes(b"\xff\xd8\xff")
    with fake_server(answered) as server:
        assert run(server, file, tmp_path, "--answers", str(kept)) == 1
    assert "is not text in UTF-8" in capsys.readouterr().err
    assert kept.read_bytes() == b"\xff\xd8\xff" and server.requests == []


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--timeout", "soon", "must be a number of seconds above 0, got 'soon'"),
        ("--timeout", "inf", "above 0, got 'inf'"),
        ("--concurrency", "0", "must be a whole number, 1 or more, got '0'"),
        ("--vocabulary-size", "1.5", "1 or more, got '1.5'"),
        ("--extra-body", "[1]", "must be a JSON object in quotes"),
        ("--extra-body", "{min_p: 0}", "must be a JSON object in quotes"),
    ],
)
def test_a_value_that_makes_no_sense_is_told(capsys, option, value, words):
    with pytest.raises(SystemExit):
        main(["report", "--endpoint", "http://h/v1", option, value])
    assert words in capsys.readouterr().err


def test_a_missing_client_says_what_to_install(tmp_path, file, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    assert main(["report", "--endpoint", "http://h/v1", "--questions", file]) == 1
    assert "run `python -m pip install openai`" in capsys.readouterr().err


def test_in_python_the_trouble_carries_its_answers(few, tmp_path):
    def second_fails(request):
        return Reply({}, 500) if asked(request) == QUESTIONS[1] else answered(request)

    with fake_server(second_fails) as server, pytest.raises(ServerTrouble) as caught:
        make_server_report(
            server.endpoint,
            few,
            file=tmp_path / "a.jsonl",
            progress=False,
            max_retries=0,
            concurrency=1,
        )
    assert caught.value.answers[0].text.strip() == answer_text(QUESTIONS[0])


def test_a_sentence_without_advice_stays_as_it_is():
    assert command_words("no network.") == "no network."
