-- What `choosing` found for one benchmark.
INSERT INTO at_hand_best_k
SELECT $benchmark, model, source, wrong_costs, k, low, high, worth, most_k
FROM found
ORDER BY model, source, wrong_costs;
