"""What can run a model, one engine a file, all with the same functions.

`load(settings, seed)` opens a model, `generate(engine, prompts, decoding, n)` draws
completions, `score(engine, pairs)` reads completions back and tells how likely they were.
"""

# Texts of a job from which on a model is compiled for a CPU. That takes a minute once and ten seconds a job afterwards;
# a 0.5B then reads more than twice as fast and writes a fifth faster.
COMPILE_FROM = 64
