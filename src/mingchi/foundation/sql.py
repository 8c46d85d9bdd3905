"""SQL that several domains' migrations need."""

from django.db import migrations

_FUNCTION = """
CREATE OR REPLACE FUNCTION foundation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def append_only(table: str) -> migrations.RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE of `table` for ever, whoever asks.

    Statement triggers: they cost nothing per row, and refuse even a change of no row.
    Django raises IntegrityError.
    """
    return migrations.RunSQL(
        sql=[
            _FUNCTION,
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change()",
        ],
        reverse_sql=[f"DROP TRIGGER append_only ON {table}"],
    )
