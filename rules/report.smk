# Needs: results/isobudget.duckdb.
# Makes: results/report/: index.html, the figures as SVG and PNG, the tables as CSV.


rule report:
    """Draw the figures and write the page."""
    input:
        database=f"{RESULTS}/isobudget.duckdb",
    output:
        f"{RESULTS}/report/index.html",
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    conda:
        "../envs/core.yaml"
    params:
        code=code("report", "published"),
        settings=study.report_settings(),
    message:
        "draw the figures and write {output}"
    shell:
        "python -m isobudget.report --database {input.database} --settings {params.settings:q}"
        " --output {output} --log {log}"
