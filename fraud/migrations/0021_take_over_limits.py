from django.db import migrations

# One version for each customer: what they had, since they last changed it. The table that goes knew the
# largest payment by currency and nothing else.
TAKE_OVER = """
INSERT INTO fraud_policyversion (customer_id, version, asked, earlier, stepped_up, by_id, at)
SELECT customer_id, 1,
       jsonb_build_object('max_transaction_amount', jsonb_object_agg(currency, largest_minor)),
       '[]', false, customer_id, max(since)
  FROM fraud_customerlimit
 GROUP BY customer_id;
"""


class Migration(migrations.Migration):
    """The largest payments that customers set themselves go on to hold."""

    dependencies = [("fraud", "0020_own_policies")]

    operations = [migrations.RunSQL(TAKE_OVER, migrations.RunSQL.noop)]
