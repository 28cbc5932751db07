# Numbers must not depend on how many threads a BLAS splits a sum over.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup run lint test gallery bench lock image image-test clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

setup:  ## R with lme4 (apt), .venv, locked dependencies; does nothing where nothing changed
	@bash tools/setup.sh

run: setup  ## the whole parity suite, and its report; ARGS="sleepstudy* --format json" for a part
	@.venv/bin/parity run $(ARGS)

lint: setup  ## style, types, directions of dependency
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

test: lint  ## lint, then every test; ARGS="-k name" for a part
	.venv/bin/pytest $(ARGS)

gallery: setup  ## the pictures of the README, drawn anew
	.venv/bin/python tools/gallery.py docs/gallery

bench: setup  ## benchmarks/RESULTS.md, on a quiet machine, a quarter of an hour; ARGS="bootstrap large" for some
	.venv/bin/python benchmarks/run.py $(ARGS)

lock:  ## the lock files anew, pins kept where they fit; ARGS=--upgrade for the newest of all
	@bash tools/lock.sh $(ARGS)

image:  ## the container image lme4-parity, with docker or buildah
	@bash tools/image.sh $(ARGS)

image-test:  ## the image built on a base of debootstrap's and used; root and buildah needed
	@bash tests/container/image_test.sh $(ARGS)

clean:  ## away with .venv and all that tools left behind
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
