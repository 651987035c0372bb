# Needs: every results/outcomes/ and results/scores/ file of one model on one benchmark.
# Makes: results/estimates/{benchmark}/{model}.parquet: pass@k, greedy and rank-score@k with intervals.


rule estimate:
    """Estimate one model's scores on one benchmark, for every k up to n/2."""
    input:
        outcome_files,
        score_files,
    output:
        f"{RESULTS}/estimates/{{benchmark}}/{{model}}.parquet",
    log:
        f"{RESULTS}/logs/estimates/{{benchmark}}/{{model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/estimates/{{benchmark}}/{{model}}.tsv"
    conda:
        "../envs/core.yaml"
    params:
        code=code("estimates", "statistics"),
        settings=lambda wildcards: sized().estimate_settings(wildcards.benchmark, wildcards.model),
        results=lambda wildcards, output: Path(output[0]).parents[2],
    message:
        "{wildcards.benchmark}: estimate {wildcards.model}"
    shell:
        "python -m isobudget.estimates --results {params.results} --settings {params.settings:q}"
        " --output {output} --log {log}"
