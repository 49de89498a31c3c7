# Every target prepares what it needs: the environment in .venv and the model in the cache.
# The first Python that will do: python3, or a newer one under its own name, or one of pyenv's.
WILL_DO := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYENVS := $(wildcard $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions/3.1[1-9].*/bin/python)
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python $(PYENVS)
PYTHON ?= $(shell for python in $(CANDIDATES); do \
	$$python -c '$(WILL_DO)' 2>/dev/null && command -v $$python && break; done)
BIN := .venv/bin
LAB_FLAGS ?=
PYTHONS_FLAGS ?=
LESSONS := $(wildcard notebooks/[0-9][0-9]_*.ipynb)
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt

.PHONY: lab test quick check pythons lessons site translation slides accessible order glossary folding outputs ledger explorers bench dist model clean

lab: model  ## JupyterLab, opened on the first lesson
	$(BIN)/python -m uncertainty lab $(LAB_FLAGS)

test: model  ## every test and every lesson
	$(BIN)/python -m pytest -n 2

check: .venv/ready  ## lint, format and types
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy

quick: check  ## what to run before a commit: the above, and the tests that need no model
	$(BIN)/python -m pytest -n 2 -m "not model" tests

pythons:  ## the tests that need no model on every Python of this machine; PYTHONS_FLAGS=--lessons
	$(python_needed)
	$(PYTHON) tests/pythons.py $(PYTHONS_FLAGS)

lessons: model  ## run every lesson and write HTML pages to build/lessons
	TQDM_DISABLE=1 $(BIN)/python -m nbconvert --execute --to html --output-dir build/lessons $(LESSONS)

site: .venv/ready  ## the course as web pages in build/site, from the notebooks as they lie; needs no network
	$(BIN)/python docs/site/make.py

translation: .venv/ready  ## bring the messages of docs/site/locale up to date with the lessons (for translators)
	$(BIN)/python docs/site/translation.py

slides: .venv/ready  ## two decks in build/slides, from the cells tagged "slide" and the cuts of TEACHING.md
	$(BIN)/python docs/slides/make.py

accessible: .venv/ready  ## axe-core on every page of the site, for some minutes; needs npm and Chromium
	npm ci --prefix tests/browser
	$(BIN)/python -m pytest tests/site tests/test_explorers_in_browser.py

outputs: model  ## ask everything anew, keep the outputs in the notebooks and the answers in the package (for authors)
	$(BIN)/python tests/refresh_outputs.py $(LESSONS)

order: .venv/ready  ## number the lessons by their order in uncertainty/course/lessons.py (for authors)
	$(BIN)/python docs/order.py

glossary: .venv/ready  ## link each term of docs/glossary.md where its lesson uses it first (for authors)
	$(BIN)/python docs/glossary.py

folding: .venv/ready  ## fold the lessons' cells that only draw or only build a control (for authors)
	$(BIN)/python docs/folding.py

ledger: .venv/ready  ## collect the claims that the lessons print into docs/ledger (for authors)
	$(BIN)/python docs/ledger/make.py

dist: .venv/ready  ## wheel and sdist in dist/, built and checked as a release is
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl

explorers: model  ## compute what the pages of docs/explorers show (for authors)
	$(BIN)/python docs/explorers/make.py

bench: .venv/ready  ## this package beside other libraries
	$(BIN)/python benchmarks/token_measures.py
	$(BIN)/python benchmarks/generation.py
	$(BIN)/python benchmarks/answers.py
	$(BIN)/python benchmarks/lens.py
	$(BIN)/python benchmarks/sweep.py
	$(BIN)/python benchmarks/replay.py

model: .venv/ready
	$(BIN)/python -m uncertainty prefetch

.venv/ready: pyproject.toml constraints.txt
	$(python_needed)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[all]"
	touch $@

define python_needed
@$(or $(PYTHON),false) -c '$(WILL_DO)' 2>/dev/null || { echo "No Python 3.11 or later with venv and \
ensurepip was found $(if $(PYTHON),as $(PYTHON),here). Install one (Debian, Ubuntu: apt install \
python3-venv), or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
endef

clean:
	rm -rf .venv build dist
