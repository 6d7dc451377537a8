from django.db import migrations

from fintrust.core import access, roles


def make_roles(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    rows = [group(name=name) for name in roles.ALL]
    group.objects.using(schema_editor.connection.alias).bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(access.REFUSE, "DROP FUNCTION refuse_change()"),
        access.append_only("core_event", readers=()),
        access.read_write("core_signingkey", update=["retires_at"]),
        access.read_write(
            "core_user",
            update=[
                "password",
                "last_login",
                "email",
                "name",
                "phone",
                "timezone",
                "kyc",
                "is_active",
                "is_staff",
                "is_superuser",
                "date_joined",  # Model.save() names every column
            ],
        ),
        access.read_write("core_user_groups"),
        access.read_write("core_user_user_permissions"),
        migrations.RunPython(make_roles, migrations.RunPython.noop),
    ]
