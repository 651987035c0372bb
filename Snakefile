# isobudget: a large code model once, or a small one many times, at the same budget?
# One rule file a stage, in the order in which a completion goes through them.

from snakemake.utils import min_version

min_version("9.27")


report: "workflow/report/workflow.rst"


if "models" not in config:

    configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/problems.smk"
include: "rules/import.smk"
include: "rules/sample.smk"
include: "rules/execute.smk"
include: "rules/at_hand.smk"
include: "rules/write.smk"
include: "rules/rank.smk"
include: "rules/cost.smk"
include: "rules/estimate.smk"
include: "rules/aggregate.smk"
include: "rules/report.smk"


if claim:
    # nor may these results be what other code or other settings made; this is asked even where nothing is to be done
    said(claim.vet, CODE)
    tell(said(claim.compare, numbers.made_with))


# light, and some fetch from the net, which the nodes of a cluster may not reach
localrules:
    all,
    ready,
    samples,
    problems,
    questions,
    examples,
    tests,
    collect,
    weights,
    model,
    asserts,
    vote,
    cost,
    prices,
    report,


rule all:
    """The report, and every file of the study: one that was deleted is made again."""
    default_target: True
    input:
        unpack(inputs.aggregate),
        report=f"{RESULTS}/report/index.html",


rule ready:
    """What live models begin with: the problems, and weights that come in packages."""
    input:
        inputs.at(paths.PROBLEMS, benchmark=study.benchmarks),
        [inputs.weights(model) for model in study.models],


rule samples:
    """Only draw and score samples, calibrate the models: what recordings/ are made of."""
    input:
        inputs.dear,


onstart:
    # before the first job, and not in a dry run: no other run may be at work on these results
    if claim:
        claim.insist(CODE, provenance.settings(study, None if study.auto else study))
    # which servers to ask, and how hard, for the jobs that do
    note_servers(study)
    # the graph is made: collect garbage from here on, and none of it again
    gc.freeze()
    gc.enable()


onsuccess:
    # what `samples: auto` came to is known by now
    if claim and study.auto:
        claim.insist(CODE, numbers.made_with())
    # what to run for which budget, in a few lines
    if Path(f"{RESULTS}/report/index.html").exists():
        shell("python -m isobudget.report.table --database {RESULTS}/isobudget.duckdb || true")
