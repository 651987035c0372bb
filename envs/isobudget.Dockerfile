# All of isobudget in one image, for executors whose jobs run in containers: the code, its locked environment, vLLM for a
# GPU (--build-arg VLLM= leaves it out) and the plugins of one's storage or executor (--build-arg PLUGINS="...").
#   docker build -f envs/isobudget.Dockerfile -t registry.example/isobudget .
# The sandbox makes namespaces of its own, for which a container that is not root needs two permissions:
#   docker run --user 1000 --security-opt seccomp=unconfined --security-opt systempaths=unconfined -v "$PWD":/study \
#     -w /study registry.example/isobudget snakemake -s /opt/isobudget/Snakefile --configfile my-study.yaml --cores 2
ARG PYTHON=3.11
FROM python:${PYTHON}-slim
ARG VLLM=vllm==0.32.0
ARG PLUGINS=
# a compiler: vLLM's kernels and some wheels ask for one when they start
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev make \
 && rm -rf /var/lib/apt/lists/*
COPY envs/requirements.txt /opt/isobudget/envs/
RUN pip install --no-cache-dir -r /opt/isobudget/envs/requirements.txt \
 && if [ -n "$VLLM$PLUGINS" ]; then pip install --no-cache-dir $VLLM $PLUGINS; fi
COPY Snakefile /opt/isobudget/
COPY envs /opt/isobudget/envs
COPY rules /opt/isobudget/rules
COPY workflow /opt/isobudget/workflow
COPY config /opt/isobudget/config
COPY profiles /opt/isobudget/profiles
COPY recordings /opt/isobudget/recordings
# found from any folder: executors without a shared file system bring the rules along, and not the package
RUN python -c "import pathlib, site; pathlib.Path(site.getsitepackages()[0], 'isobudget.pth').write_text('/opt/isobudget/workflow')"
# whoever runs it has a name and a home, as Snakemake wants
RUN mkdir -m 1777 /home/isobudget
ENV USER=isobudget HOME=/home/isobudget
WORKDIR /opt/isobudget
CMD ["snakemake", "--cores", "all"]
