"""Drawing completions: one job loads a model once and fills one block.

One file an engine, named in its row of study/engines.py, with these functions:

    samples(problems, settings, where, source, output)        a block: (rows, metadata) of the samples file
    timed(problems, asked, settings, model, run, source)      where the row says `calibrates` and draws: what a
                                                              calibration run is made of, see calibration.py
"""
