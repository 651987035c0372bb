# What programs run in, where an image registry answers: the standard library and numpy,
# and nothing of ours. Where none does, the same is made from the host's Python (sandbox/root.py).
ARG PYTHON=3.11
FROM python:${PYTHON}-slim
RUN pip install --no-cache-dir --no-compile --target /usr/lib/sandbox-packages numpy \
 && ln -s /usr/local/bin/python3 /usr/bin/python3
