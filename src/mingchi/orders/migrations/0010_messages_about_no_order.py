import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0006_consents"),
        ("orders", "0009_case_replacement_chosen"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="notification",
            name="notification_written_once",
        ),
        migrations.AlterField(
            model_name="notification",
            name="order",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notifications",
                to="orders.order",
                verbose_name="order",
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.UniqueConstraint(
                fields=("order", "member", "key"),
                name="notification_written_once",
                nulls_distinct=False,
            ),
        ),
    ]
