-- The calendar of 30E/360 (eurobond): every month has thirty days, and a 31st is a 30th.
CREATE OR REPLACE FUNCTION interest_day_30e(day date) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
    SELECT (360 * extract(year FROM day) + 30 * extract(month FROM day)
            + LEAST(extract(day FROM day), 30))::integer
$$;

-- What was booked since a moment, without an index that every movement would have to pay for:
-- movements lie in the order in which they were booked.
CREATE INDEX IF NOT EXISTS banking_movement_booked
    ON banking_movement USING brin (booked_at) WITH (pages_per_range = 32, autosummarize = on);
