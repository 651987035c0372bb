# Needs: every results/outcomes/, results/scores/ and results/at_hand/ file of one model on one benchmark.
# Makes: results/scores/combined/{benchmark}/{model}/sampled.parquet, the ranker that learns from other problems' verdicts;
#        results/estimates/{benchmark}/{model}.parquet: pass@k, greedy, rank-score@k and the like, with intervals.


rule combine:
    """Weigh the rankers of one model's samples by what passed on other problems."""
    input:
        part_files,
    output:
        f"{RESULTS}/scores/combined/{{benchmark}}/{{model}}/sampled.parquet",
    log:
        f"{RESULTS}/logs/scores/combined/{{benchmark}}/{{model}}/sampled.log",
    conda:
        "../envs/core.yaml"
    params:
        code=code("isobudget.estimates.combined"),
        settings=lambda wildcards: stage_settings.combine(sized(), wildcards.benchmark, wildcards.model),
        results=lambda wildcards, output: Path(output[0]).parents[4],
    message:
        "{wildcards.benchmark}: weigh the rankers of {wildcards.model}"
    shell:
        "python -m isobudget.estimates.combined --results {params.results} --settings {params.settings:q}"
        " --output {output} --log {log}"


rule estimate:
    """Estimate one model's scores on one benchmark, for every k up to n/2."""
    input:
        outcome_files,
        score_files,
        at_hand_files,
    output:
        f"{RESULTS}/estimates/{{benchmark}}/{{model}}.parquet",
    log:
        f"{RESULTS}/logs/estimates/{{benchmark}}/{{model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/estimates/{{benchmark}}/{{model}}.tsv"
    conda:
        "../envs/core.yaml"
    params:
        code=code("isobudget.estimates"),
        settings=lambda wildcards: stage_settings.estimate(sized(), wildcards.benchmark, wildcards.model),
        results=lambda wildcards, output: Path(output[0]).parents[2],
    message:
        "{wildcards.benchmark}: estimate {wildcards.model}"
    shell:
        "python -m isobudget.estimates --results {params.results} --settings {params.settings:q}"
        " --output {output} --log {log}"
