"""What a person reads: figures, tables as CSV, one HTML page, and a table in the terminal."""
