"""Claims: every one is stated in full, judged by the rule and printed as it is kept."""

import json
import subprocess
import sys

import pytest

from uncertainty.course import claims
from uncertainty.course.claims import Claim, check_fields, claim, judge, stated_claims

NAN = float("nan")
STATED = {
    "sentence": "Silencing it raises the loss",
    "unit": "nats",
    "source": "course",
    "rows": ["3.5"],
    "published": "",
    "model": "",
    "control": "other neurons",
    "excludes": "that any neuron does",
    "leaves": "another text",
}


def test_every_claim_of_the_course_is_stated_in_full():
    assert stated_claims()
    for key, fields in stated_claims().items():
        check_fields(key, fields)
        for name in ("sentence", "unit", "source", "control", "excludes", "leaves"):
            assert fields[name].strip(), f"{key}: {name} is empty"
        assert bool(fields["published"]) == bool(fields["model"]), f"{key}: figure without model"
        assert not fields["sentence"].endswith("."), key


def test_figures_are_rounded_and_the_verdict_rests_on_the_unrounded():
    judged = judge("a", STATED, (0.204, 0.001, 0.401), [0.2])
    assert judged == Claim(
        "a", STATED["sentence"], "nats", "0.20", "0.00", "0.40", "0.20", 1, "shows"
    )
    assert judge("a", {**STATED, "digits": 3}, (0.204, 0.001, 0.401), [0.2]).value == "0.204"


def test_no_minus_before_nothing():
    assert judge("a", STATED, (-0.001, -0.004, 0.3), [0.2]).value == "0.00"


def test_the_printed_line_says_everything():
    text = str(judge("a", STATED, (0.2, 0.1, 0.4), [0.05, -0.06]))
    expected = "Silencing it raises the loss: 0.20 [0.10, 0.40] nats; bar of 2 controls 0.06: shows"
    assert text == expected


@pytest.mark.parametrize(
    ("interval", "controls"),
    [
        ((NAN, NAN, NAN), [0.05, 0.06]),
        ((NAN, NAN, NAN), [NAN, NAN]),
        ((0.2, NAN, NAN), [0.05]),
        ((0.2, 0.1, 0.4), [NAN, NAN]),
    ],
)
def test_an_effect_that_is_not_defined_cannot_be_judged(interval, controls):
    judged = judge("a", STATED, interval, controls)
    assert judged.verdict == "cannot be judged" and judged.bar == "nan"
    assert str(judged).endswith("nan: cannot be judged")


@pytest.mark.parametrize("controls", [[], [0.05, NAN], [float("inf")]])
def test_controls_that_are_missing_or_partly_broken_are_refused(controls):
    with pytest.raises(ValueError, match="control"):
        judge("a", STATED, (0.2, 0.1, 0.4), controls)


def test_a_claim_nobody_stated():
    with pytest.raises(KeyError, match="no claim 'nobody'"):
        claim("nobody", (1, 0, 2), [1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"leaves": None}, "missing \\['leaves'\\]"),
        ({"extra": "x"}, "unknown \\['extra'\\]"),
        ({"rows": "3.5"}, "rows must be list"),
        ({"digits": 1.5}, "digits must be a whole number"),
    ],
)
def test_a_claim_stated_badly(changes, message):
    fields = {name: value for name, value in {**STATED, **changes}.items() if value is not None}
    with pytest.raises(ValueError, match=message):
        check_fields("a", fields)


def test_a_name_is_used_once(tmp_path, monkeypatch):
    lines = [f"{name} = {json.dumps(value)}" for name, value in STATED.items()]
    for name in ("one.toml", "two.toml"):
        tmp_path.joinpath(name).write_text("\n".join(["[a]", *lines]))
    monkeypatch.setattr(claims, "CLAIMS", tmp_path)
    stated_claims.cache_clear()
    with pytest.raises(ValueError, match="'a' is used twice"):
        stated_claims()
    stated_claims.cache_clear()


def test_in_a_notebook_the_output_holds_line_and_data(tmp_path):
    code = f"""
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
from uncertainty.course import claims
claims.stated_claims = lambda: {{"a": {STATED!r}}}
with capture_output() as captured:
    judged = claims.claim("a", (0.2, 0.1, 0.4), [0.05])
data = captured.outputs[0].data
assert data["text/plain"] == str(judged)
assert data[claims.MIME] == judged._asdict()
"""
    subprocess.run([sys.executable, "-c", code], check=True)
