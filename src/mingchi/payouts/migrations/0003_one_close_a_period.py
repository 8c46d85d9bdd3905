from django.db import migrations

_ONCE = """
CREATE UNIQUE INDEX payouts_one_close_a_period ON foundation_proposal ((payload ->> 'period'))
    WHERE kind = 'close' AND state = 'approved'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("payouts", "0002_redemption_without_event"),
        ("foundation", "0001_foundation"),
    ]

    operations = [
        migrations.RunSQL(sql=_ONCE, reverse_sql="DROP INDEX payouts_one_close_a_period")
    ]
