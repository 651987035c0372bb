# Needs: results/problems/, results/examples/, results/references/ and results/samples/.../{block}.parquet.
# Makes: results/tests/{source}/{benchmark}.parquet, problems with the tests at hand in place of those that judge, and
#        results/at_hand/{source}/{benchmark}/{model}/sampled/{block}.parquet, what those say of each sample.


rule tests:
    """Collect the tests at hand: fewer than those that judge."""
    input:
        unpack(inputs.tests),
        problems=f"{RESULTS}/problems/{{benchmark}}.parquet",
    output:
        f"{RESULTS}/tests/{{source}}/{{benchmark}}.parquet",
    log:
        f"{RESULTS}/logs/tests/{{source}}/{{benchmark}}.log",
    conda:
        "../envs/core.yaml"
    params:
        code=code("tests"),
        settings=lambda wildcards: stage_settings.tests(study, wildcards.source),
        cases=lambda wildcards, input: f"--cases {input.cases}" if "cases" in input.keys() else "",
    message:
        "{wildcards.benchmark}: collect its tests at hand, {wildcards.source}"
    shell:
        "python -m isobudget.at_hand.tests --problems {input.problems} {params.cases}"
        " --settings {params.settings:q} --output {output} --log {log}"


rule at_hand:
    """Run one block's programs against the tests at hand, with the checker that judges."""
    input:
        tests=f"{RESULTS}/tests/{{source}}/{{benchmark}}.parquet",
        references=f"{RESULTS}/references/{{benchmark}}.json",
        samples=f"{RESULTS}/samples/{{benchmark}}/{{model}}/sampled/{{block}}.parquet",
    output:
        f"{RESULTS}/at_hand/{{source}}/{{benchmark}}/{{model}}/sampled/{{block}}.parquet",
    log:
        f"{RESULTS}/logs/at_hand/{{source}}/{{benchmark}}/{{model}}/sampled/{{block}}.log",
    conda:
        "../envs/core.yaml"
    threads: 2
    params:
        settings=lambda wildcards: stage_settings.at_hand(
            study, wildcards.benchmark, code("at_hand", benchmark=wildcards.benchmark)
        ),
        verdicts=f"{RESULTS}/{paths.VERDICTS}",
    message:
        "{wildcards.benchmark}: run samples of {wildcards.model} against {wildcards.source}, block {wildcards.block}"
    shell:
        "python -m isobudget.execution --problems {input.tests} --samples {input.samples}"
        " --references {input.references} --verdicts {params.verdicts} --workers {threads} --settings {params.settings:q}"
        " --output {output} --log {log}"
