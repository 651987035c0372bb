# Needs: results/isobudget.duckdb.
# Makes: results/report/: index.html, the figures as SVG and PNG, the tables as CSV; answer.txt.


rule report:
    """Draw the figures and write the page."""
    input:
        code("report"),
        database=f"{RESULTS}/isobudget.duckdb",
    output:
        f"{RESULTS}/report/index.html",
    params:
        settings=study.report_settings(),
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    message:
        "draw the figures and write {output}"
    shell:
        "python -m isobudget.report --database {input.database} --settings {params.settings:q}"
        " --output {output} --log {log}"


rule answer:
    """Say in a few lines what to run for which budget."""
    input:
        code("report"),
        database=f"{RESULTS}/isobudget.duckdb",
    output:
        f"{RESULTS}/report/answer.txt",
    log:
        f"{RESULTS}/logs/answer.log",
    message:
        "write the answer, {output}"
    shell:
        "python -m isobudget.report.table --database {input.database} --output {output} --log {log}"
