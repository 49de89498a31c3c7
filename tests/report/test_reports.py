"""A whole report on the tiny model: its page, its numbers, its refusals, and going on after a kill."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from report_pages import Page, intervals
from transformers import AutoModelForCausalLM

from uncertainty import compare_reports, is_correct, logit_lens, make_report, short_prompt
from uncertainty.data.questions import Question
from uncertainty.generation.decoding import generate
from uncertainty.measures.answer_measures import answer_measures
from uncertainty.measures.newer_measures import newer_measures
from uncertainty.report import reports
from uncertainty.report.comparison import paired_difference
from uncertainty.report.prompting import asker, line_end_ids
from uncertainty.report.reports import Report
from uncertainty.report.summary import interval_words


def test_nothing_is_left_out_where_everything_can_be_judged(report):
    sections = report.data["sections"]
    assert {name: part["left_out"] for name, part in sections.items()} == dict.fromkeys(
        [
            "answers",
            "leaderboard",
            "calibration",
            "threshold",
            "verbalised",
            "heatmaps",
            "lens",
            "neurons",
        ]
    )
    assert sections["answers"]["right_count"] == 12
    assert len(report.data["in_short"]) == 5


def test_answers_and_measures_are_those_of_direct_calls(report, tiny):
    for row in report.data["answers"][:4]:
        answer = generate(*tiny, short_prompt(row["question"]), max_new_tokens=24)
        assert row["text"] == answer.text and row["tokens"] == len(answer)
        assert row["right"] == is_correct(answer.text, row["answers"])
        expected = answer_measures(answer) | newer_measures(answer)
        assert row["measures"] == pytest.approx(expected, rel=1e-4)


def test_the_heat_maps_hold_the_answers_own_tokens(report, tiny):
    shown = report.data["sections"]["heatmaps"]["surest_wrong"]
    doubts = [row["doubt"] for row in shown]
    assert len(shown) == 10 and doubts == sorted(doubts)
    answer = generate(*tiny, short_prompt(shown[0]["question"]), max_new_tokens=24)
    probabilities = answer.logits.softmax(-1)[range(len(answer)), answer.token_ids]
    assert [token["text"] for token in shown[0]["tokens"]] == answer.tokens
    stated = [token["probability"] for token in shown[0]["tokens"]]
    assert stated == pytest.approx(probabilities.tolist(), abs=1e-4)


def test_the_lens_profile_is_that_of_the_lens(report, tiny, rows):
    """Mean entropies of the right answers, from `logit_lens` on prompt and answer."""
    model, _tokenizer = tiny
    profiles = []
    for row in report.data["answers"]:
        if row["right"]:
            answer = generate(*tiny, short_prompt(row["question"]), max_new_tokens=24)
            ids = torch.cat([answer.prompt_ids, answer.token_ids])
            entropy = logit_lens(model, ids).entropy[:, len(answer.prompt_ids) - 1 : -1]
            profiles.append(entropy.mean(1).numpy())
    stated = [depth["value"] for depth in report.data["sections"]["lens"]["entropy"]["right"]]
    assert stated == pytest.approx(np.mean(profiles, 0).tolist(), abs=1e-3)


def test_the_neurons_are_those_of_the_geometry(report, tiny):
    from uncertainty import null_space_fraction

    rho = null_space_fraction(tiny[0], 6)
    part = report.data["sections"]["neurons"]
    assert part["rows"][0]["neuron"] == rho.argmax()
    assert part["rows"][0]["rho"] == pytest.approx(rho.max().item())
    assert part["layer"] == 1 and part["neurons"] == 128


def test_the_json_is_the_data(report):
    assert json.loads(report.to_json()) == report.data
    assert report.data["format"] == "llm-uncertainty-course report"
    run = report.data["run"]
    assert run["peak_memory"] > 1e8 and run["seconds"]["ask"] > 0
    assert torch.__version__.startswith(run["versions"]["torch"])  # it may go on with "+cpu"


def test_every_interval_of_the_json_is_on_the_page(report):
    text = Page(report.to_html()).text
    shown = list(intervals(report.data["sections"]))
    assert len(shown) > 60
    for one in shown:
        assert interval_words(one) in text
    for sentence in report.data["in_short"]:
        assert sentence in text


def test_the_page_is_made_from_the_json_alone(report):
    again = Report(json.loads(report.to_json()))
    pictures = re.compile(r"data:image/png;base64,[^\"]+")
    assert pictures.sub("", again.to_html()) == pictures.sub("", report.to_html())


def test_the_page_asks_for_nothing_from_elsewhere(report):
    html = report.to_html()
    page = Page(html)
    assert not page.attributes("script", "iframe", "object", "embed", "video", "form")
    for attributes in (attributes for _, attributes in page.tags):
        for name in ("src", "href", "srcset", "data", "poster", "action"):
            address = attributes.get(name, "data:")
            assert address.startswith(("data:", "#")), address
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in html and "@import" not in html and "http" not in page.text


def test_the_page_can_be_read_by_everybody(report):
    page = Page(report.to_html())
    [html] = page.attributes("html")
    assert html["lang"] == "en"
    images = page.attributes("img")
    assert len(images) == 5 and all(len(image["alt"]) > 40 for image in images)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    heads = page.attributes("th")
    assert heads and all(head.get("scope") in ("col", "row") for head in heads)
    assert len(page.attributes("caption")) == len(page.attributes("table"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    links = [a["href"][1:] for a in page.attributes("a") if a["href"].startswith("#")]
    assert len(ids) == len(set(ids)) and set(links) <= set(ids) and len(links) > 10


def test_questions_and_answers_are_escaped(tiny):
    evil = '<script>alert("1")</script><img src=x onerror=alert(2)>'
    asked = [
        {"question": f"{evil} {n}?", "answers": [evil, "</td>"], "category": f"<b>{n % 2}</b>"}
        for n in range(3)
    ]
    html = make_report(*tiny, asked, progress=False).to_html()
    page = Page(html)
    assert evil in page.text
    assert not page.attributes("script", "b")
    assert all(image["src"].startswith("data:image/png") for image in page.attributes("img"))


def test_an_answer_that_looks_like_html_is_escaped(report):
    """The model's own words, in the heat map, in the reason of the grader and in the replies."""
    data = json.loads(report.to_json())
    evil = "<script>x</script>"
    shown = data["sections"]["heatmaps"]["surest_wrong"][0]
    shown["problem"] = evil
    shown["tokens"][0] |= {"text": evil, "alternatives": [[evil, 0.5]]}
    data["sections"]["verbalised"]["commonest"][0]["reply"] = evil
    data["model"]["name"] = evil
    page = Page(Report(data).to_html())
    assert page.text.count(evil) >= 4 and not page.attributes("script")


