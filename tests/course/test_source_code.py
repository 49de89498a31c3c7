"""source_code.py: changed code is seen, a renamed file is not, and the runs list what they rest on."""

import ast
import functools
import importlib
import importlib.util
import inspect
import json
import math
import sys
from pathlib import Path

import pytest
import torch

from uncertainty import load_model
from uncertainty.course import answer_runs, depth_runs
from uncertainty.course.results import ASKING
from uncertainty.course.source_code import source_checksums, source_modules
from uncertainty.generation.decoding import generate
from uncertainty.lens import logit_lens as lens_module
from uncertainty.lens.logit_lens import logit_lens, read_stream
from uncertainty.loading.cache import cache_folder


@pytest.fixture
def write_module(monkeypatch, tmp_path):
    """Write a module or package file of that name, and import it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def write(name, source):
        path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
        importlib.invalidate_caches()
        sys.modules.pop(name, None)
        return importlib.import_module(name)

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]


SOURCE = "def measure(answer):\n    return len(answer)\n"


def test_a_renamed_file_is_the_same_code_and_a_change_is_another(write_module):
    first = write_module("first_name", SOURCE)
    renamed = write_module("second_name", SOURCE)
    changed = write_module("third_name", SOURCE.replace("len(answer)", "len(answer) + 1"))
    assert source_checksums([first.measure]) == source_checksums([renamed.measure])
    assert source_checksums([first.measure]) != source_checksums([changed.measure])


def test_a_file_edited_in_place_is_seen(write_module):
    before = source_checksums([write_module("edited", SOURCE).measure])
    assert source_checksums([write_module("edited", SOURCE + "# longer\n").measure]) != before


def test_an_edit_that_is_not_loaded_does_not_count_until_a_reload(write_module, tmp_path):
    module = write_module("edited_later", SOURCE)
    before = source_checksums([module.measure])
    (tmp_path / "edited_later.py").write_text(SOURCE + "\n\nLIMIT = 3  # longer than before\n")
    assert source_checksums([module.measure]) == before  # still the old code that runs
    importlib.reload(module)
    assert module.LIMIT == 3 and source_checksums([module.measure]) != before


def test_functions_classes_and_modules_stand_for_their_module_once():
    alone = source_checksums([lens_module])
    assert alone == source_checksums([logit_lens, read_stream, lens_module])
    assert alone == source_checksums([lens_module.LensTrace])
    assert source_checksums([generate, logit_lens]) == source_checksums([logit_lens, generate])


def test_a_private_file_comes_with_the_modules_of_its_folder(write_module):
    write_module("room.__init__", "")
    write_module("room._slices", "def part(answer):\n    return answer\n")
    write_module("room._unused", "")
    public = write_module("room.public", "from ._slices import part\n")
    whole = write_module("room.whole", "from . import _slices\n")
    bare = write_module("room.bare", SOURCE)
    assert {module.__name__ for module in source_modules([public])} == {
        "room.public",
        "room._slices",
    }
    assert {module.__name__ for module in source_modules([whole])} == {"room.whole", "room._slices"}
    assert source_modules([bare]) == {bare}
    before = source_checksums([public])
    write_module("room._slices", "def part(answer):\n    return answer[1:]\n")
    assert source_checksums([write_module("room.public", "from ._slices import part\n")]) != before


PRIVATE_IMPORTS = [
    "from ._private import LIMIT\n",
    "def measure(answer):\n    from ._private import LIMIT\n    return answer[:LIMIT]\n",
    "def measure(answer):\n    from . import _private\n    return answer[:_private.LIMIT]\n",
    "from . import _private as private, public\n",
]


@pytest.mark.parametrize("source", PRIVATE_IMPORTS)
def test_a_private_file_counts_whatever_is_imported_from_it_and_wherever(write_module, source):
    write_module("chamber.__init__", "_CONSTANT = 1\n")
    write_module("chamber.public", "from . import _CONSTANT\n")
    write_module("chamber._private", "LIMIT = 3\n")
    before = source_checksums([write_module("chamber.user", source)])
    write_module("chamber._private", "LIMIT = 4\n")
    assert source_checksums([write_module("chamber.user", source)]) != before
    names = {module.__name__ for module in source_modules([sys.modules["chamber.user"]])}
    assert names == {"chamber.user", "chamber._private"}


def test_a_private_file_that_no_function_has_imported_yet_is_found(write_module):
    write_module("attic.__init__", "")
    write_module("attic._private", "LIMIT = 3\n")
    user = write_module("attic.user", PRIVATE_IMPORTS[1])
    del sys.modules["attic._private"]
    names = {module.__name__ for module in source_modules([user.measure])}
    assert names == {"attic.user", "attic._private"}


MADE_INSIDE = """
def plain_decorator(function):
    def inner(*arguments):
        return function(*arguments)
    return inner


