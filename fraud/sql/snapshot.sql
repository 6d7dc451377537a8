-- What the bank knows about a customer before one payment: one statement, one row, bounded reads.
-- Only payments that were asked for before it count; see `fraud.features.Snapshot`.
WITH learning AS MATERIALIZED (
    SELECT {learn_since} AS since
), own AS MATERIALIZED (
    SELECT at, amount_minor, currency, local_hour
    FROM fraud_paymentfact
    WHERE customer_id = %(customer)s AND outgoing = %(outgoing)s
      AND at < %(at)s AND at >= %(since)s
    ORDER BY at DESC
    LIMIT %(own_max)s
), same AS MATERIALIZED (
    SELECT own.at, amount_minor, local_hour FROM own CROSS JOIN learning
    WHERE currency = %(currency)s AND own.at >= learning.since
), normal AS (
    SELECT count(*) AS payments,
           sum(amount_minor) AS sum_minor,
           sum(amount_minor::numeric * amount_minor) AS square_sum,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY amount_minor) AS median_minor,
           max(amount_minor) AS largest_minor,
           min(at) AS first_at,
           max(at) AS last_at
    FROM same
), payee AS (
    SELECT count(*) AS payments,
           max(amount_minor) FILTER (WHERE currency = %(currency)s) AS largest_minor
    FROM (
        SELECT amount_minor, currency
        FROM fraud_paymentfact
        WHERE outgoing AND customer_id = %(customer)s AND counterparty = %(counterparty)s
          AND at < %(at)s AND %(counterparty)s <> ''
          AND at >= (SELECT since FROM learning)
        ORDER BY at DESC
        LIMIT %(own_max)s
    ) AS paid
)
SELECT normal.payments, normal.sum_minor, normal.square_sum, normal.median_minor,
       normal.largest_minor, normal.first_at, normal.last_at,
       ARRAY(
           SELECT count(same.local_hour)
           FROM generate_series(0, 23) AS hour LEFT JOIN same ON same.local_hour = hour
           GROUP BY hour ORDER BY hour
       ) AS hours,
       ARRAY(
           SELECT ARRAY[
               count(own.at),
               coalesce(sum(own.amount_minor) FILTER (WHERE own.currency = %(currency)s), 0)
           ]
           FROM unnest(%(windows)s::timestamptz[]) WITH ORDINALITY AS window_(start, place)
           LEFT JOIN own ON own.at > start
           GROUP BY place ORDER BY place
       ) AS speeds,
       payee.payments AS payee_payments, payee.largest_minor AS payee_largest_minor,
       peers.payments AS peer_payments, peers.customers AS peer_customers,
       peers.high_minor AS peer_high_minor,
       (
           SELECT largest_minor FROM fraud_customerlimit
           WHERE customer_id = %(customer)s AND currency = %(currency)s
       ) AS limit_minor
FROM normal CROSS JOIN payee CROSS JOIN LATERAL (
    SELECT count(*) AS payments,
           count(DISTINCT customer_id) AS customers,
           percentile_disc(0.95) WITHIN GROUP (ORDER BY amount_minor) AS high_minor
    FROM (
        SELECT customer_id, amount_minor
        FROM fraud_paymentfact
        WHERE outgoing AND currency = %(currency)s AND at < %(at)s
          AND customer_id <> %(customer)s
          AND normal.payments < %(own_min)s  -- others are asked only about newcomers
        ORDER BY at DESC
        LIMIT %(peers_max)s
    ) AS recent
) AS peers
