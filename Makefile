# Every target prepares what it needs: the environment in .venv and the model in the cache.
PYTHON ?= python3
BIN := .venv/bin
LAB_FLAGS ?=
LESSONS := $(wildcard notebooks/[0-9][0-9]_*.ipynb)
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt

.PHONY: lab test quick check lessons outputs bench model clean

lab: model  ## JupyterLab, opened on the first lesson
	$(BIN)/python -m jupyter lab $(LAB_FLAGS) notebooks/00_start_here.ipynb

test: model  ## every test and every lesson
	$(BIN)/python -m pytest -n 2

check: .venv/ready  ## lint, format and types
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy

quick: check  ## what to run before a commit: the above, and the tests that need no model
	$(BIN)/python -m pytest -n 2 -m "not model" tests

lessons: model  ## run every lesson and write HTML pages to build/lessons
	TQDM_DISABLE=1 $(BIN)/python -m nbconvert --execute --to html --output-dir build/lessons $(LESSONS)

outputs: model  ## run every lesson and keep the outputs in the notebooks (for authors)
	$(BIN)/python tests/refresh_outputs.py $(LESSONS)

bench: .venv/ready  ## this package beside other libraries
	$(BIN)/python benchmarks/token_measures.py
	$(BIN)/python benchmarks/generation.py
	$(BIN)/python benchmarks/answers.py
	$(BIN)/python benchmarks/lens.py
	$(BIN)/python benchmarks/sweep.py

model: .venv/ready
	$(BIN)/python -m uncertainty prefetch

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[all]"
	touch $@

clean:
	rm -rf .venv build