def lambda_decorator(function):
    return lambda *arguments: function(*arguments)


def make_class():
    class Measure:
        def __call__(self, answer):
            return len(answer)
    return Measure


Measure = make_class()
shortest = lambda answers: min(answers)


def measure(answer):
    return len(answer)
"""


def test_functions_made_inside_others_are_refused(write_module):
    made = write_module("decorators", MADE_INSIDE)
    user = write_module(
        "decorated",
        "from decorators import plain_decorator\n\n\n@plain_decorator\n"
        "def measure(answer):\n    return len(answer)\n",
    )
    refused = [
        user.measure,
        made.plain_decorator(made.measure),
        made.lambda_decorator(made.measure),
        functools.wraps(user.measure)(made.plain_decorator(made.measure)),
        made.Measure,
        made.shortest,
    ]
    for thing in refused:
        with pytest.raises(ValueError, match=r"In `code`, pass the functions that it uses, each"):
            source_checksums([generate, thing])
    assert source_modules([made.measure, made]) == {made}
    wrapped = functools.wraps(made.measure)(made.plain_decorator(made.measure))
    assert source_modules([wrapped]) == {made}


def test_wrapped_functions_and_methods_stand_for_the_module_that_wrote_them():
    cached = functools.lru_cache(generate)
    quiet = torch.no_grad()(generate)
    alone = source_checksums([generate])
    assert source_checksums([cached]) == source_checksums([quiet]) == alone
    answer = generate(*load_model("tiny"), "Why?", max_new_tokens=1)
    assert source_checksums([answer.__len__]) == source_checksums([type(answer)])


def test_code_without_source_is_refused():
    typed = {}
    exec("def typed_by_hand(): pass", {"__name__": "no_such_module"}, typed)
    without = [
        math.sqrt,
        torch.softmax,
        typed["typed_by_hand"],
        functools.partial(generate, max_new_tokens=2),
        "lens.logit_lens",
        generate(*load_model("tiny"), "Why?", max_new_tokens=1),
    ]
    for thing in without:
        with pytest.raises(ValueError, match=r"has no source file.*imported from Python files"):
            source_checksums([generate, thing])


def test_a_function_of_the_prompt_is_refused(monkeypatch):
    """What is typed into a notebook lives in a `__main__` without a file."""
    main = type(sys)("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    exec("def typed(): pass", vars(main))
    with pytest.raises(ValueError, match="has no source file"):
        source_checksums([main.typed])


# Modules that a run's code imports, and that do not decide what is kept.
WITHOUT_EFFECT = {
    "_inputs": "checks that refuse a call",
    "generation.chat_templates": "checks that refuse a template option",
    "generation.record_checks": "checks that refuse a saved answer",
    "generation.saved_answers": "answers as JSON",
    "generation.tokens": "labels for display",
    "generation.internals": "states and attentions, which no run asks for",
    "generation.server_answers": "answers of a server, which no run asks",
    "generation.server_errors": "answers of a server, which no run asks",
    "generation.server_reading": "answers of a server, which no run asks",
    "measures.server_measures": "answers of a server, which no run asks",
    "loading.memory": "how many rows are held at a time, which moves only the last digits",
    "architecture.stored_weights": "offloaded weights, with which nothing is kept",
    "architecture.cache_argument": "a name of an argument, by which the same thing is passed",
    "architecture.middle": "the lens between a layer's halves, which no run asks for",
}


def imported_modules(module):
    """The modules of our own that a module imports at its top."""
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            relative = "." * node.level + (node.module or "")
            source = importlib.util.resolve_name(relative, module.__package__)
            for alias in node.names:
                submodule = f"{source}.{alias.name}"
                yield sys.modules[submodule if submodule in sys.modules else source]


def listed_code(run, home, monkeypatch):
    """What a run passes as `code`, with what always counts."""
    listed = []
    monkeypatch.setattr(home, "cached_results", lambda *_, code, **__: listed.extend(code))
    run(*load_model("tiny"), ["one", "two"])
    return [*ASKING, *listed]


RUNS = [
    (answer_runs.greedy_answers, answer_runs),
    (answer_runs.sampled_answers, answer_runs),
    (depth_runs.answers_with_depth, depth_runs),
]


def unlisted_modules(hashed, starting_points):
    """The modules of our own that these import, directly or not, and that are not hashed."""
    reached = set(starting_points)
    waiting = list(reached)
    while waiting:
        module = waiting.pop()
        if short_name(module) not in WITHOUT_EFFECT:
            new = set(imported_modules(module)) - reached
            reached |= new
            waiting += new
    return {short_name(module) for module in reached - hashed}


def short_name(module):
    return module.__name__.removeprefix("uncertainty.")


@pytest.mark.parametrize("run,home", RUNS, ids=lambda value: value.__name__)
def test_a_run_lists_every_module_it_rests_on(run, home, monkeypatch):
    """A module is missing? Add one of its functions to the run's `code`, or say above why not."""
    hashed = source_modules(listed_code(run, home, monkeypatch))
    assert home in hashed
    starting_points = {module for module in hashed if ".course." not in module.__name__}
    assert unlisted_modules(hashed, starting_points) <= set(WITHOUT_EFFECT)


