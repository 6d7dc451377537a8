"""What a verdict asks about learning: one scalar for its one statement."""

# From when on payments count as this customer's normal. Nothing chosen: all of them. Not to be
# learned from: none, so that only others are left to compare with. It bounds habits (amounts,
# hours, payees), never speed: how fast money leaves is no secret of the customer's, and an
# account being emptied must not be able to look away.
LEARN_SINCE = """coalesce((
    SELECT CASE WHEN learns THEN coalesce(since, '-infinity') ELSE 'infinity'::timestamptz END
    FROM fraud_learningchoice
    WHERE customer_id = %(customer)s::uuid AND effective_at <= %(at)s::timestamptz
    ORDER BY id DESC
    LIMIT 1
), '-infinity'::timestamptz)"""
