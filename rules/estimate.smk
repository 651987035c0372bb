# Needs: every results/outcomes/, results/scores/ and results/at_hand/ file of one model on one benchmark, and which
#        problems imported files hold samples of.
# Makes: results/scores/{ranker}/{benchmark}/{model}/sampled.parquet, a ranker that learns from other problems' verdicts;
#        results/estimates/{benchmark}/{model}.parquet: pass@k, greedy, rank-score@k and the like, with intervals.


rule combine:
    """Weigh the rankers of one model's samples by what passed on other problems."""
    input:
        inputs.parts,
    output:
        f"{RESULTS}/scores/{{ranker}}/{{benchmark}}/{{model}}/sampled.parquet",
    log:
        f"{RESULTS}/logs/scores/{{ranker}}/{{benchmark}}/{{model}}/sampled.log",
    wildcard_constraints:
        ranker="|".join(rankers.every("learns")),
    conda:
        "../envs/core.yaml"
    params:
        code=code("combine"),
        settings=lambda wildcards: stage_settings.combine(sized(), **wildcards),
        results=lambda wildcards, output: Path(output[0]).parents[4],
    message:
        "{wildcards.benchmark}: weigh the rankers of {wildcards.model}"
    shell:
        "python -m isobudget.estimates.combined --results {params.results} --settings {params.settings:q}"
        " --output {output} --log {log}"


rule estimate:
    """Estimate one model's scores on one benchmark, for every k up to n/2."""
    input:
        inputs.outcomes,
        inputs.scores,
        inputs.at_hand,
        inputs.imported,
    output:
        f"{RESULTS}/estimates/{{benchmark}}/{{model}}.parquet",
    log:
        f"{RESULTS}/logs/estimates/{{benchmark}}/{{model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/estimates/{{benchmark}}/{{model}}.tsv"
    conda:
        "../envs/core.yaml"
    params:
        code=code("estimate"),
        settings=lambda wildcards: stage_settings.estimate(sized(), wildcards.benchmark, wildcards.model),
        results=lambda wildcards, output: Path(output[0]).parents[2],
    message:
        "{wildcards.benchmark}: estimate {wildcards.model}"
    shell:
        "python -m isobudget.estimates --results {params.results} --settings {params.settings:q}"
        " --output {output} --log {log}"
