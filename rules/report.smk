# Needs: results/isobudget.duckdb.
# Makes: results/report/: index.html, the figures as SVG and PNG, the tables as CSV; and what `snakemake --report` shows.

FIGURES = dict(
    patterns=["{benchmark}/{figure}.svg"],
    caption="../workflow/report/figure.rst",
    category="Figures",
    subcategory="{benchmark}",
    labels={"figure": "{figure}"},
)
TABLES = dict(
    patterns=["{table}.csv"], caption="../workflow/report/table.rst", category="Tables", labels={"table": "{table}"}
)


rule report:
    """Draw the figures and write the page."""
    input:
        database=f"{RESULTS}/isobudget.duckdb",
    output:
        page=report(f"{RESULTS}/report/index.html", caption="../workflow/report/index.rst", category="The answer"),
        figures=report(directory(f"{RESULTS}/report/figures"), **FIGURES),
        tables=report(directory(f"{RESULTS}/report/tables"), **TABLES),
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    conda:
        "../envs/core.yaml"
    params:
        code=code("report"),
        settings=stage_settings.report(study),
        spent={key: f"{unit.label}: {unit.meaning}" for key, unit in units.UNITS.items()},  # the captions ask for it
    message:
        "draw the figures and write {output.page}"
    shell:
        "python -m isobudget.report --database {input.database} --settings {params.settings:q}"
        " --output {output.page} --log {log}"
