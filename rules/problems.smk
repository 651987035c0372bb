# Needs: the package of a benchmark, the hub, or the local file that the study's `data` names.
# Makes: results/problems/{benchmark}.parquet, the problems with their tests and reference solutions.


rule problems:
    """Load a benchmark's problems."""
    input:
        lambda wildcards: local(study.data.get(wildcards.benchmark, [])),
    output:
        f"{RESULTS}/problems/{{benchmark}}.parquet",
    log:
        f"{RESULTS}/logs/problems/{{benchmark}}.log",
    conda:
        "../envs/core.yaml"
    params:
        settings=lambda wildcards: study.problems_settings(wildcards.benchmark),
    message:
        "{wildcards.benchmark}: load its problems"
    shell:
        "python -m isobudget.problems --settings {params.settings:q} --output {output} --log {log}"
