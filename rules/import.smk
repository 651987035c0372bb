# Needs: results/problems/{benchmark}.parquet, and the file or folder that a model with engine: import names.
# Makes: results/imported/{benchmark}/{model}/{decoding}.parquet, its samples, checked and sorted for rule sample.


rule collect:
    """Read and check samples that were drawn elsewhere, once, so that each block need not."""
    input:
        problems=f"{RESULTS}/problems/{{benchmark}}.parquet",
        source=inputs.source,
    output:
        f"{RESULTS}/imported/{{benchmark}}/{{model}}/{{decoding}}.parquet",
    log:
        f"{RESULTS}/logs/imported/{{benchmark}}/{{model}}/{{decoding}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/imported/{{benchmark}}/{{model}}/{{decoding}}.tsv"
    conda:
        "../envs/core.yaml"
    params:
        settings=lambda wildcards: stage_settings.imports(study, wildcards.model, wildcards.decoding),
        edited=lambda wildcards: inputs.source_sum(wildcards),
        # a parameter of `input` is not compared: raising samples reads nothing again
        least=lambda wildcards, input: inputs.least_samples(wildcards),
    message:
        "{wildcards.benchmark}: import {wildcards.decoding} samples of {wildcards.model}"
    shell:
        "python -m isobudget.sampling.imported --problems {input.problems} --source {input.source:q}"
        " --least {params.least} --settings {params.settings:q} --output {output} --log {log}"
