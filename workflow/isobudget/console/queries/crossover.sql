-- From which budget on one of two models is better.
FROM crossovers
WHERE benchmark = $benchmark AND unit = $unit
AND list_contains([$first, $second], model) AND list_contains([$first, $second], other);
