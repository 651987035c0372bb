# Needs: the package of a benchmark, the hub, or the local file that the study's `data` names.
# Makes: results/problems/{benchmark}.parquet, the problems with their tests and reference solutions;
#        results/questions/{benchmark}.parquet, the same without these two, for whom they must not be shown;
#        results/examples/{benchmark}.parquet, the examples that the prompts show.


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
        settings=lambda wildcards: stage_settings.problems(study, wildcards.benchmark),
    message:
        "{wildcards.benchmark}: load its problems"
    shell:
        "python -m isobudget.problems --settings {params.settings:q} --output {output} --log {log}"


rule questions:
    """Keep apart what a ranker may know of the problems."""
    input:
        problems=f"{RESULTS}/problems/{{benchmark}}.parquet",
    output:
        f"{RESULTS}/questions/{{benchmark}}.parquet",
    log:
        f"{RESULTS}/logs/questions/{{benchmark}}.log",
    conda:
        "../envs/core.yaml"
    params:
        # tests that models write are drawn after it: no edit of code makes it anew, but a new form does
        code=stage_settings.QUESTIONS,
    message:
        "{wildcards.benchmark}: its problems without tests and references"
    shell:
        "python -m isobudget.problems.questions --problems {input.problems} --output {output} --log {log}"


rule examples:
    """Read the examples in the prompts."""
    input:
        questions=f"{RESULTS}/questions/{{benchmark}}.parquet",
    output:
        f"{RESULTS}/examples/{{benchmark}}.parquet",
    log:
        f"{RESULTS}/logs/examples/{{benchmark}}.log",
    conda:
        "../envs/core.yaml"
    params:
        code=code("examples"),
    message:
        "{wildcards.benchmark}: read the examples in its prompts"
    shell:
        "python -m isobudget.at_hand.prompt_examples --questions {input.questions} --output {output} --log {log}"
