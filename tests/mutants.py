"""Break the numerical modules on purpose, one small change at a time, and see whether a test fails.

    python tests/mutants.py run --out mutants.jsonl                # all modules, 20 mutants each
    python tests/mutants.py run --out mutants.jsonl lens/profiles.py --count 0    # every mutant of one
    python tests/mutants.py run --out again.jsonl --again mutants.jsonl           # those that survived
    python tests/mutants.py report mutants.jsonl

A mutant is the syntax tree of one module with one change (a comparison, a sign, a constant, a deleted
statement ...). torch, transformers and pytest are imported once; for each mutant the process forks, the
child imports the changed module in place of the file, and runs the tests of its room until one fails. No
file is changed. Results are JSON lines; a second run goes on where the first stopped. Mutants in
``mutants_surviving.md`` that change nothing which can be observed are marked there with the reason.
"""

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import json
import os
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "uncertainty"

NUMERIC = "tests/test_numeric_properties.py"
DEFAULTS = "tests/test_defaults.py"
# The folders and files of the package whose modules are changed, each with the tests that read them. A
# module's own test file comes first; "*" stands for all the tests of its room.
MODULES = {
    "information.py": ["tests/test_information.py", NUMERIC],
    "_inputs.py": [
        "tests/test_inputs.py",
        "tests/test_context.py",
        "tests/test_wrapped_models.py",
        "tests/lens/test_logit_lens.py",
        "tests/generation/test_generation.py",
    ],
    "architecture": ["*", "tests/lens/test_logit_lens.py", "tests/neurons/test_geometry.py"],
    "course/fingerprint.py": ["tests/course/test_results.py"],
    "course/results.py": ["tests/course/test_recorded.py", "tests/course/test_spot_check.py"],
    "evaluation": [
        "tests/evaluation/test_leaderboard.py",
        "tests/evaluation/test_columns.py",
        NUMERIC,
    ],
    "evaluation/columns.py": [
        "tests/evaluation/test_discrimination.py",
        "tests/evaluation/test_calibration.py",
    ],
    "generation": ["tests/generation/test_generation.py"],
    "generation/batch_decoding.py": [
        "tests/generation/test_sampling.py",
        "tests/generation/test_generation.py",
    ],
    "generation/prompts.py": [
        "tests/generation/test_template_options.py",
        "tests/generation/test_scoring.py",
        "tests/generation/test_generation.py",
    ],
    "generation/record_checks.py": ["tests/generation/test_saved_answers.py"],
    "generation/saved_answers.py": [],
    "generation/shared_prefix.py": [],
    "generation/scoring.py": ["tests/measures/test_self_evaluation.py", DEFAULTS],
    "generation/tokens.py": [
        "tests/generation/test_tokenizer_kinds.py",
        "tests/generation/test_generation.py",
    ],
    "heads": ["*"],
    "lens": ["*", DEFAULTS],
    "lens/profiles.py": [NUMERIC, DEFAULTS],
    "measures": ["tests/measures/test_token_measures.py", "tests/measures/test_answer_measures.py"],
    "measures/token_measures.py": ["tests/measures/test_answer_measures.py", NUMERIC],
    "measures/evidence.py": ["tests/measures/test_answer_measures.py", NUMERIC],
    "measures/meaning.py": ["tests/measures/test_agreement.py"],
    "measures/sampling.py": ["tests/measures/test_sample_answers.py", DEFAULTS],
    "neurons": [
        "tests/neurons/test_head_tail.py",
        "tests/neurons/test_tail_moments.py",
        "tests/neurons/test_shifted_logits.py",
        "tests/neurons/test_ablation.py",
    ],
    "neurons/frequency.py": [],
    "neurons/unigrams.py": [],
    "neurons/geometry.py": ["tests/neurons/test_frequency.py"],
    "neurons/activations.py": ["tests/test_wrapped_models.py"],
}
TRAPS = {
    "architecture": "lens",
    "generation": "generation",
    "heads": "neuron",
    "information.py": "numeric",
    "lens": "lens",
    "measures": "numeric",
    "neurons": "neuron",
}
# Text and forms, not numbers.
SKIPPED_FILES = (
    "*/__init__.py",
    "evaluation/_*.py",
    "evaluation/answer_words.py",
    "evaluation/grader.py",
    "evaluation/number_words.py",
    "evaluation/orientation.py",
    "generation/chat_templates.py",
    "measures/_confidence*.py",
    "measures/judges.py",
    "measures/labels.py",
    "measures/probability_words.py",
    "measures/stated_confidence.py",
    "measures/verbalised.py",
)
SKIPPED_FUNCTIONS = {"__repr__", "__str__", "_repr_html_"}
MOST_MEMORY = 12 * 2**30  # bytes of address space for one mutant

