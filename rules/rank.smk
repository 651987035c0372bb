# Needs: results/samples/.../{block}.parquet; for nll:MODEL that model's weights, or recordings/.
# Makes: results/scores/{ranker}/{benchmark}/{model}/sampled/{block}.parquet, lower is better. Rankers that let the
#        samples vote need results/examples/, or results/written/ for results/asserts/{model}/{benchmark}.parquet, and
#        make results/behaviours/{source}/.../{block}.parquet on the way: what each program made of each input.


ruleorder: vote > rank


rule rank:
    """Score one block of samples without looking at any test."""
    input:
        unpack(inputs.rank),
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
    threads: lambda wildcards: engine_threads(inputs.scorer(wildcards))
    resources:
        gpu=lambda wildcards: job_resources.gpus(study, inputs.scorer(wildcards)),
        endpoint=lambda wildcards: job_resources.places(study, inputs.scorer(wildcards)),
    params:
        settings=lambda wildcards: stage_settings.rank(
            study, wildcards.ranker, wildcards.model, code("rank", ranker=wildcards.ranker)
        ),
        recording=lambda wildcards, input: inputs.handed(input, inputs.scorer(wildcards)),
    message:
        "{wildcards.benchmark}: {wildcards.ranker} scores {wildcards.model}, block {wildcards.block}"
    shell:
        "python -m isobudget.ranking --problems {input.problems} --samples {input.samples}"
        " --settings {params.settings:q} {params.recording} --output {output} --log {log}"


rule asserts:
    """Read the tests that a model wrote."""
    input:
        questions=f"{RESULTS}/questions/{{benchmark}}.parquet",
        written=inputs.written,
    output:
        f"{RESULTS}/asserts/{{model}}/{{benchmark}}.parquet",
    log:
        f"{RESULTS}/logs/asserts/{{model}}/{{benchmark}}.log",
    conda:
        "../envs/core.yaml"
    params:
        code=code("asserts"),
    message:
        "{wildcards.benchmark}: read the tests that {wildcards.model} wrote"
    shell:
        "python -m isobudget.at_hand.written_asserts --questions {input.questions} --written {input.written}"
        " --output {output} --log {log}"


rule observe:
    """Run one block's programs on inputs, in the sandbox; no test is among what the job is given."""
    input:
        questions=f"{RESULTS}/questions/{{benchmark}}.parquet",
        examples=lambda wildcards: inputs.examples(wildcards.source, wildcards.benchmark),
        samples=f"{RESULTS}/samples/{{benchmark}}/{{model}}/{{decoding}}/{{block}}.parquet",
    output:
        f"{RESULTS}/behaviours/{{source}}/{{benchmark}}/{{model}}/{{decoding}}/{{block}}.parquet",
    log:
        f"{RESULTS}/logs/behaviours/{{source}}/{{benchmark}}/{{model}}/{{decoding}}/{{block}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/behaviours/{{source}}/{{benchmark}}/{{model}}/{{decoding}}/{{block}}.tsv"
    conda:
        "../envs/core.yaml"
    # nothing is judged here, so no other job need be waited for
    threads: 1
    params:
        settings=lambda wildcards: stage_settings.observe(
            study, wildcards.benchmark, code("observe", benchmark=wildcards.benchmark)
        ),
        verdicts=f"{RESULTS}/{paths.VERDICTS}",
    message:
        "{wildcards.benchmark}: see what samples of {wildcards.model} make of {wildcards.source}, block {wildcards.block}"
    shell:
        "python -m isobudget.execution.behaviours --questions {input.questions} --examples {input.examples}"
        " --samples {input.samples} --verdicts {params.verdicts} --workers {threads} --settings {params.settings:q}"
        " --output {output} --log {log}"


rule vote:
    """Let the samples of one block vote by what they made of the inputs."""
    input:
        unpack(inputs.vote),
        samples=f"{RESULTS}/samples/{{benchmark}}/{{model}}/sampled/{{block}}.parquet",
    output:
        f"{RESULTS}/scores/{{ranker}}/{{benchmark}}/{{model}}/sampled/{{block}}.parquet",
    log:
        f"{RESULTS}/logs/scores/{{ranker}}/{{benchmark}}/{{model}}/sampled/{{block}}.log",
    wildcard_constraints:
        # rankers that let the samples vote; all others are rule rank's
        ranker=f"(?:{'|'.join(rankers.every('votes'))}):.+",
    conda:
        "../envs/core.yaml"
    params:
        settings=lambda wildcards: stage_settings.vote(study, wildcards.ranker, code("vote", ranker=wildcards.ranker)),
    message:
        "{wildcards.benchmark}: {wildcards.ranker} of {wildcards.model}, block {wildcards.block}"
    shell:
        "python -m isobudget.ranking.votes --samples {input.samples} --behaviours {input.behaviours}"
        " --examples {input.examples} --settings {params.settings:q} --output {output} --log {log}"
