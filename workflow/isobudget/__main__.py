"""`python -m isobudget`: the same as the `isobudget` command."""

from isobudget.cli import main

if __name__ == "__main__":
    main()