def test_few_questions_say_what_is_left_out(tiny):
    report = make_report(*tiny, [{"question": "a?", "answers": "b"}], progress=False)
    sections = report.data["sections"]
    reason = "the number of answers is 1, and with fewer than 20 every interval would span nearly everything"
    for name in ("leaderboard", "calibration", "threshold"):
        assert sections[name]["left_out"] == reason
    text = Page(report.to_html()).text
    assert text.count(f"Left out: {reason}.") >= 3
    assert "There is no right answer." in text


def test_an_architecture_that_is_refused_says_so(tiny, monkeypatch):
    def refuse(model):
        raise ValueError("a norm follows the last MLP.")

    monkeypatch.setattr(reports, "geometry", refuse)
    monkeypatch.setattr(reports, "model_parts", refuse)
    report = make_report(*tiny, [{"question": "a?", "answers": "b"}], progress=False)
    assert report.data["sections"]["lens"] == {"left_out": "a norm follows the last MLP."}
    text = Page(report.to_html()).text
    assert text.count("Left out: a norm follows the last MLP.") == 2


def test_an_error_of_our_own_is_not_taken_for_a_refusal(tiny, monkeypatch):
    def fail(*_):
        raise ValueError("a fault of ours")

    monkeypatch.setattr(reports, "lens_part", fail)
    with pytest.raises(ValueError, match="a fault of ours"):
        make_report(*tiny, [{"question": "a?", "answers": "b"}], progress=False)


def test_a_question_that_leaves_no_room_is_told_by_its_line(tiny, tmp_path):
    path = tmp_path / "q.csv"
    path.write_text(f"question,answers\na?,b\n{'why ' * 700}?,c\n")
    with pytest.raises(ValueError, match="nothing was asked") as caught:
        make_report(*tiny, path, progress=False)
    assert re.fullmatch(
        r"1 question is too long for this LlamaForCausalLM; nothing was asked\.\n"
        r"  line 3: \d+ tokens with the instruction, and 2025 would fit\.",
        str(caught.value),
    )


def test_a_model_needs_its_tokenizer(tiny):
    with pytest.raises(ValueError, match="a model needs its tokenizer"):
        make_report(tiny[0], questions=[{"question": "a?", "answers": "b"}])


# A base model, and templates that are not like the default model's.


def base_tokenizer(tiny):
    tokenizer = __import__("copy").copy(tiny[1])
    tokenizer.chat_template = None
    return tokenizer


def test_a_base_model_continues_a_text_and_stops_at_the_line(tiny):
    model, _ = tiny
    asking = asker(model, base_tokenizer(tiny))
    question = Question("line 2", "unique", "", "Capital of France?", ("Paris",))
    from uncertainty import prompt_token_ids

    ids = prompt_token_ids(asking.tokenizer, asking.prompt(question))
    assert tiny[1].decode(ids) == (
        "Answer with a short answer, a word or a few words only.\n\n"
        "Question: In which country is Pisa?\nAnswer: Italy\n\n"
        "Question: How many days does a week have?\nAnswer: seven\n\n"
        "Question: Capital of France?\nAnswer:"
    )
    before = model.generation_config.eos_token_id
    with asking.asking():
        assert set(line_end_ids(asking.tokenizer)) < set(model.generation_config.eos_token_id)
    assert model.generation_config.eos_token_id == before
    assert line_end_ids(tiny[1]) == tiny[1]("\n").input_ids
    assert "base model" in asking.notes[0] and tiny[1].chat_template


