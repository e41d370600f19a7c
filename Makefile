# Each target makes what it needs. `make demo` and `make test` are all that a fresh machine needs.

VENV := .venv/.made-from-pyproject
ARGS :=

.PHONY: demo test check bench images engine old-kubectl compose venv clean

demo: images
	.venv/bin/python scripts/demo.py

test: images old-kubectl compose
	.venv/bin/pytest $(ARGS)

check: venv
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy --strict
	.venv/bin/lint-imports

bench: images
	.venv/bin/python bench/startup.py $(ARGS)
	.venv/bin/python bench/watch.py
	.venv/bin/python bench/lifecycle.py
	.venv/bin/python bench/probes.py
	.venv/bin/python bench/volumes.py

images: venv engine
	.venv/bin/python scripts/images.py

engine:
	scripts/engine

old-kubectl:
	scripts/old-kubectl

compose:
	scripts/compose

venv: $(VENV)

$(VENV): pyproject.toml scripts/venv
	scripts/venv
	touch $@

clean:
	rm -rf .venv .old-kubectl build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