COMPARISONS = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
OPPOSITES = {
    "min": "max",
    "amin": "amax",
    "minimum": "maximum",
    "any": "all",
    "floor": "ceil",
    "exp": "expm1",
    "log": "log1p",
    "nanmean": "nansum",
    "mean": "sum",
    "argmax": "argmin",
}
OPPOSITES |= {second: first for first, second in OPPOSITES.items()}
REMOVED_CALLS = {
    "clamp",
    "clip",
    "abs",
    "double",
    "float",
    "sqrt",
    "square",
    "flip",
    "clone",
    "copy",
    "detach",
    "lower",
    "strip",
    "exp",
    "log",
}

LIBRARIES = {"torch", "np", "math", "copy"}


@dataclass(frozen=True)
class Mutant:
    """One change: the module, its number in the module, and what it changes."""

    module: str
    number: int
    line: int
    change: str


class Mutator(ast.NodeVisitor):
    """Collect the changes of a module as (node, field, position in the field, replacement, words)."""

    def __init__(self):
        self.changes = []
        self.names = [set()]  # assigned before, in each function that is open

    # What is left alone

    def visit_FunctionDef(self, node):
        decorators = {ast.unparse(each) for each in node.decorator_list}
        if node.name in SKIPPED_FUNCTIONS or "overload" in decorators:
            return
        parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        self.names.append({each.arg for each in parameters})
        defaults = [each for each in [*node.args.defaults, *node.args.kw_defaults] if each]
        for default in defaults:
            self._default(node.args, default)
        self._body(node)
        self.names.pop()

    def visit_ClassDef(self, node):
        if not any("Protocol" in ast.unparse(base) for base in node.bases):
            self._body(node)

    def visit_Module(self, node):
        self._body(node)

    def visit_If(self, node):
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            self._condition(node)
            self.visit(node.test)
            self._body(node)
            self._statements(node, "orelse")

    def visit_AnnAssign(self, node):
        if node.value is not None:
            self._try(node, "value", node.value)

    def visit_Raise(self, node):
        pass  # replaced as a whole, by _statements

    def visit_JoinedStr(self, node):
        pass

    def visit_Expr(self, node):
        if not any(each in ast.unparse(node) for each in ("warnings.warn", "bar.update")):
            self.generic_visit(node)

    def visit_Assert(self, node):
        pass

    # Statements

    def _body(self, node):
        self._statements(node, "body")

    def _statements(self, node, field):
        for position, statement in enumerate(getattr(node, field)):
            is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if is_text or isinstance(statement, (ast.Import, ast.ImportFrom)):
                continue
            if self._can_be_deleted(statement):
                self._add(
                    node,
                    field,
                    ast.copy_location(ast.Pass(), statement),
                    f"delete: {_words(statement)}",
                    position,
                )
            if (
                isinstance(statement, ast.Return)
                and statement.value is not None
                and len(self.names) > 1
            ):
                empty = ast.copy_location(ast.Return(ast.Constant(None)), statement)
                self._add(node, field, empty, f"return None: {_words(statement)}", position)
            self.visit(statement)
            self._remember(statement)

    def _can_be_deleted(self, statement):
        if isinstance(statement, ast.Expr):
            words = ast.unparse(statement)
            return (
                isinstance(statement.value, (ast.Call, ast.BinOp))
                and "bar.update" not in words
                and "warn" not in words
            )
        if isinstance(statement, (ast.Raise, ast.AugAssign, ast.Continue, ast.Break)):
            return True
        if isinstance(statement, ast.Assign):
            target = statement.targets[0]
            if isinstance(target, ast.Name):
                return target.id in self.names[-1]
            return isinstance(target, (ast.Subscript, ast.Attribute))
        return False

    def _remember(self, statement):
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.names[-1].add(node.id)

    def generic_visit(self, node):
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list", "type_comment"):
                continue
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                self._statements(node, field)
            elif isinstance(value, list):
                for position, entry in enumerate(value):
                    if isinstance(entry, ast.expr):
                        self._try(node, field, entry, position)
                    elif isinstance(entry, ast.AST):
                        self.visit(entry)
            elif isinstance(value, ast.expr):
                self._try(node, field, value)
            elif isinstance(value, ast.AST):
                self.visit(value)

    # Expressions

    def _default(self, arguments, default):
        field = "defaults" if default in arguments.defaults else "kw_defaults"
        self._try(arguments, field, default, getattr(arguments, field).index(default))

    def _condition(self, node):
        if not isinstance(node.test, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
            opposite = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
            self._add(node, "test", opposite, f"negate: {_words(node.test)}")

    def _try(self, parent, field, node, position=None):
        """Add the changes of one expression, then those inside it."""
        for replacement in _replacements(node):
            ast.copy_location(replacement, node)
            ast.fix_missing_locations(replacement)
            self._add(
                parent, field, replacement, f"{_words(node)} -> {_words(replacement)}", position
            )
        if isinstance(node, ast.IfExp):
            self._condition(node)
        self.visit(node)

    def _add(self, parent, field, replacement, words, position=None):
        self.changes.append((parent, field, position, replacement, words))


def _words(node):
    text = " ".join(ast.unparse(node).split())
    return text if len(text) < 110 else text[:107] + "..."


def _changed(node, **fields):
    """A copy of a node with other fields; the children are shared."""
    twin = copy.copy(node)
    for name, value in fields.items():
        setattr(twin, name, value)
    return twin


def _replacements(node):
    """Yield what may stand in place of an expression."""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for other in COMPARISONS.get(type(operator), ()):
                operators = [*node.ops[:place], other(), *node.ops[place + 1 :]]
                yield _changed(node, ops=operators)
    elif isinstance(node, ast.BinOp):
        is_text = any(
            isinstance(side, ast.JoinedStr) or isinstance(getattr(side, "value", None), str)
            for side in (node.left, node.right)
        )
        other = OPERATORS.get(type(node.op))
        if other and not is_text:
            yield _changed(node, op=other())
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield _changed(node, op=other())
        for place in range(len(node.values)):
            rest = [*node.values[:place], *node.values[place + 1 :]]
            yield rest[0] if len(rest) == 1 else _changed(node, values=rest)
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.UAdd):
        yield copy.copy(node.operand)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield ast.Constant(not node.value)
        elif isinstance(node.value, int):
            yield ast.Constant(node.value + 1)
        elif isinstance(node.value, float):
            yield ast.Constant(node.value * 2 if node.value else 1.0)
    elif isinstance(node, ast.Slice):
        for side in ("lower", "upper"):
            if getattr(node, side) is not None:
                yield _changed(node, **{side: None})
    elif isinstance(node, ast.Call):
        yield from _changed_calls(node)
    elif isinstance(node, ast.IfExp):
        yield copy.copy(node.body)
        yield copy.copy(node.orelse)


