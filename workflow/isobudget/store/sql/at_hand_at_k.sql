-- The first of k samples that passes the tests at hand, judged by the benchmark's own, for every k up to half the samples.
-- value: it is right, and no sample is handed over where none is accepted. wrong: it is wrong. anyway: as value, but any of
-- the k samples is handed over where none is accepted. false_positives: wrong / (value + wrong), 0 where none is accepted.
CREATE TABLE at_hand_at_k AS
SELECT
    e.benchmark, e.model, e.ranker AS source, e.k, e.value, e.low, e.high,
    wrong.value AS wrong, wrong.low AS wrong_low, wrong.high AS wrong_high,
    anyway.value AS anyway, anyway.low AS anyway_low, anyway.high AS anyway_high,
    falsely.value AS false_positives, falsely.low AS false_positives_low, falsely.high AS false_positives_high
FROM estimates AS e
JOIN estimates AS wrong USING (benchmark, model, ranker, k)
JOIN estimates AS anyway USING (benchmark, model, ranker, k)
JOIN estimates AS falsely USING (benchmark, model, ranker, k)
WHERE e.metric = 'at_hand_right_at_k' AND wrong.metric = 'at_hand_wrong_at_k'
AND anyway.metric = 'at_hand_anyway_at_k' AND falsely.metric = 'at_hand_false_positives_at_k'
ORDER BY e.benchmark, e.model, source, e.k;
