"""What a generation costs in seconds: a fixed batch, timed with the machine to itself.

Loading is left out. A first small batch, untimed, lets the engine warm up. Scoring is timed
on the same completions where the study ranks with this model.
"""

from isobudget.engines import vllm
from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_json, read_metadata, read_rows, write_json
from isobudget.sampling.prompts import prompts

# another prompt than the timed ones, so that nothing of theirs is in the cache
WARM_UP = '"""Tools."""\n\n\ndef main():\n'


def calibrate(args):
    """Write one calibration run, or replay one."""
    if args.recording:
        write_json(args.output, read_json(args.recording) | {"engine": "recorded"})
        return
    settings = args.settings
    problems = read_rows(args.problems, "problems").to_pylist()[: settings["prompts"]]
    time = by_server if settings["engine"] == "endpoint" else by_vllm
    drawn, seconds, scoring_seconds, facts = time(problems, prompts(problems, settings), args)
    flat = [completion for completions in drawn for completion in completions]
    run = {
        "model": args.model,
        "run": args.run,
        "engine": settings["engine"],
        "benchmark": read_metadata(args.problems, "problems")["benchmark"],
        "decoding": settings["decoding"],
        "prompts": len(problems),
        "generations": len(flat),
        "generation_seconds": round(seconds, 3),
        "prompt_tokens": sum(one.prompt_tokens for one in flat),
        "completion_tokens": sum(one.completion_tokens or 0 for one in flat),
        "scored": 0 if scoring_seconds is None else len(flat),
        "scoring_seconds": None if scoring_seconds is None else round(scoring_seconds, 3),
        **facts,
    }
    write_json(args.output, run)


def by_vllm(problems, asked, args):
    """Time the model in this process.

    Args:
        problems: rows of the problems file.
        asked: what the model reads for each.
        args: of the stage.

    Returns:
        (completions a problem, seconds of drawing, seconds of scoring or None, what the run's file says of the engine).
    """
    settings, decoding = args.settings, args.settings["decoding"]
    named = [(problem["task_id"], prompt) for problem, prompt in zip(problems, asked, strict=True)]
    counts = vllm.count_tokens(settings, named, decoding["max_tokens"])
    # read back, a completion may be cut into a few more tokens than it was written in, and scoring adds one
    longest = max(counts) + decoding["max_tokens"] + 64
    engine = vllm.load(settings, longest, seed=args.run, top_p=decoding["top_p"], texts=settings["texts"])
    vllm.generate(engine, [WARM_UP], decoding | {"max_tokens": 16}, 8, "warm-up")
    name = f"{args.model} calibration {args.run}"
    drawn, seconds = vllm.generate(engine, asked, decoding, settings["n"], name, "chat" in settings)
    scoring_seconds = None
    if settings["score"]:
        # the engine still holds the prompts; a ranking job begins without them, and so does this
        engine.llm.reset_prefix_cache()
        _, scoring_seconds = vllm.score(engine, _pairs(problems, drawn), f"{name}, scoring")
    return drawn, seconds, scoring_seconds, vllm.facts(engine)


def by_server(problems, asked, args):
    """Time the model behind its server, with as many requests in flight as the study lets it have; as `by_vllm`."""
    from isobudget.engines import endpoint

    settings, decoding = args.settings, args.settings["decoding"]
    engine = endpoint.load(settings, read_json(args.server), args.model)
    endpoint.generate(engine, [WARM_UP], decoding | {"max_tokens": 16}, 1, "warm-up", "chat" in settings)
    name = f"{args.model} calibration {args.run}"
    names = [problem["task_id"] for problem in problems]
    n, before = settings["n"], engine.server.written
    drawn, seconds = endpoint.generate(engine, asked, decoding, n, name, "chat" in settings, args.run * n, names)
    written, scoring_seconds = engine.server.written - before, None
    if not written or any(one.prompt_tokens is None for completions in drawn for one in completions):
        raise StudyError(
            f"models.{args.model}: {engine.server.url} counts no tokens, so what a generation costs cannot be "
            f"calibrated; give it by hand in models.{args.model}.cost, seconds and usd."
        )
    if settings["score"]:
        _, scoring_seconds = endpoint.score(engine, _pairs(problems, drawn), f"{name}, scoring")
    # of an answer's samples together, which is what is paid: not every server counts them one by one
    return drawn, seconds, scoring_seconds, endpoint.facts(engine) | {"completion_tokens": written}


def _pairs(problems, drawn):
    return [
        (problem["prompt"], one.text)
        for problem, completions in zip(problems, drawn, strict=True)
        for one in completions
    ]


def main():
    parser = stage.arguments(__doc__)
    parser.add_argument("--problems", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--run", required=True, type=int)
    parser.add_argument("--recording", help="engine recorded: the file to replay")
    parser.add_argument("--server", help="engine endpoint: the file that says where the server is")
    if parser.parse_args().settings.get("engine") == "vllm":
        vllm.prepare()
    stage.run(calibrate, parser)


if __name__ == "__main__":
    main()