def _changed_calls(node):
    function = node.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    if name in OPPOSITES:
        field = "id" if isinstance(function, ast.Name) else "attr"
        yield _changed(node, func=_changed(function, **{field: OPPOSITES[name]}))
    is_method = isinstance(function, ast.Attribute) and ast.unparse(function.value) not in LIBRARIES
    if name in REMOVED_CALLS and is_method:
        yield copy.copy(function.value)
    if name[:1].isupper():
        return  # the fields of a record
    for place, keyword in enumerate(node.keywords):
        if keyword.arg:
            yield _changed(node, keywords=[*node.keywords[:place], *node.keywords[place + 1 :]])
        if keyword.arg in ("min", "max"):
            opposite = _changed(keyword, arg=OPPOSITES[keyword.arg])
            yield _changed(
                node, keywords=[*node.keywords[:place], opposite, *node.keywords[place + 1 :]]
            )


def mutants_of(module):
    """List the mutants of a module."""
    changes = _changes((PACKAGE / module).read_text(encoding="utf-8"))[1]
    return [
        Mutant(module, number, getattr(replacement, "lineno", 0), words)
        for number, (_, _, _, replacement, words) in enumerate(changes)
    ]


def _changes(source):
    tree = ast.parse(source)
    mutator = Mutator()
    mutator.visit(tree)
    return tree, mutator.changes


