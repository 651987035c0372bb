# Needs: results/models/{model}.json and results/calibrations/{model}/{run}.json; results/written/ of a model whose tests
#        rankers use.
# Makes: results/costs/{model}.json, what a generation costs in FLOPs, seconds and US dollars, and
#        results/prices.json, that of all models.


rule cost:
    """Count FLOPs from the model's config, take seconds from its calibration, dollars from its price."""
    input:
        model=lambda wildcards: inputs.architectures([wildcards.model]),
        calibrations=inputs.calibrations,
        written=inputs.tests_of_writer,
    output:
        f"{RESULTS}/costs/{{model}}.json",
    log:
        f"{RESULTS}/logs/costs/{{model}}.log",
    conda:
        "../envs/core.yaml"
    params:
        code=code("cost"),
        settings=lambda wildcards: stage_settings.cost(study, wildcards.model),
    message:
        "{wildcards.model}: what a generation costs"
    shell:
        "python -m isobudget.costs --model-config {input.model} --calibrations {input.calibrations}"
        " --written {input.written} --settings {params.settings:q} --output {output} --log {log}"


checkpoint prices:
    """Wait for every model's costs: asked for only where `samples: auto` takes n from budgets."""
    input:
        inputs.at(paths.COSTS, model=study.models),
    output:
        f"{RESULTS}/{paths.PRICES}",
    log:
        f"{RESULTS}/logs/prices.log",
    conda:
        "../envs/core.yaml"
    message:
        "what a generation costs, of all models"
    shell:
        "python -m isobudget.costs.all_models --costs {input} --output {output} --log {log}"
