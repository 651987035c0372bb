"""What a generation costs in seconds: a fixed batch, timed with the machine to itself.

Loading is left out. A first small batch, untimed, lets the engine warm up. Scoring is timed
on the same completions where the study ranks with this model.
"""

from isobudget import stage
from isobudget.engines import vllm
from isobudget.rows import read_json, read_metadata, read_rows, write_json
from isobudget.sampling.prompts import prompts

# another prompt than the timed ones, so that nothing of theirs is in the cache
WARM_UP = '"""Tools."""\n\n\ndef main():\n'


def calibrate(args):
    """Write one calibration run, or replay one."""
    if args.recording:
        write_json(args.output, read_json(args.recording) | {"engine": "recorded"})
        return
    settings, decoding = args.settings, args.settings["decoding"]
    problems = read_rows(args.problems, "problems").to_pylist()[: settings["prompts"]]
    asked = prompts(problems, settings)
    named = [(problem["task_id"], prompt) for problem, prompt in zip(problems, asked, strict=True)]
    counts = vllm.count_tokens(settings, named, decoding["max_tokens"])
    # read back, a completion may be cut into a few more tokens than it was written in, and scoring adds one
    longest = max(counts) + decoding["max_tokens"] + 64
    engine = vllm.load(settings, longest, seed=args.run, top_p=decoding["top_p"])
    vllm.generate(engine, [WARM_UP], decoding | {"max_tokens": 16}, 8, "warm-up")
    name = f"{args.model} calibration {args.run}"
    drawn, seconds = vllm.generate(engine, asked, decoding, settings["n"], name, "chat" in settings)
    flat = [completion for completions in drawn for completion in completions]
    scored, scoring_seconds = 0, None
    if settings["score"]:
        # the engine still holds the prompts; a ranking job begins without them, and so does this
        engine.llm.reset_prefix_cache()
        pairs = [
            (problem["prompt"], one.text)
            for problem, completions in zip(problems, drawn, strict=True)
            for one in completions
        ]
        scored = len(pairs)
        _, scoring_seconds = vllm.score(engine, pairs, f"{name}, scoring")
    run = {
        "model": args.model,
        "run": args.run,
        "engine": "vllm",
        "benchmark": read_metadata(args.problems, "problems")["benchmark"],
        "decoding": decoding,
        "prompts": len(asked),
        "generations": len(flat),
        "generation_seconds": round(seconds, 3),
        "prompt_tokens": sum(one.prompt_tokens for one in flat),
        "completion_tokens": sum(one.completion_tokens for one in flat),
        "scored": scored,
        "scoring_seconds": None if scoring_seconds is None else round(scoring_seconds, 3),
        "dtype": engine.dtype,
        "versions": vllm.versions(),
        "hardware": vllm.hardware(),
    }
    write_json(args.output, run)


def main():
    parser = stage.arguments(__doc__)
    parser.add_argument("--problems", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--run", required=True, type=int)
    parser.add_argument("--recording", help="engine recorded: the file to replay")
    if parser.parse_args().settings.get("engine") == "vllm":
        vllm.prepare()
    stage.run(calibrate, parser)


if __name__ == "__main__":
    main()
