# Needs: results/questions/{benchmark}.parquet, and weights or recordings/.
# Makes: results/written/{benchmark}/{model}/{block}.parquet, tests that a model writes for rankers that want some.


rule write:
    """Draw one block of tests; the model is loaded once."""
    input:
        unpack(inputs.write),
        questions=f"{RESULTS}/questions/{{benchmark}}.parquet",
    output:
        f"{RESULTS}/written/{{benchmark}}/{{model}}/{{block}}.parquet",
    log:
        f"{RESULTS}/logs/written/{{benchmark}}/{{model}}/{{block}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/written/{{benchmark}}/{{model}}/{{block}}.tsv"
    conda:
        "../envs/vllm.yaml"
    threads: lambda wildcards: engine_threads(wildcards.model)
    resources:
        gpu=lambda wildcards: job_resources.gpus(study, wildcards.model),
    params:
        settings=lambda wildcards: stage_settings.written(study, wildcards.benchmark, wildcards.model),
        recording=lambda wildcards, input: f"--recording {input.recording}" if "recording" in input.keys() else "",
    message:
        "{wildcards.benchmark}: {wildcards.model} writes tests, block {wildcards.block}"
    shell:
        "python -m isobudget.sampling.written --questions {input.questions} --benchmark {wildcards.benchmark}"
        " --model {wildcards.model} --block {wildcards.block} --settings {params.settings:q} {params.recording}"
        " --output {output} --log {log}"
