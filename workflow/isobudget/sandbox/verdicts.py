"""The names that a run of one program can end with."""

PASSED = "passed"  # every test ran and held, by the word of the checker
FAILED = "failed"  # a wrong answer
ERROR = "error"  # the program raised, did not compile, or ended before its tests had run
TIMEOUT = "timeout"
MEMORY = "memory"
CRASHED = "crashed"  # a signal ended it
REJECTED = "rejected"  # there was no program in the text; nothing ran
OBSERVED = "observed"  # it was called and nobody judged it: the detail is what it made of its inputs, as JSON
INFRA = "infra"  # the sandbox itself failed; never counted, it stops the job

COUNTED = (PASSED, FAILED, ERROR, TIMEOUT, MEMORY, CRASHED, REJECTED)
