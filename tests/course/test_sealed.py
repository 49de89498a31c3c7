"""A sealed claim: what a seal holds, what opening refuses, and that nothing of the learner's is lost."""

import hashlib
import json
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uncertainty import (
    PlannedClaim,
    claim_verdict,
    open_held_out,
    practice_and_held_out,
    seal_claim,
)
from uncertainty.course import sealed
from uncertainty.course.seal_files import keep_record
from uncertainty.course.sealed_code import code_of, same_code

IDS = [f"q{place:03}" for place in range(120)]
PRACTICE, HELD_OUT = practice_and_held_out(IDS, seed=3)
ASKED = []
SHIFT = 1.0


def two_columns(ids):
    """Labels and a value that is larger where the label is true."""
    ASKED.append(list(ids))
    random = np.random.default_rng(len(ids))
    labels = np.arange(len(ids)) % 2 == 0
    return labels, random.normal(size=len(ids)) + shifted(labels)


def shifted(labels):
    return SHIFT * labels


def difference(labels, values):
    return float(values[labels].mean() - values[~labels].mean())


def other_difference(labels, values):
    return float(values[labels].mean() - values[~labels].mean()) + 0.5


def shuffles(labels, values):
    random = np.random.default_rng(0)
    return [difference(random.permutation(labels), values) for _ in range(50)]


CLAIM = PlannedClaim(
    sentence="The value is larger where the label is true",
    measure="mean of the value",
    baseline="none",
    control="labels shuffled",
    excludes="chance",
    leaves="the cause",
    cut_off=0.2,
    tried=4,
    columns=two_columns,
    effect=difference,
    controls=shuffles,
)


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    """Each test is a new process: nothing was opened."""
    monkeypatch.setattr(sealed, "_opened", {})
    ASKED.clear()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mine.json"


def sealed_at(path, claim=CLAIM):
    return seal_claim(claim, practice=PRACTICE, held_out=HELD_OUT, path=path)


def test_the_seal_is_the_sha256_of_claim_and_held_out_ids(path):
    seal = sealed_at(path)
    kept = json.loads(path.read_text(encoding="utf-8"))
    text = json.dumps(
        {"claim": kept["claim"], "held_out": sorted(HELD_OUT)},
        sort_keys=True,
        separators=(",", ":"),
    )
    assert seal.digest == kept["sha256"] == hashlib.sha256(text.encode("ascii")).hexdigest()
    assert kept["claim"]["cut_off"] == 0.2 and "SHIFT * labels" in kept["claim"]["columns"]
    assert "SHIFT = 1.0" in kept["claim"]["columns"]
    assert seal.digest in str(seal) and "not opened" in str(seal)


def test_sealing_looks_at_the_practice_half_only_and_opening_at_the_other(path):
    seal = sealed_at(path)
    assert ASKED == [PRACTICE]
    outcome = open_held_out(seal, CLAIM)
    assert ASKED == [PRACTICE, HELD_OUT]
    value = difference(*two_columns(HELD_OUT))
    assert outcome.value == pytest.approx(value) and outcome.questions == 60
    controls = shuffles(*two_columns(HELD_OUT))
    assert outcome.bar == pytest.approx(np.quantile(np.abs(controls), 0.95))
    assert outcome.verdict == claim_verdict(*outcome[:3], controls) == "shows"


def test_an_effect_below_the_cut_off_does_not_show(path):
    claim = replace(CLAIM, cut_off=5.0)
    assert open_held_out(sealed_at(path, claim), claim).verdict == "weak"


def test_it_is_opened_once_and_the_first_outcome_stays(path):
    first = open_held_out(sealed_at(path), CLAIM)
    kept = path.read_bytes()
    sealed._opened.clear()  # a new process
    second = open_held_out(path, CLAIM)
    assert not first.again and second.again
    assert second._replace(again=False) == first and path.read_bytes() == kept
    assert "Opened before, on 20" in str(second)
    assert len(ASKED) == 2 and "opened, " in str(sealed_at(path))


def test_a_file_that_is_gone_does_not_open_it_twice_in_one_process(path):
    seal = sealed_at(path)
    first = open_held_out(seal, CLAIM)
    path.unlink()
    assert open_held_out(sealed_at(path), CLAIM) == first._replace(again=True)
    assert json.loads(path.read_text(encoding="utf-8"))["outcome"]["value"] == first.value


