from django.db import migrations

from fintrust.core import access

UNDO = """
DROP TRIGGER consent_consent_no_rewrite ON consent_consent;
DROP TRIGGER consent_consent_no_truncate ON consent_consent;
DROP FUNCTION consent_refuse_rewrite();
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial"), ("core", "0002_access")]

    operations = [
        access.read_write(
            "consent_partner",
            update=["name", "trading_name", "contact", "status", "scopes"],
            readers=(access.READER,),
        ),
        access.read_write("consent_consent", update=["status"], readers=(access.READER,)),
        access.sql_file(__file__, "consent.sql", reverse=UNDO),
        access.append_only("consent_consentevent"),
        access.append_only("consent_disclosure"),
        access.append_only("consent_refusal"),
    ]
