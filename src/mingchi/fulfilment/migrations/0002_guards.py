"""What no code may do, whoever writes it: change what was published, forget what happened, run a
merchant's flow on another's subjects."""

from django.db import migrations

from mingchi.foundation.sql import append_only

_PUBLISHED = """
CREATE FUNCTION fulfilment_version_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' OR NEW.status = 'draft'
       OR (NEW.definition_id, NEW.number, NEW.bpmn_xml, NEW.graph, NEW.digest, NEW.findings)
          IS DISTINCT FROM
          (OLD.definition_id, OLD.number, OLD.bpmn_xml, OLD.graph, OLD.digest, OLD.findings)
    THEN
        RAISE EXCEPTION 'version % of flow % is published and never changes',
            OLD.number, OLD.definition_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER version_stands BEFORE UPDATE OR DELETE ON fulfilment_flowversion
    FOR EACH ROW EXECUTE FUNCTION fulfilment_version_stands();

CREATE FUNCTION fulfilment_pin_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT status FROM fulfilment_flowversion
        WHERE id = CASE TG_OP WHEN 'INSERT' THEN NEW.version_id ELSE OLD.version_id END)
       <> 'draft'
    THEN
        RAISE EXCEPTION 'the decision tables of a published flow never change'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER pin_stands BEFORE INSERT OR UPDATE OR DELETE ON fulfilment_tablepin
    FOR EACH ROW EXECUTE FUNCTION fulfilment_pin_stands();
"""
_PUBLISHED_AWAY = """
DROP TRIGGER pin_stands ON fulfilment_tablepin;
DROP FUNCTION fulfilment_pin_stands();
DROP TRIGGER version_stands ON fulfilment_flowversion;
DROP FUNCTION fulfilment_version_stands();
"""

# The findings are of exactly these bytes.
_CHECKED = """
ALTER TABLE fulfilment_flowversion ADD CONSTRAINT flow_published_as_checked
    CHECK (status = 'draft' OR checked_sha256 = encode(sha256(bpmn_xml), 'hex'))
"""

_OWN = """
CREATE FUNCTION fulfilment_flow_is_own() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner bigint;
    about text;
BEGIN
    IF NEW.version_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT d.merchant_id, d.kind INTO owner, about
    FROM fulfilment_flowversion v JOIN fulfilment_flowdefinition d ON d.id = v.definition_id
    WHERE v.id = NEW.version_id;
    IF about <> NEW.kind OR owner <> NEW.merchant_id THEN
        RAISE EXCEPTION 'flow version % is not for % of merchant %',
            NEW.version_id, NEW.kind, NEW.merchant_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER flow_is_own_new BEFORE INSERT ON fulfilment_flowinstance
    FOR EACH ROW EXECUTE FUNCTION fulfilment_flow_is_own();
CREATE TRIGGER flow_is_own_changed BEFORE UPDATE ON fulfilment_flowinstance
    FOR EACH ROW WHEN ((NEW.version_id, NEW.merchant_id, NEW.kind)
                       IS DISTINCT FROM (OLD.version_id, OLD.merchant_id, OLD.kind))
    EXECUTE FUNCTION fulfilment_flow_is_own();
"""
_OWN_AWAY = """
DROP TRIGGER flow_is_own_new ON fulfilment_flowinstance;
DROP TRIGGER flow_is_own_changed ON fulfilment_flowinstance;
DROP FUNCTION fulfilment_flow_is_own();
"""

# Room on each page: rows that are changed at every step stay where they are.
_ROOM = """
ALTER TABLE fulfilment_flowinstance SET (fillfactor = 70);
ALTER TABLE fulfilment_stepjob SET (fillfactor = 70);
ALTER TABLE fulfilment_timer SET (autovacuum_vacuum_scale_factor = 0.05);
"""


class Migration(migrations.Migration):
    dependencies = [("fulfilment", "0001_tables"), ("foundation", "0002_append_only")]

    operations = [
        append_only("fulfilment_steplog"),
        append_only("fulfilment_vote"),
        append_only("fulfilment_decisiontableversion"),
        append_only("fulfilment_flowselector"),
        migrations.RunSQL(_PUBLISHED, _PUBLISHED_AWAY),
        migrations.RunSQL(
            _CHECKED,
            "ALTER TABLE fulfilment_flowversion DROP CONSTRAINT flow_published_as_checked",
        ),
        migrations.RunSQL(_OWN, _OWN_AWAY),
        migrations.RunSQL(_ROOM, migrations.RunSQL.noop),
    ]