CHANGES = {
    "sentence": "The value is smaller",
    "measure": "median",
    "baseline": "length",
    "control": "nothing",
    "excludes": "all",
    "leaves": "nothing",
    "cut_off": 0.1,
    "tried": 0,
    "columns": shuffles,
    "effect": other_difference,
    "controls": two_columns,
}


@pytest.mark.parametrize("name", [each.name for each in fields(PlannedClaim)])
def test_a_changed_field_is_refused_by_name_and_the_half_stays_closed(path, name):
    seal = sealed_at(path)
    kept = path.read_bytes()
    changed = replace(CLAIM, **{name: CHANGES[name]})
    with pytest.raises(ValueError, match=rf"changed after sealing.*'{name}'") as told:
        open_held_out(seal, changed)
    others = [other for other in CHANGES if other != name]
    assert not re.findall("|".join(f"'{other}'" for other in others), str(told.value))
    assert ASKED == [PRACTICE] and path.read_bytes() == kept
    assert not open_held_out(seal, CLAIM).again


def test_a_value_that_the_code_uses_is_sealed_too(path, monkeypatch):
    seal = sealed_at(path)
    monkeypatch.setitem(globals(), "SHIFT", 2.0)
    with pytest.raises(ValueError, match="the code of 'columns'"):
        open_held_out(seal, CLAIM)


@pytest.mark.parametrize("edit", ["cut_off", "held_out", "sha256"])
def test_an_edited_file_is_refused(path, edit):
    sealed_at(path)
    record = json.loads(path.read_text(encoding="utf-8"))
    if edit == "cut_off":
        record["claim"]["cut_off"] = 0.01
    elif edit == "held_out":
        record["held_out"] = record["held_out"][:30]
    else:
        record["sha256"] = "0" * 64
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ValueError, match="edited after sealing") as told:
        open_held_out(path, CLAIM)
    assert ("'cut_off' was 0.01 and is now 0.2" in str(told.value)) == (edit == "cut_off")
    with pytest.raises(ValueError, match="edited"):
        open_held_out(path, replace(CLAIM, cut_off=0.01))


def test_a_file_is_never_overwritten(path):
    sealed_at(path)
    kept = path.read_bytes()
    assert sealed_at(path).record == json.loads(kept)
    with pytest.raises(ValueError, match="never overwritten"):
        sealed_at(path, replace(CLAIM, cut_off=0.3))
    with pytest.raises(ValueError, match="never overwritten"):
        seal_claim(CLAIM, practice=PRACTICE, held_out=HELD_OUT[:50], path=path)
    assert path.read_bytes() == kept
    for text in ("my notes", '{"claim": {}}', "[1]"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r"seal.*left as it is"):
            sealed_at(path)
        assert path.read_text(encoding="utf-8") == text


def test_an_outcome_that_another_process_wrote_stays(path):
    seal = sealed_at(path)
    unopened = seal.record | {"outcome": None}
    first = open_held_out(seal, CLAIM)
    keep_record(path, unopened)
    assert json.loads(path.read_text(encoding="utf-8"))["outcome"]["value"] == first.value


def test_where_nothing_can_be_written_the_text_is_shown_and_it_opens_once(tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("", encoding="utf-8")
    path = blocked / "mine.json"  # a folder that cannot be made, as in a place that is read-only
    with pytest.warns(UserWarning, match="cannot be written") as told:
        seal = sealed_at(path)
    assert json.loads(str(told[0].message).partition("ends:\n")[2]) == seal.record
    with pytest.warns(UserWarning, match="cannot be written") as told:
        first = open_held_out(seal, CLAIM)
    shown = json.loads(str(told[0].message).partition("ends:\n")[2])
    assert shown["outcome"]["value"] == first.value
    again = open_held_out(seal, CLAIM)
    assert again == first._replace(again=True) and "opened, " in str(seal)


def test_an_error_while_measuring_leaves_it_closed(path, monkeypatch):
    seal = sealed_at(path)
    with monkeypatch.context() as broken:
        broken.setattr(np, "quantile", fails)
        with pytest.raises(ZeroDivisionError):
            open_held_out(seal, CLAIM)
    assert not open_held_out(path, CLAIM).again


def fails(*_):
    return 1 / 0


def nothing(labels, values):
    return float("nan")


def too_short(ids):
    return [np.zeros(3)]


def test_an_effect_that_is_not_defined_cannot_be_judged(path):
    claim = replace(CLAIM, effect=nothing)
    seal = sealed_at(path, claim)
    assert open_held_out(seal, claim).verdict == "cannot be judged"
    assert np.isnan(open_held_out(path, claim).value)
    assert "NaN" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "changes,message",
    [
        ({"sentence": " "}, "missing: sentence"),
        ({"effect": None, "cut_off": None}, "missing: cut_off, effect"),
        ({"cut_off": -0.1}, r"0 or more, got -0\.1"),
        ({"tried": -1}, "got 0.2 and -1"),
        ({"effect": lambda labels, values: 1.0}, "write it with def"),
        ({"effect": len}, "write it with def"),
        ({"columns": too_short}, r"60 ids, got \[3\]"),
    ],
)
def test_a_claim_that_cannot_be_sealed_is_told(path, changes, message):
    with pytest.raises(ValueError, match=message):
        sealed_at(path, replace(CLAIM, **changes))
    assert not path.exists()


