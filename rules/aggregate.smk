# Needs: all rows of the study, results/costs/ and results/estimates/.
# Makes: results/isobudget.duckdb, the tables of the study in one file.


rule aggregate:
    """Load the rows into DuckDB and put budgets to the estimates."""
    input:
        unpack(inputs.aggregate),
    output:
        f"{RESULTS}/isobudget.duckdb",
    log:
        f"{RESULTS}/logs/aggregate.log",
    benchmark:
        f"{RESULTS}/benchmarks/aggregate.tsv"
    conda:
        "../envs/core.yaml"
    params:
        code=code("aggregate"),
        settings=lambda wildcards: stage_settings.aggregate(sized()),
        results=lambda wildcards, output: Path(output[0]).parent,
    message:
        "put the study's tables into one DuckDB file"
    shell:
        "python -m isobudget.store --results {params.results} --settings {params.settings:q}"
        " --output {output} --log {log}"
