"""What the tables themselves refuse: a change of the past, and an entry that does not balance."""

from django.db import migrations

from mingchi.foundation.sql import append_only

_ZERO_SUM = """
CREATE FUNCTION ledger_refuse_imbalance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad bigint;
BEGIN
    -- Kinds from 50 on count points (ledger.accounts); each commodity must sum to zero.
    SELECT a.id INTO bad
    FROM added a CROSS JOIN LATERAL (
        SELECT sum(amount) FILTER (WHERE account % 100 < 50) AS money,
               sum(amount) FILTER (WHERE account % 100 >= 50) AS points,
               bool_or(account IS NULL OR amount IS NULL) AS torn
        FROM unnest(a.accounts, a.amounts) AS p (account, amount)) s
    WHERE s.money <> 0 OR s.points <> 0 OR s.torn
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % of % does not sum to zero', bad, TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
"""


def zero_sum(table: str) -> migrations.RunSQL:
    """Refuse an entry whose postings do not sum to zero per commodity."""
    return migrations.RunSQL(
        f"CREATE TRIGGER zero_sum AFTER INSERT ON {table} REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_imbalance()",
        f"DROP TRIGGER zero_sum ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_tables"), ("foundation", "0002_append_only")]

    operations = [
        migrations.RunSQL(_ZERO_SUM, "DROP FUNCTION ledger_refuse_imbalance"),
        zero_sum("ledger_entry"),
        zero_sum("ledger_cashentry"),
        append_only("ledger_entry"),
        append_only("ledger_cashentry"),
        append_only("ledger_cashseal"),
        append_only("ledger_batch"),
        # Room on each page keeps an update of a balance off the index.
        migrations.RunSQL(
            "ALTER TABLE ledger_accountbalance SET (fillfactor = 60)", migrations.RunSQL.noop
        ),
    ]