def test_a_question_in_both_halves_and_an_empty_half_are_told(path):
    with pytest.raises(
        ValueError, match=f"1 questions are in both halves, such as '{PRACTICE[5]}'"
    ):
        seal_claim(CLAIM, practice=PRACTICE, held_out=[*HELD_OUT, PRACTICE[5]], path=path)
    with pytest.raises(ValueError, match="both halves need questions, got 60 to practise on and 0"):
        seal_claim(CLAIM, practice=PRACTICE, held_out=[], path=path)
    with pytest.raises(ValueError, match="at least two questions"):
        practice_and_held_out(["a", "a"])


@given(st.sets(st.text(min_size=1), min_size=2), st.integers(0, 2**32), st.randoms())
def test_every_question_is_in_one_half_whatever_the_order(ids, seed, random):
    rows = [*ids, *list(ids)[:3]]  # some questions have several rows
    random.shuffle(rows)
    practice, held_out = practice_and_held_out(rows, seed=seed)
    assert sorted([*practice, *held_out]) == sorted(ids)
    assert 0 <= len(held_out) - len(practice) <= 1
    assert (practice, held_out) == practice_and_held_out(sorted(rows), seed=seed)


TEXT = st.text(min_size=1).filter(str.strip)


@settings(max_examples=30)
@given(
    st.fixed_dictionaries(dict.fromkeys([*CHANGES][:6], TEXT)), st.floats(0, 1e9), st.integers(0)
)
def test_any_words_and_numbers_come_back_from_the_file(tmp_path_factory, words, cut_off, tried):
    path = tmp_path_factory.mktemp("seal") / "mine.json"
    claim = replace(CLAIM, **words, cut_off=cut_off, tried=tried)
    seal = sealed_at(path, claim)
    assert json.loads(path.read_text(encoding="utf-8")) == seal.record
    assert sealed_at(path, claim).digest == seal.digest
    assert sealed._check_unchanged(path, seal.record, claim) is None


def spaced(labels,   values):  # fmt: skip
    # a comment
    return float(values[labels].mean()   - values[~labels].mean())  # fmt: skip


LISTED = ["often", "many"]


def listed_words(text):
    return sum(word in LISTED for word in text.split())


def test_a_list_that_could_grow_unnoticed_is_refused_with_the_way_out():
    with pytest.raises(
        ValueError, match=r"listed_words uses the list LISTED.*LISTED = tuple\(LISTED\)"
    ):
        code_of(listed_words)


def test_spacing_and_comments_are_no_change_and_code_is():
    text = code_of(spaced).replace("spaced", "difference")
    assert text != code_of(difference) and same_code(text, code_of(difference))
    assert not same_code(code_of(difference), code_of(other_difference))
    assert same_code("one sentence, no code", "one sentence, no code")


WORDS = {"may", "often", "about", "some"}
PATTERN = re.compile("[a-z]+")


def counted(text):
    return sum(word in WORDS for word in PATTERN.findall(text) if (lambda w: w in WORDS)(word))


def test_sets_and_patterns_count_by_their_value_and_a_function_may_call_itself():
    text = code_of(counted)
    assert "WORDS = {'about', 'may', 'often', 'some'}" in text and "re.compile" in text
    assert code_of(recursive).count("def recursive") == 1


def recursive(number):
    return number and recursive(number - 1)


def test_a_function_without_source_is_told():
    namespace = {"__name__": __name__}
    exec("def typed(labels, values):\n    return 1.0", namespace)
    with pytest.raises(ValueError, match="source of typed"):
        code_of(namespace["typed"])


def test_the_template_names_every_field():
    page = Path(__file__).parents[2] / "docs" / "capstone" / "template.md"
    text = page.read_text(encoding="utf-8")
    for each in fields(PlannedClaim):
        assert f"`{each.name}`" in text, each.name
