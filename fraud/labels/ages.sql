-- Hours from a payment to its first label of each source, and of any, among labels that became
-- known since then. A correction is no age: the bank knew something before.
WITH first AS (
    SELECT DISTINCT ON (decision_id, source) decision_id, source,
           extract(epoch FROM known_at - paid_at) / 3600 AS hours
    FROM fraud_label
    WHERE known_at >= %(since)s
    ORDER BY decision_id, source, known_at, id
), soonest AS (
    SELECT decision_id, min(hours) AS hours FROM first GROUP BY decision_id
)
SELECT source, count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY hours),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY hours)
FROM first GROUP BY source
UNION ALL
SELECT NULL, count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY hours),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY hours)
FROM soonest HAVING count(*) > 0
ORDER BY 1 NULLS LAST
