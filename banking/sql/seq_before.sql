-- The number of an account's last entry booked before a moment, 0 if there is none. Entries are
-- booked in the order of their numbers, so it is found by halving: twenty looks into a million.
WITH RECURSIVE search (low, high) AS (
    SELECT 0::bigint, seq FROM banking_account WHERE id = %(account)s
    UNION ALL
    SELECT CASE WHEN middle.booked_at < %(at)s THEN middle.seq ELSE search.low END,
           CASE WHEN middle.booked_at < %(at)s THEN search.high ELSE middle.seq - 1 END
      FROM search
     CROSS JOIN LATERAL (
        SELECT entry.seq, entry.booked_at
          FROM banking_entry AS entry
         WHERE entry.account_id = %(account)s
           AND entry.seq = search.low + (search.high - search.low + 1) / 2
     ) AS middle
     WHERE search.low < search.high
)
SELECT low FROM search WHERE low >= high
