"""The ground: where files lie, how they are written whole, how a stage runs, errors as sentences."""
