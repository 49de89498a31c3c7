"""The papers' own data, for those who can reach them. Nothing here downloads: pass the place of your copy."""

import json
from pathlib import Path

from .questions import Idiom, Question

EPIE_FILES = ("Static_idioms.txt", "Formal_idioms.txt")


def load_epie(folder: str | Path, min_words: int = 3) -> list[Idiom]:
    """Idioms of the EPIE corpus (Saxena and Paul 2020), cut before their last word, shortest first.

    Kept: idioms of at least ``min_words`` words without a placeholder such as "[pron]" or "(somebody)". The paper that
    uses 330 of them (arXiv 2412.05768) does not publish its own rule.

    Args:
        folder: a copy of github.com/prateeksaxena2809/EPIE_Corpus, which holds one idiom a line in two text files.

    Raises:
        FileNotFoundError: one of the two files is not there.
        ValueError: min_words below 2, which would leave nothing before the last word.
    """
    if min_words < 2:
        raise ValueError(
            f"min_words must be at least 2 (something must come before the last word), got {min_words}."
        )
    paths = [Path(folder) / name for name in EPIE_FILES]
    if missing := [path.name for path in paths if not path.exists()]:
        raise FileNotFoundError(
            f"no {' and no '.join(missing)} in {folder}: clone github.com/prateeksaxena2809/EPIE_Corpus "
            "and pass its folder."
        )
    lines = [
        line.strip().lower()
        for path in paths
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    idioms = [line.split() for line in dict.fromkeys(lines) if line and not set(line) & set("[(")]
    kept = sorted((words for words in idioms if len(words) >= min_words), key=len)
    return [
        Idiom(f"epie-{i}", " ".join(words[:-1]), words[-1], len(words) - 1)
        for i, words in enumerate(kept)
    ]


def load_triviaqa(path: str | Path, limit: int | None = None) -> list[Question]:
    """Questions of TriviaQA (Joshi et al. 2017) with all their aliases, in the file's order, as kind "unique".

    Args:
        path: a JSON file of the official archive (nlp.cs.washington.edu/triviaqa), such as wikipedia-dev.json: a
            dictionary whose "Data" lists entries with "QuestionId", "Question" and "Answer" ("Value", "Aliases").
        limit: so many questions at most.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another format, a test file, which has no answers, or limit below 1.
    """
    path = Path(path)
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1 or None, got {limit}.")
    if not path.exists():
        raise FileNotFoundError(
            f"no file {path}: get the archive from nlp.cs.washington.edu/triviaqa, unpack it and pass "
            "one of its JSON files."
        )
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["Data"][:limit]
        return [_question(entry) for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path.name} is no TriviaQA file with answers ({type(error).__name__}: {error})."
        ) from error


def _question(entry: dict) -> Question:
    answer = entry["Answer"]
    wordings = dict.fromkeys([answer["Value"], *answer.get("Aliases", [])])
    return Question(entry["QuestionId"], "unique", "trivia", entry["Question"], tuple(wordings))