def changed_code(mutant):
    """Compile the mutant."""
    path = PACKAGE / mutant.module
    tree, changes = _changes(path.read_text(encoding="utf-8"))
    parent, field, position, replacement, _ = changes[mutant.number]
    if position is None:
        setattr(parent, field, replacement)
    else:
        getattr(parent, field)[position] = replacement
    return compile(ast.fix_missing_locations(tree), str(path), "exec")


class ChangedModule(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Import one module from changed code."""

    def __init__(self, mutant):
        self.name = "uncertainty." + mutant.module.removesuffix(".py").replace("/", ".")
        self.path = str(PACKAGE / mutant.module)
        self.code = changed_code(mutant)

    def find_spec(self, fullname, path=None, target=None):
        if fullname == self.name:
            return importlib.util.spec_from_file_location(fullname, self.path, loader=self)
        return None

    def exec_module(self, module):
        exec(self.code, module.__dict__)


def modules():
    """List the modules to change, as paths in the package."""
    found = []
    for entry in MODULES:
        path = PACKAGE / entry
        files = sorted(path.glob("*.py")) if path.is_dir() else [path]
        found += [file.relative_to(PACKAGE) for file in files]
    kept = [path for path in found if not any(path.match(each) for each in SKIPPED_FILES)]
    return list(dict.fromkeys(path.as_posix() for path in kept))


def tests_of(module):
    """List the test files for a module, its own first."""
    folder = module.rpartition("/")[0]
    entry = module if module in MODULES else folder
    files = [(Path("tests") / folder / f"test_{Path(module).stem.lstrip('_')}.py").as_posix()]
    traps = f"tests/traps/test_{TRAPS.get(module.split('/')[0], 'no')}_traps.py"
    for file in [*MODULES[entry], traps]:
        if file == "*":
            files += sorted(
                path.relative_to(ROOT).as_posix()
                for path in (ROOT / "tests" / folder).glob("test_*.py")
            )
        else:
            files.append(file)
    return [file for file in dict.fromkeys(files) if (ROOT / file).exists()]


def prepare():
    """Import what all tests need, but nothing of the package."""
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    import hypothesis
    import torch

    for name in (
        "pytest",
        "transformers",
        "scipy.stats",
        "sklearn.isotonic",
        "sklearn.linear_model",
    ):
        importlib.import_module(name)
    if importlib.util.find_spec("bitsandbytes"):
        importlib.import_module("bitsandbytes.nn")
    from families import FAMILIES, tiny_model

    for family in FAMILIES:
        tiny_model(family)  # imports the family's module
    torch.set_num_threads(1)
    hypothesis.settings.register_profile("mutants", database=None, derandomize=True, deadline=None)
    hypothesis.settings.load_profile("mutants")
    assert not any(name.split(".")[0] == "uncertainty" for name in sys.modules)


def run_tests(files, mutant, seconds):
    """Return what became of the tests, "passed", "failed" or "timeout", which failed first, and how long it took."""
    start = time.monotonic()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _run_in_child(files, mutant, writing)
    os.close(writing)
    status = None
    while status is None and time.monotonic() - start < seconds:
        finished, code = os.waitpid(child, os.WNOHANG)
        status = code if finished else None
        time.sleep(0.02)
    if status is None:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        failed = pipe.read()
    verdict = "timeout" if status is None else "failed" if status else "passed"
    return verdict, failed, round(time.monotonic() - start, 1)


def _run_in_child(files, mutant, pipe):
    import resource

    os.setsid()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    if not os.environ.get("MUTANTS_DEBUG"):
        os.dup2(nowhere, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    code = 99
    try:
        import pytest

        if mutant:
            sys.meta_path.insert(0, ChangedModule(mutant))

        class FirstFailure:
            def pytest_runtest_logreport(self, report):
                if report.failed:
                    os.write(pipe, report.nodeid.encode()[:300])

            def pytest_collectreport(self, report):
                if report.failed:
                    os.write(pipe, b"import of " + report.nodeid.encode()[:300])

        options = [
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:nbval",
            "-m",
            "not model",
            "-o",
            "addopts=--import-mode=importlib",
        ]
        code = int(pytest.main([*options, *files], plugins=[FirstFailure()]))
    except BaseException as error:
        os.write(pipe, repr(error).encode()[:300])
    finally:
        os._exit(code)


def choose(names, count, seed):
    """Choose mutants of each module (count 0: all), the modules in turn."""
    chosen = []
    for module in names:
        mutants = mutants_of(module)
        random.Random(f"{seed} {module}").shuffle(mutants)
        kept = mutants[:count] if count else mutants
        chosen += [(place, mutant) for place, mutant in enumerate(kept)]
    return [mutant for _, mutant in sorted(chosen, key=lambda pair: pair[0])]


def run(arguments):
    known = (
        {(entry["module"], entry["number"], entry["change"]) for entry in read(arguments.out)}
        if arguments.out.exists()
        else set()
    )
    names = arguments.modules or modules()
    todo = choose(names, arguments.count, arguments.seed)
    if arguments.again:
        survivors = {
            (entry["module"], entry["change"])
            for entry in read(arguments.again)
            if entry["result"] == "survived"
        }
        todo = [
            mutant for mutant in choose(names, 0, 0) if (mutant.module, mutant.change) in survivors
        ]
    todo = [mutant for mutant in todo if (mutant.module, mutant.number, mutant.change) not in known]
    prepare()
    unchanged = Unchanged(arguments.out.with_suffix(".unchanged"))
    with arguments.out.open("a") as out:
        for mutant in todo:
            if arguments.until and time.time() > arguments.until:
                break
            files = [file for file in tests_of(mutant.module) if unchanged.seconds(file)]
            limit = 30 + 5 * sum(unchanged.seconds(file) for file in files)
            verdict, failed, seconds = run_tests(files, mutant, limit)
            result = {"passed": "survived", "failed": "killed", "timeout": "timeout"}[verdict]
            record = vars(mutant) | {"result": result, "by": failed, "seconds": seconds}
            out.write(json.dumps(record) + "\n")
            out.flush()


class Unchanged:
    """How long each test file takes where nothing is changed, 0 where it fails; kept in a file."""

    def __init__(self, path):
        self.path = path
        self.known = json.loads(path.read_text()) if path.exists() else {}

    def seconds(self, file):
        if file not in self.known:
            verdict, failed, seconds = run_tests([file], None, 900)
            if verdict != "passed":
                print(f"left out: {file} fails without a change ({verdict} {failed})", flush=True)
                seconds = 0
            self.known[file] = seconds
            self.path.write_text(json.dumps(self.known, indent=1))
        return self.known[file]


def read(path):
    """Read the results, each mutant's last one."""
    entries = {}
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        entries[entry["module"], entry["number"], entry["change"]] = entry
    return list(entries.values())


def report(arguments):
    by_module = defaultdict(list)
    for entry in read(arguments.results):
        by_module[entry["module"]].append(entry)
    total = Counter()
    print(f"{'module':40} {'all':>5} {'run':>5} {'killed':>7} {'timeout':>8} {'survived':>9}")
    for module, entries in sorted(by_module.items()):
        results = Counter(entry["result"] for entry in entries)
        total += results
        print(
            f"{module:40} {len(mutants_of(module)):5} {len(entries):5} {results['killed']:7} {results['timeout']:8} {results['survived']:9}"
        )
    share = 1 - total["survived"] / max(total.total(), 1)
    print(f"{total.total()} run, {share:.1%} did not survive")
    for module, entries in sorted(by_module.items()):
        for entry in sorted(entries, key=lambda entry: entry["line"]):
            if entry["result"] == "survived":
                print(f"{module}:{entry['line']}  {entry['change']}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    running = commands.add_parser("run")
    running.add_argument(
        "modules", nargs="*", help="such as lens/profiles.py; all where none is named"
    )
    running.add_argument("--out", type=Path, required=True)
    running.add_argument("--count", type=int, default=20, help="mutants of each module, 0 for all")
    running.add_argument("--seed", type=int, default=0)
    running.add_argument(
        "--again", type=Path, help="earlier results: run those that survived there"
    )
    running.add_argument("--until", type=float, help="a time in seconds since 1970")
    running.set_defaults(command=run)
    reporting = commands.add_parser("report")
    reporting.add_argument("results", type=Path)
    reporting.set_defaults(command=report)
    arguments = parser.parse_args()
    arguments.command(arguments)


if __name__ == "__main__":
    main()
