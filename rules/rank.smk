# Needs: results/samples/.../{block}.parquet; for nll:MODEL that model's weights, or recordings/.
# Makes: results/scores/{ranker}/{benchmark}/{model}/sampled/{block}.parquet, lower is better.


rule rank:
    """Score one block of samples without looking at any test."""
    input:
        unpack(rank_inputs),
        problems=f"{RESULTS}/problems/{{benchmark}}.parquet",
        samples=f"{RESULTS}/samples/{{benchmark}}/{{model}}/sampled/{{block}}.parquet",
    output:
        f"{RESULTS}/scores/{{ranker}}/{{benchmark}}/{{model}}/sampled/{{block}}.parquet",
    log:
        f"{RESULTS}/logs/scores/{{ranker}}/{{benchmark}}/{{model}}/sampled/{{block}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/scores/{{ranker}}/{{benchmark}}/{{model}}/sampled/{{block}}.tsv"
    conda:
        "../envs/vllm.yaml"
    threads: lambda wildcards: engine_threads(scorer(wildcards))
    resources:
        gpu=lambda wildcards: gpus(scorer(wildcards)),
        endpoint=lambda wildcards: places(scorer(wildcards)),
    params:
        settings=lambda wildcards: study.rank_settings(wildcards.ranker, wildcards.model),
        recording=lambda wildcards, input: handed(input, scorer(wildcards)),
    message:
        "{wildcards.benchmark}: {wildcards.ranker} scores {wildcards.model}, block {wildcards.block}"
    shell:
        "python -m isobudget.ranking --problems {input.problems} --samples {input.samples}"
        " --settings {params.settings:q} {params.recording} --output {output} --log {log}"
