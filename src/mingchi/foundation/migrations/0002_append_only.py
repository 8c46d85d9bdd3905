from django.db import migrations

from mingchi.foundation.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("foundation", "0001_foundation")]

    operations = [append_only("foundation_auditrecord")]
