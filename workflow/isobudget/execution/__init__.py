"""Samples in, verdicts out: raw text becomes a program, the sandbox runs it.

python -m isobudget.execution --problems P --samples S --references R --verdicts V --settings JSON --workers N
    --output F --log L
python -m isobudget.execution.references --problems P --settings JSON --workers N --output F --log L
"""
