"""The papers' own data, for those who have a copy. Nothing is downloaded: pass the copy's place."""

import json
from pathlib import Path

from .questions import Idiom, Question

# One file with idioms that never change, one with idioms that are inflected.
EPIE_FILES = ("Static_idioms.txt", "Formal_idioms.txt")


def load_epie(folder: str | Path, min_words: int = 3) -> list[Idiom]:
    """Return the idioms of the EPIE corpus (Saxena and Paul 2020), shortest first.

    Each is cut before its last word. Kept are idioms of at least ``min_words`` words without a
    placeholder such as "[pron]" or "(somebody)". The paper that uses 330 of them (arXiv 2412.05768)
    does not publish its own rule.

    Args:
        folder: a copy of github.com/prateeksaxena2809/EPIE_Corpus, which holds one idiom a line in
            two text files.
        min_words: of the whole idiom.

    Raises:
        FileNotFoundError: one of the two files is not there.
        ValueError: min_words below 2, which would leave nothing before the last word.
    """
    if min_words < 2:
        raise ValueError(
            "min_words must be at least 2 (something must come before the last word), "
            f"got {min_words}."
        )
    paths = [Path(folder) / name for name in EPIE_FILES]
    missing = [path.name for path in paths if not path.exists()]
    if missing:
        raise FileNotFoundError(
            f"no {' and no '.join(missing)} in {folder}: "
            "clone github.com/prateeksaxena2809/EPIE_Corpus and pass its folder."
        )

    # 1. every idiom once, in the order of the files
    lines: list[str] = []
    for path in paths:
        lines += path.read_text(encoding="utf-8").splitlines()
    cleaned = [line.strip().lower() for line in lines]
    unique = list(dict.fromkeys(cleaned))

    # 2. those that are long enough and have no placeholder, shortest first
    idioms = [line.split() for line in unique if "[" not in line and "(" not in line]
    kept = [words for words in idioms if len(words) >= min_words]
    kept.sort(key=len)

    # 3. cut before the last word
    return [
        Idiom(f"epie-{i}", " ".join(words[:-1]), words[-1], len(words) - 1)
        for i, words in enumerate(kept)
    ]


def load_triviaqa(path: str | Path, limit: int | None = None) -> list[Question]:
    """Return questions of TriviaQA (Joshi et al. 2017) with all their aliases, as kind "unique".

    They keep the order of the file.

    Args:
        path: a JSON file of the official archive (nlp.cs.washington.edu/triviaqa), such as
            wikipedia-dev.json: a dictionary whose "Data" lists entries with "QuestionId",
            "Question" and "Answer" ("Value", "Aliases").
        limit: number of questions, at most; None for all.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another format, a test file, which has no answers, or limit below 1.
    """
    path = Path(path)
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1 or None, got {limit}.")
    if not path.exists():
        raise FileNotFoundError(
            f"no file {path}: get the archive from nlp.cs.washington.edu/triviaqa, unpack it "
            "and pass one of its JSON files."
        )
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["Data"][:limit]
        return [_question_from_entry(entry) for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path.name} is no TriviaQA file with answers ({type(error).__name__}: {error})."
        ) from error


def _question_from_entry(entry: dict) -> Question:
    """Return one entry of the file as a question, with every wording of its answer once."""
    answer = entry["Answer"]
    wordings = dict.fromkeys([answer["Value"], *answer.get("Aliases", [])])
    return Question(
        id=entry["QuestionId"],
        kind="unique",
        category="trivia",
        question=entry["Question"],
        answers=tuple(wordings),
    )
