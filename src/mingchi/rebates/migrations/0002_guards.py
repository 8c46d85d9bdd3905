"""Events and sales are for ever; tables that the settler updates get room on each page."""

from django.db import migrations

from mingchi.foundation.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("rebates", "0001_tables"), ("foundation", "0002_append_only")]

    operations = [
        append_only("rebates_event"),
        append_only("rebates_sale"),
        # Read at a close only, in the order in which it was written: a block range index is
        # enough and costs nothing at settlement, which a primary key would.
        migrations.RunSQL(
            "ALTER TABLE rebates_sale DROP CONSTRAINT rebates_sale_pkey; "
            "CREATE INDEX sale_by_entry ON rebates_sale USING brin (entry_id)",
            "DROP INDEX sale_by_entry; ALTER TABLE rebates_sale ADD PRIMARY KEY (entry_id)",
        ),
        migrations.RunSQL(
            "ALTER TABLE rebates_position SET (fillfactor = 60); "
            "ALTER TABLE rebates_pending SET (autovacuum_vacuum_scale_factor = 0, "
            "autovacuum_vacuum_threshold = 20000)",
            migrations.RunSQL.noop,
        ),
    ]
