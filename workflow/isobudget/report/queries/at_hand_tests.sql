-- How many problems each source of tests at hand has any for.
SELECT benchmark, source, count(*) AS problems, count_if(tests <> '') AS tested
FROM tests_at_hand
GROUP BY ALL
ORDER BY ALL
