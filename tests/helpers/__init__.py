"""What more than one module of tests, or a bench, needs. It is found where tests/ is on the path."""