def test_a_report_on_a_base_model_goes_through(tiny):
    asked = [{"question": f"{n}?", "answers": ["x"]} for n in range(3)]
    report = make_report(tiny[0], base_tokenizer(tiny), asked, progress=False)
    assert not any("\n" in row["text"] for row in report.data["answers"])
    assert "continues a text" in report.to_html()


def test_a_template_without_system_message_gets_the_instruction_in_the_question(tiny):
    tokenizer = __import__("copy").copy(tiny[1])
    tokenizer.chat_template = (
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        + tokenizer.chat_template
    )
    asking = asker(tiny[0], tokenizer)
    [message] = asking.prompt(Question("1", "unique", "", "Why?", ("x",)))
    assert message["content"].startswith("Answer with a short") and "Why?" in message["content"]
    assert "no system message" in asking.notes[0]
    assert asker(*tiny).notes == ()


def test_thinking_is_switched_off(tiny):
    tokenizer = __import__("copy").copy(tiny[1])
    tokenizer.chat_template += (
        "{% if enable_thinking is not defined or enable_thinking %}<think>{% endif %}"
    )
    asking = asker(tiny[0], tokenizer)
    text = asking.tokenizer.apply_chat_template([{"role": "user", "content": "a"}], tokenize=False)
    assert "<think>" not in text and "switched off" in asking.notes[0]


# Going on after a kill.

KILLED = """
import os, sys
from uncertainty import make_report
from uncertainty.course import answer_runs
asked = [0]
generate = answer_runs.generate
def counted(*arguments, **options):
    asked[0] += len(arguments[2])
    print(asked[0], flush=True)
    if asked[0] > 40 and sys.argv[1] == "slow":
        import time; time.sleep(60)
    return generate(*arguments, **options)
answer_runs.generate = counted
questions = [{"question": f"Number {n}?", "answers": ["x"]} for n in range(70)]
report = make_report("tiny", questions=questions, progress=False)
print("asked", asked[0])
"""


def test_a_killed_run_goes_on_where_it_stopped(tmp_path):
    def start(speed):
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", KILLED, speed]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    first = start("slow")
    assert [first.stdout.readline().strip() for _ in range(2)] == ["32", "64"]
    time.sleep(0.2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    output, _ = start("quick").communicate()
    assert output.split()[-2:] == ["asked", "38"]  # 70 less the 32 that were answered and kept


# Two models.


def test_two_reports_are_compared_on_common_questions(report, tiny, rows):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        other = AutoModelForCausalLM.from_config(tiny[0].config).eval()
    other.generation_config.eos_token_id = tiny[0].generation_config.eos_token_id
    extra = [{"question": "Only one is asked this?", "answers": ["x"]}]
    second = make_report(other, tiny[1], [*rows[1:], *extra], progress=False)
    both = compare_reports(report, second)
    assert both.data["common"] == len(rows) - 1
    first_right = [row["right"] for row in report.data["answers"][1:]]
    assert both.data["right"]["shares"][0]["value"] == pytest.approx(np.mean(first_right))
    page = Page(both.to_html())
    assert "http" not in page.text and not page.attributes("script")
    assert json.loads(both.to_json())["reports"][0] == report.data
    [row] = [row for row in both.data["figures"] if row["label"] == "its AUROC"]
    assert row["values"][0]["value"] > 0 and row["values"][1] is None  # all wrong, hence left out
    assert "nothing to tell apart" in page.text or "nothing can be told apart" in page.text


def test_a_model_compared_with_itself_differs_by_nothing(report):
    both = compare_reports(report, report)
    assert both.data["left_out"] is None and len(both.data["measures"]) == 17
    for row in both.data["measures"]:
        assert row["difference"] == {"value": 0, "low": 0, "high": 0}
    text = Page(both.to_html()).text
    for one in intervals([both.data["measures"], both.data["right"]]):
        assert interval_words(one) in text


def test_a_paired_difference_is_sharper_than_two_intervals():
    random = np.random.default_rng(0)
    wrong = random.random(200) < 0.5
    doubt = wrong + random.normal(size=200)
    slightly_worse = doubt + 0.3 * random.normal(size=200)
    gap = paired_difference(wrong, doubt, wrong, slightly_worse)
    from sklearn.metrics import roc_auc_score

    assert gap.value == pytest.approx(
        roc_auc_score(wrong, doubt) - roc_auc_score(wrong, slightly_worse)
    )
    apart = paired_difference(
        wrong, doubt, *(column[random.permutation(200)] for column in (wrong,)), doubt
    )
    assert gap.high - gap.low < 0.6 * (apart.high - apart.low)


def test_reports_without_a_common_question_are_not_compared(report, tiny):
    other = make_report(*tiny, [{"question": "another?", "answers": "b"}], progress=False)
    with pytest.raises(ValueError, match="were not asked one common question"):
        compare_reports(report, other)
    with pytest.raises(ValueError, match="only two reports of one model each"):
        compare_reports(compare_reports(report, report), report)
