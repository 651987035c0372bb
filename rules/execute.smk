# Needs: results/problems/{benchmark}.parquet and results/samples/.../{block}.parquet.
# Makes: results/references/{benchmark}.json, the proof that the reference solutions pass here, and
#        results/outcomes/{benchmark}/{model}/{decoding}/{block}.parquet, a verdict a sample.


rule references:
    """Run the benchmark's own solutions in the sandbox: all must pass before any sample is judged."""
    input:
        problems=f"{RESULTS}/problems/{{benchmark}}.parquet",
    output:
        f"{RESULTS}/references/{{benchmark}}.json",
    log:
        f"{RESULTS}/logs/references/{{benchmark}}.log",
    conda:
        "../envs/core.yaml"
    threads: 2
    params:
        settings=lambda wildcards: stage_settings.execute(
            study, wildcards.benchmark, code("references", benchmark=wildcards.benchmark)
        ),
    message:
        "{wildcards.benchmark}: check that its reference solutions pass in the sandbox"
    shell:
        "python -m isobudget.execution.references --problems {input.problems} --workers {threads}"
        " --settings {params.settings:q} --output {output} --log {log}"


rule execute:
    """Run one block's programs in the sandbox, each distinct one once, in whichever block it came first."""
    input:
        problems=f"{RESULTS}/problems/{{benchmark}}.parquet",
        references=f"{RESULTS}/references/{{benchmark}}.json",
        samples=f"{RESULTS}/samples/{{benchmark}}/{{model}}/{{decoding}}/{{block}}.parquet",
    output:
        f"{RESULTS}/outcomes/{{benchmark}}/{{model}}/{{decoding}}/{{block}}.parquet",
    log:
        f"{RESULTS}/logs/outcomes/{{benchmark}}/{{model}}/{{decoding}}/{{block}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/outcomes/{{benchmark}}/{{model}}/{{decoding}}/{{block}}.tsv"
    conda:
        "../envs/core.yaml"
    threads: 2
    params:
        settings=lambda wildcards: stage_settings.execute(
            study, wildcards.benchmark, code("execute", benchmark=wildcards.benchmark)
        ),
        verdicts=f"{RESULTS}/{paths.VERDICTS}",
    message:
        "{wildcards.benchmark}: run {wildcards.decoding} programs of {wildcards.model}, block {wildcards.block}"
    shell:
        "python -m isobudget.execution --problems {input.problems} --samples {input.samples}"
        " --references {input.references} --verdicts {params.verdicts} --workers {threads} --settings {params.settings:q}"
        " --output {output} --log {log}"