def code_in_lessons():
    """Each lesson's task with the tuple that it passes to `cached_results` as `code`."""
    for path in sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        trees = [ast.parse("".join(c["source"])) for c in cells if c["cell_type"] == "code"]
        nodes = [node for tree in trees for node in ast.walk(tree)]
        names = {}
        assigned = {}
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and node.module.startswith("uncertainty"):
                exec(ast.unparse(node), names)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                assigned[node.targets[0].id] = node.value
        for node in nodes:
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "cached_results":
                options = {option.arg: option.value for option in node.keywords}
                code = options["code"]
                code = assigned[code.id] if isinstance(code, ast.Name) else code
                task = ast.literal_eval(options["task"])
                yield pytest.param(
                    task, eval(ast.unparse(code), names), id=f"{path.name[:2]}-{task}"
                )


# Modules that a lesson's code imports for functions that the task does not call.
NOT_CALLED = {"p_true": {"measures.verbalised"}}


@pytest.mark.parametrize("task,code", list(code_in_lessons()))
def test_a_lesson_lists_every_module_its_task_rests_on(task, code):
    hashed = source_modules([*ASKING, *code])
    starting_points = source_modules(code)
    missing = unlisted_modules(hashed, starting_points) - NOT_CALLED.get(task, set())
    assert missing <= set(WITHOUT_EFFECT)


def test_the_lessons_code_is_found():
    assert {parameters.values[0] for parameters in code_in_lessons()} >= {"entailment", "p_true"}


def test_the_cache_folder_is_no_part_of_a_result(monkeypatch):
    hashed = source_modules(listed_code(*RUNS[0], monkeypatch))
    assert inspect.getmodule(cache_folder) not in hashed
