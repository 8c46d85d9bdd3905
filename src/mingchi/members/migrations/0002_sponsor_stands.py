from django.db import migrations

_REFUSE = """
CREATE FUNCTION members_refuse_sponsor_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('mingchi.sponsor_change', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'the sponsor of member % stands', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sponsor_stands BEFORE UPDATE OF sponsor_id ON members_member FOR EACH ROW
    WHEN (OLD.sponsor_id IS DISTINCT FROM NEW.sponsor_id)
    EXECUTE FUNCTION members_refuse_sponsor_change();
"""
_ALLOW = """
DROP TRIGGER sponsor_stands ON members_member;
DROP FUNCTION members_refuse_sponsor_change();
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial")]

    operations = [migrations.RunSQL(sql=_REFUSE, reverse_sql=_ALLOW)]
