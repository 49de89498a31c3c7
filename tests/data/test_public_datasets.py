"""public_datasets.py on small files in the published formats."""

import json

import pytest

from uncertainty.data.public_datasets import load_epie, load_triviaqa
from uncertainty.evaluation.grader import is_correct


@pytest.fixture
def epie(tmp_path):
    (tmp_path / "Static_idioms.txt").write_text(
        "just in case\ncarpe diem\nan Arm and a leg\nrule of thumb\n\nrule of thumb"
    )
    (tmp_path / "Formal_idioms.txt").write_text(
        "raise eyebrows\nmake up [pron] mind\nbring (somebody) to knees\nkeep in touch"
    )
    return tmp_path


def test_epie_is_cut_before_the_last_word_without_placeholders_and_repeats(epie):
    found = load_epie(epie)
    assert [(idiom.prefix, idiom.last_word) for idiom in found] == [
        ("just in", "case"),
        ("rule of", "thumb"),
        ("keep in", "touch"),
        ("an arm and a", "leg"),
    ]
    assert all(idiom.words_before == len(idiom.prefix.split()) for idiom in found)
    assert len({idiom.id for idiom in found}) == 4
    assert len(load_epie(epie, min_words=2)) == 6


def test_what_is_missing_in_epie_is_named(epie):
    (epie / "Formal_idioms.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"no Formal_idioms.txt in .*clone"):
        load_epie(epie)
    with pytest.raises(ValueError, match=r"min_words must be at least 2.*got 1"):
        load_epie(epie, min_words=1)


def entry(number, **answer):
    return {
        "QuestionId": f"tc_{number}",
        "Question": "Which river runs through Paris?",
        "Answer": answer,
    }


def test_triviaqa_keeps_every_alias(tmp_path):
    path = tmp_path / "wikipedia-dev.json"
    data = [
        entry(1, Value="Seine", Aliases=["The Seine", "Seine", "River Seine"]),
        entry(2, Value="X"),
    ]
    path.write_text(json.dumps({"Data": data}))
    first, second = load_triviaqa(path)
    assert (
        first.answers == ("Seine", "The Seine", "River Seine")
        and first.id == "tc_1"
        and second.answers == ("X",)
    )
    assert is_correct("It is the Seine.", first.answers) and len(load_triviaqa(path, limit=1)) == 1


@pytest.mark.parametrize(
    "content",
    ["[1, 2]", "{half", json.dumps({"Data": [{"Question": "a test file?", "QuestionId": "t"}]})],
)
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "some.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"some\.json is no TriviaQA file"):
        load_triviaqa(path)
    with pytest.raises(FileNotFoundError, match="get the archive"):
        load_triviaqa(tmp_path / "other.json")
