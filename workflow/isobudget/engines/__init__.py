"""What can run a model, one engine a file, all with the same functions.

`load(settings, seed)` opens a model, `generate(engine, prompts, decoding, n)` draws
completions, `score(engine, pairs)` reads completions back and tells how likely they were.
"""
