-- Where a customer stands against those of their limits that count: what left today, and what the
-- payee has had. Not bounded by the time it was asked for, because a payment that was asked for a
-- moment later may have moved first. Money that waited counts on the day it was asked for and on
-- the day it moved.
SELECT today.spent_minor, today.payments,
       (
           SELECT min(at) FROM fraud_paymentfact
           WHERE outgoing AND customer_id = %(customer)s AND counterparty = %(counterparty)s
             AND %(counterparty)s <> ''
       ) AS payee_first_at,
       (
           SELECT coalesce(sum(amount_minor), 0) FROM fraud_paymentfact
           WHERE outgoing AND customer_id = %(customer)s AND counterparty = %(counterparty)s
             AND %(counterparty)s <> '' AND currency = %(currency)s AND at >= %(new_since)s
       ) AS payee_minor
FROM (
    SELECT count(*) AS payments,
           coalesce(sum(moved.amount_minor) FILTER (WHERE moved.currency = %(currency)s), 0)
               AS spent_minor
    FROM fraud_paymentfact AS moved
    JOIN fraud_decision AS decision ON decision.id = moved.decision_id
    WHERE moved.customer_id = %(customer)s AND moved.outgoing AND %(counts_day)s
      AND moved.at >= %(asked_since)s
      AND (
          moved.at >= %(day_start)s AND moved.at < %(day_end)s
          OR moved.recorded_at >= %(day_start)s AND moved.recorded_at < %(day_end)s
      )
      AND NOT coalesce((decision.facts ->> 'to_self')::boolean, false)
) AS today
