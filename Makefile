# make help lists the commands. Each installs what it needs into .venv, once.

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON := $(if $(wildcard $(BIN)/python),$(BIN)/python,python3)
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
PINS   := requirements.txt constraints.txt pyproject.toml
PAGES  ?=
OFFSETS ?=

# Two pages run at a time, each on one thread and without progress bars.
RUN    := OMP_NUM_THREADS=1 SOLUTIONS_LIB_JOBS=1 SOLUTIONS_LIB_PROGRESS=0 PYTHONHASHSEED=0
BUILD  := $(BIN)/jupyter-book build . -W -n --keep-going
NBVAL  := --nbval --nbval-current-env --nbval-cell-timeout=1200 --nbval-kernel-startup-timeout=120 \
          -n 2 --dist loadscope --no-loadscope-reorder --durations=10

.PHONY: help book test notebooks check-seeds mutants lab clean
.DELETE_ON_ERROR:

help:
	@echo 'make book         build the HTML book from the stored outputs'
	@echo 'make test         run every test: code, notebooks, book, browser'
	@echo 'make notebooks    execute all pages in place; PAGES="12_03 12_04" for some'
	@echo 'make check-seeds  run all pages at ten random seed offsets and store nothing;'
	@echo '                  PAGES as above, OFFSETS="7 42" for given ones'
	@echo 'make mutants      break the library in many small ways and see which breaks the tests miss'
	@echo 'make lab          open the pages in JupyterLab'
	@echo 'make clean        remove the built book and the environment'
	@echo 'PYTHON=python3.12 chooses the interpreter that .venv is made from'

book: $(VENV)/book.stamp
	@$(BUILD) || { rm -rf _build/.doctrees; exit 1; }  # the next run must warn again
	@echo "Open file://$(CURDIR)/_build/html/index.html"

test: $(VENV)/test.stamp
	$(BIN)/pytest tests/book/test_chromium.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pytest tests/unit
	$(BIN)/pytest tests/notebooks
	$(RUN) $(BIN)/pytest $(NBVAL) $$($(BIN)/python tools/run_pages.py --list)
	rm -rf _build/.doctrees _build/html
	$(BUILD)
	$(BIN)/pytest tests/book -n 2

notebooks: $(VENV)/book.stamp
	$(RUN) $(BIN)/python tools/run_pages.py $(PAGES)

check-seeds: $(VENV)/book.stamp
	$(RUN) $(BIN)/python tools/run_pages.py --seed-offsets $(OFFSETS) -- $(PAGES)

mutants: $(VENV)/mutants.stamp
	rm -rf _build/mutants
	mkdir -p _build/mutants
	cp -r solutions_lib tests pyproject.toml README.md _build/mutants
	cd _build/mutants && OMP_NUM_THREADS=1 JAXTYPING_DISABLE=1 $(CURDIR)/$(BIN)/mutmut run
	cd _build/mutants && $(CURDIR)/$(BIN)/mutmut results

lab: $(VENV)/lab.stamp
	$(BIN)/jupyter lab chapters

clean:
	rm -rf _build $(VENV)

$(VENV)/book.stamp: $(PINS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo >&2 \
	  'Python 3.11 or newer is needed, but $(PYTHON) is not. Try: make clean, then make book PYTHON=python3.12'; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/test.stamp: $(VENV)/book.stamp
	$(PIP) -e '.[test,cluster]'
	@touch $@

$(VENV)/mutants.stamp: $(VENV)/test.stamp
	$(PIP) -e '.[mutants]'
	@touch $@

$(VENV)/lab.stamp: $(VENV)/book.stamp
	$(PIP) -e '.[interactive]'
	@touch $@
