"""The explorers' pages hold together, load nothing from elsewhere, and show the package's figures."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import binom

from uncertainty import answer_threshold, last_layer_neurons, load_model, load_questions

FOLDER = Path(__file__).parents[1] / "docs" / "explorers"
PAGES = sorted(FOLDER.glob("*.html"))
EXPLORERS = [page for page in PAGES if page.stem != "index"]
SCRIPTS = sorted(FOLDER.glob("*.js"))
VOID = {"meta", "link", "input", "br", "hr", "img"}


class Page(HTMLParser):
    """Collects the elements of a page, and fails where a tag is closed that is not open."""

    def __init__(self, path: Path):
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict]] = []
        self.text: dict[int, str] = {}
        self.stack: list[int] = []
        self.feed(path.read_text(encoding="utf-8"))
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.stack.append(len(self.elements) - 1)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()
        self.stack.pop()

    def handle_data(self, data):
        for number in self.stack:
            self.text[number] = self.text.get(number, "") + data

    def all(self, *tags) -> list[tuple[int, dict]]:
        return [(i, attrs) for i, (tag, attrs) in enumerate(self.elements) if tag in tags]


@pytest.fixture
def data_file(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import data_file

    return data_file


@pytest.fixture
def thresholds(data_file):
    return data_file.read_data(FOLDER / "data" / "threshold.js")


@pytest.fixture
def tokens(data_file):
    return data_file.read_data(FOLDER / "data" / "tokens.js")


@pytest.fixture
def lens(data_file):
    return data_file.read_data(FOLDER / "data" / "lens.js")


@pytest.fixture
def neurons(data_file):
    return data_file.read_data(FOLDER / "data" / "neurons.js")


def printed_by(lesson: str) -> str:
    """Return what a lesson's cells print, as it was kept."""
    [path] = (FOLDER.parents[1] / "notebooks").glob(f"[0-9][0-9]_{lesson}.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "".join("".join(output.get("text", "")) for output in outputs)


def words(path: Path) -> str:
    return " ".join(path.read_text(encoding="utf-8").split())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_valid_and_labelled(path):
    page = Page(path)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [attrs["lang"] for _, attrs in page.all("html")] == ["en-GB"]
    assert len(page.all("title")) >= 1 and len(page.all("h1")) == len(page.all("main")) == 1
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    labelled = {attrs["for"] for _, attrs in page.all("label")}
    for _, control in page.all("select", "input", "textarea"):
        assert control["id"] in labelled, control
    for number, _ in page.all("button", "summary", "a"):
        assert page.text[number].strip()
    for _, attrs in page.elements:
        assert "style" not in attrs and not any(name.startswith("on") for name in attrs)


@pytest.mark.parametrize("path", EXPLORERS, ids=lambda path: path.stem)
def test_an_explorer_asks_and_leads_to_its_lesson(path):
    page = Page(path)
    assert "What to look for:" in words(path)
    assert "An answer" in [page.text[number] for number, _ in page.all("summary")]
    assert any("notebooks/" in attrs["href"] for _, attrs in page.all("a"))
    assert f'href="{path.name}"' in (FOLDER / "index.html").read_text(encoding="utf-8")
    assert [a for _, a in page.elements if a.get("role") == "status"], "no live text"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_loads_only_what_lies_beside_it(path):
    page = Page(path)
    loaded = [attrs["src"] for _, attrs in page.all("script", "img")]
    loaded += [attrs["href"] for _, attrs in page.all("link", "a")]
    for target in loaded:
        assert not re.match(r"[a-z]+:|//", target), target
        assert (FOLDER / target).exists(), target


@pytest.mark.parametrize("path", [*SCRIPTS, FOLDER / "explorers.css"], ids=lambda path: path.name)
def test_scripts_and_style_fetch_nothing(path):
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|fetch\(|XMLHttpRequest|import\b|@import|url\(", text)


def test_data_are_small(data_file):
    files = sorted((FOLDER / "data").glob("*.js"))
    assert [file.stem for file in files] == sorted(page.stem for page in EXPLORERS)
    assert all(file.stat().st_size <= data_file.LARGEST for file in files)


def test_data_come_back_as_written(data_file, tmp_path):
    value = {"a": [[1, "</b> \u2028"], [2.5, "x"]], "b": {"c": 0}, "d": [], "e": "ü"}
    data_file.write_data("some", value, tmp_path)
    assert data_file.read_data(tmp_path / "some.js") == value
    with pytest.raises(ValueError, match="JSON compliant"):
        data_file.write_data("some", {"a": float("inf")}, tmp_path)
    with pytest.raises(ValueError, match="more than"):
        data_file.write_data("some", {"a": "x" * data_file.LARGEST}, tmp_path)


def test_significant_digits(data_file):
    rounded = [data_file.significant(value) for value in (1234.56, 0.00123456, -9.99996, 0.0)]
    assert rounded == [1235, 0.001235, -10, 0]


def test_threshold_tables_are_their_answers(thresholds):
    """Counts by brute force, bounds by what they mean, walks by the package."""
    wrong = np.array([is_wrong for _, _, is_wrong in thresholds["answers"]])
    assert len(wrong) == 445 and wrong.sum() == thresholds["wrong"]
    for doubt in thresholds["doubts"]:
        order = np.array(doubt["order"])
        assert sorted(order) == list(range(445)) and doubt["answered"][-1] == 445
        assert (np.diff(doubt["threshold"]) >= 0).all() and (np.diff(doubt["answered"]) > 0).all()
        for k, n in zip(doubt["wrong"], doubt["answered"]):
            assert k == wrong[order[:n]].sum()
        k, n, bound = (np.array(doubt[name]) for name in ("wrong", "answered", "bound"))
        assert (bound[k == n] == 1).all()
        chance = binom.cdf(k, n, bound)[k < n]  # of so few wrong ones, if the bound were the risk
        assert chance == pytest.approx(np.full(len(chance), thresholds["delta"]), abs=2e-3)
        rank = np.empty(445)
        rank[order] = np.searchsorted(doubt["answered"], np.arange(445), side="right")  # ties stay
        walks = [answer_threshold(wrong, rank, risk=limit) for limit in thresholds["limits"]]
        assert [walk.answered for walk in walks] == doubt["promised"]


def test_the_threshold_pages_answer_holds(thresholds):
    def seen(key, limit):
        [doubt] = [each for each in thresholds["doubts"] if each["key"] == key]
        within = [n for k, n in zip(doubt["wrong"], doubt["answered"]) if k / n <= limit]
        return within[-1], doubt["promised"][thresholds["limits"].index(limit)]

    page = words(FOLDER / "threshold.html")
    first, second = seen("perplexity", 0.2)
    assert f"The first lets {first} answers through and the second {second}." in page
    assert f"The price is {first - second} answers" in page
    assert seen("shuffled", 0.4) == (66, 0) and "lets 66 answers through, by luck" in page


@pytest.mark.model
def test_the_threshold_tables_are_the_packages(data_file, thresholds):
    from threshold_data import threshold_data

    made = threshold_data(*load_model())
    assert made["answers"] == thresholds["answers"]
    for ours, kept in zip(made["doubts"], thresholds["doubts"], strict=True):
        for name in ("threshold", "bound"):
            assert ours[name] == pytest.approx(kept[name], rel=1e-3)
        for name in ("answered", "wrong", "promised"):
            assert ours[name] == kept[name], (kept["key"], name)


def test_the_tokens_figures_hold_together(tokens):
    assert len(tokens["answers"]) == 12
    for answer in tokens["answers"]:
        assert answer["kind"].endswith("wrong" if answer["wrong"] else "right")
        surprisals = []
        for text, probability, surprisal, entropy, likeliest in answer["tokens"]:
            assert np.exp(-surprisal) == pytest.approx(probability, rel=2e-3)
            shares = [share for _, share in likeliest]
            assert shares == sorted(shares, reverse=True) and len(shares) == 5
            assert likeliest[0] == [text, pytest.approx(probability, rel=5e-3)]  # greedy
            assert entropy > -sum(p * np.log(p) for p in shares) - 0.01
            surprisals.append(surprisal)
        assert answer["perplexity"] == pytest.approx(np.exp(np.mean(surprisals)), rel=2e-3)


def test_twelve_answers_are_chosen_by_rule(data_file):
    from tokens_data import chosen_answers

    wrong = np.arange(40) % 2
    kinds = chosen_answers(wrong, np.exp(np.arange(40)))  # 0, 2, 4 ... are right
    numbers = {kind: [i for k, i in kinds if k == kind] for kind, _ in kinds}
    assert numbers == {
        "surest wrong": [1, 3, 5],
        "least sure right": [38, 36, 34],
        "surest right": [0],
        "least sure wrong": [39],
        "ordinary right": [20, 18],
        "ordinary wrong": [19, 21],
    }


def test_the_tokens_pages_answer_holds(tokens):
    page = words(FOLDER / "tokens.html")
    by_question = {answer["question"]: answer for answer in tokens["answers"]}
    nitrogen = by_question["What is the atomic number of nitrogen?"]
    digits = {text: p for text, p, *_ in nitrogen["tokens"] if text.isdigit()}
    said = f"probabilities are {digits['1']:.2f} and {digits['4']:.2f}"
    assert nitrogen["wrong"] and said in page and list(digits) == ["1", "4"]
    assert max(nitrogen["tokens"], key=lambda token: token[2])[0] == "The"
    river = by_question["Which river flows through London?"]
    [thames] = [p for text, p, *_ in river["tokens"] if text == " Thames"]
    assert not river["wrong"] and f"probability of {thames:.2f}" in page
    assert max(river["tokens"], key=lambda token: token[2])[0] == " famous"


@pytest.mark.model
def test_the_tokens_are_the_models(data_file, tokens):
    from tokens_data import answer_tokens

    model, tokenizer = load_model()
    [question] = [
        q for q in load_questions("unique") if q.question == tokens["answers"][0]["question"]
    ]
    kept = tokens["answers"][0]["tokens"]
    ids = tokenizer("".join(text for text, *_ in kept)).input_ids
    made = answer_tokens(model, tokenizer, question, ids)
    assert [token[0] for token in made] == [token[0] for token in kept]
    for ours, theirs in zip(made, kept):
        assert ours[1:4] == pytest.approx(theirs[1:4], rel=5e-3, abs=1e-4)
        assert [text for text, _ in ours[4]] == [text for text, _ in theirs[4]]


def test_the_lens_grids_hold_together(lens):
    for grid in lens["prompts"]:
        assert "".join(grid["tokens"]) == grid["prompt"]
        shape = (31, len(grid["tokens"]))
        for name in ("entropy", "kl", "top"):
            assert np.array(grid[name], dtype=object).shape[:2] == shape
        assert np.max(grid["kl"][-1]) == 0 and np.min(grid["kl"]) >= 0  # the last row is the model
        for entropies, tops in zip(grid["entropy"], grid["top"]):
            for entropy, top in zip(entropies, tops):
                shares = np.array([share for _, share in top])
                assert len(shares) == 5 and (np.diff(shares) <= 0).all()
                known = -(shares * np.log(np.maximum(shares, 1e-300))).sum()
                assert known - 0.01 <= entropy <= np.log(49152)


def test_the_lens_pages_answer_holds(lens):
    page = words(FOLDER / "lens.html")
    by_prompt = {grid["prompt"]: grid for grid in lens["prompts"]}
    france = by_prompt["The capital of France is"]
    last = [at_depth[-1] for at_depth in france["top"]]
    stop = next(depth for depth in range(1, 31) if last[depth][0][1] > 0.6)
    assert (stop, last[stop][0][0]) == (2, ".")
    assert f"depth {stop} with a full stop, whose probability is {last[stop][0][1]:.2f}" in page
    entropies = [row[-1] for row in france["entropy"]]
    lowest = 1 + int(np.argmin(entropies[1:]))
    assert f"lowest at depth {lowest}: {entropies[lowest]:.2f} nats" in page
    assert (
        last[lowest][0][0] == " " and f"probability of {last[lowest][0][1]:.2f} for a space" in page
    )
    paris = [dict(five).get(" Paris") for five in last]
    assert paris[:29] == [None] * 29
    assert f"depth 29 with {paris[29]:.2f}, and has {paris[30]:.2f} at depth 30" in page
    tops = [at_depth[-1] for at_depth in by_prompt["Two plus two equals"]["top"]]
    assert [five[0][0] for five in tops[26:31]] == [" ", " four", " four", " four", " five"]
    assert f'{tops[30][0][1]:.2f} to " five" and {tops[30][1][1]:.2f} to " four"' in page


@pytest.mark.model
def test_the_lens_is_the_models(data_file, lens):
    """A plain pass with the model's own hidden states, and the package's lens of one prompt."""
    from lens_data import lens_grid

    model, tokenizer = load_model()
    kept = lens["prompts"][0]
    made = lens_grid(model, tokenizer, kept["prompt"])
    for name in ("entropy", "kl"):
        assert np.array(made[name]) == pytest.approx(np.array(kept[name]), rel=2e-3, abs=2e-3)
    ids = tokenizer(kept["prompt"], return_tensors="pt").input_ids
    with torch.no_grad():
        states = model(input_ids=ids, output_hidden_states=True).hidden_states
        stream = torch.cat([*states[:-1]])  # the last entry is normed already
        shares = model.lm_head(torch.cat([model.model.norm(stream), states[-1]])).softmax(-1)
    for depth, position in np.ndindex(31, ids.shape[1]):
        found = shares[depth, position].topk(5)
        likeliest = kept["top"][depth][position]
        probabilities = [share for _, share in likeliest]
        named = {tokenizer.decode([i]) for i in found.indices}
        assert named >= {label for label, share in likeliest if share > 1e-3}
        assert found.values.numpy() == pytest.approx(probabilities, rel=0.01, abs=1e-4)


def test_the_neurons_are_complete_and_marked_by_rule(neurons):
    columns = {name: np.array(values, dtype=float) for name, values in neurons["columns"].items()}
    assert {len(values) for values in columns.values()} == {1536}
    assert np.array_equal(np.isnan(columns.pop("share")), columns["entropy"] < 0.001)
    assert not any(np.isnan(values).any() for values in columns.values())
    assert columns["norm"].min() > 0 and columns["variance"].min() > 0
    assert columns["rho"].min() >= 0 and columns["rho"].max() <= 1
    marked = {each["kind"]: each["neurons"] for each in neurons["marked"]}
    rho, size = columns["rho"], np.abs(columns["frequency"])
    assert len(marked["rho"]) == 6 and rho[marked["rho"]].min() >= np.sort(rho)[-6]
    assert len(marked["frequency"]) == 3 and size[marked["frequency"]].min() >= np.sort(size)[-3]
    page = words(FOLDER / "neurons.html")
    assert 'max="1535"' in page and "1,536 neurons" in page


def test_the_neurons_have_the_figures_of_their_lessons(neurons):
    columns = neurons["columns"]
    share_and_bar = r" +(\S+) \[.+?\] +\S+"
    row = rf"^29\.(\d+){share_and_bar}{share_and_bar} +(\S+) +(\S+)$"
    found = re.findall(row, printed_by("entropy_neurons"), re.M)
    assert [int(number) for number, *_ in found] == neurons["marked"][0]["neurons"]
    for number, _, *printed in found:
        ours = [columns[name][int(number)] for name in ("share", "entropy", "rho")]
        assert ours == pytest.approx([float(value) for value in printed], abs=0.0051)
    [cosines] = re.findall(r"largest \|cosine\|: \{(.+)\}", printed_by("token_frequency_neurons"))
    pairs = re.findall(r"'29\.(\d+)': (\S+?)(?:,|$)", cosines)
    assert [int(number) for number, _ in pairs] == neurons["marked"][1]["neurons"]
    for number, value in pairs:
        assert columns["frequency"][int(number)] == pytest.approx(float(value), abs=0.0051)


def test_the_neurons_pages_answer_holds(neurons):
    page = words(FOLDER / "neurons.html")
    columns = neurons["columns"]
    share, entropy = columns["share"], columns["entropy"]
    flips = [f"{100 * value:.1f} %" for value in columns["flips"]]
    assert f"the shares are {share[830]:.2f} and {share[1022]:.2f}" in page
    assert f"with {share[1272]:.2f} each" in page and f"{share[684]:.2f}" == f"{share[1272]:.2f}"
    assert f"a ρ of {columns['rho'][1165]:.2f} and a share of {share[1165]:.2f}" in page
    assert f"999 the number is {share[999]:.2f}" in page and entropy[511] == max(entropy)
    assert f"by {entropy[511]:.2f} nats" in page and f"{100 * columns['flips'][511]:.0f} %" in page
    assert f"by {entropy[830]:.2f} and {entropy[1022]:.2f} nats" in page
    assert f"at {flips[830]} and {flips[1022]} of the places" in page
    calm = [e for e, f in zip(entropy, columns["flips"]) if f < columns["flips"][1022]]
    assert max(calm) == entropy[830] > 2 * sorted(calm)[-2] and entropy[1022] > 2 * sorted(calm)[-2]


@pytest.mark.model
def test_a_neuron_is_what_a_hook_makes_of_it(data_file, neurons):
    """Neuron 830 silenced by hand on every passage, and the plain formulas of its weights."""
    from neurons_data import passages

    model, tokenizer = load_model()
    texts, layer = passages(tokenizer), last_layer_neurons(model)
    kept = {name: values[830] for name, values in neurons["columns"].items()}
    weights = layer.output_weights.double()[830]
    assert weights.norm().item() == pytest.approx(kept["norm"], rel=5e-3)
    unembedding = model.lm_head.weight.double() * model.model.norm.weight.double()
    unembedding -= unembedding.mean(0)  # the same added to all logits changes nothing
    cosines = torch.nn.functional.normalize(unembedding) @ (weights / weights.norm())
    assert cosines.var().item() == pytest.approx(kept["variance"], rel=1e-2)

    def entropies():
        logits = torch.cat([model(input_ids=rows).logits[:, 4:-1] for rows in texts.split(20)])
        return torch.distributions.Categorical(logits=logits.double()).entropy(), logits.argmax(-1)

    with torch.no_grad():
        with layer.record_activations() as recorded:
            clean, said = entropies()
        activations = torch.cat([each.view(-1, texts.shape[1], 1536) for each in recorded])
        mean = activations[:, 4:-1, 830].mean()

        def silenced(activations):
            changed = activations.clone()
            changed[..., 830] = mean
            return changed

        with layer.edit_activations(silenced):
            ablated, says = entropies()
    assert (ablated - clean).abs().mean().item() == pytest.approx(kept["entropy"], rel=0.02)
    assert (said != says).double().mean().item() == pytest.approx(kept["flips"], abs=0.002)
