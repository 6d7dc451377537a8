-- What accounts have earned up to a day and have not been paid, in units. A batch of accounts, each
-- by its own index range: the cost does not grow with the years before the last payment.
SELECT a.id, a.uuid, a.currency, due.units
  FROM banking_account a
  LEFT JOIN LATERAL (
       SELECT through, carried FROM banking_interestpayment p
        WHERE p.account_id = a.id ORDER BY through DESC LIMIT 1) AS paid ON true
 CROSS JOIN LATERAL (
       SELECT COALESCE(paid.carried, 0)
            + COALESCE((SELECT sum(units) FROM banking_accrual x
                         WHERE x.account_id = a.id AND x.day <= %(through)s
                           AND x.day > COALESCE(paid.through, '-infinity')), 0)
            + COALESCE((SELECT sum(units) FROM banking_accrualcorrection x
                         WHERE x.account_id = a.id AND x.run_id <= %(through)s
                           AND x.run_id > COALESCE(paid.through, '-infinity')), 0) AS units
       ) AS due
 WHERE a.id = ANY (%(accounts)s) AND (paid.through < %(through)s) IS NOT FALSE
 ORDER BY a.id
