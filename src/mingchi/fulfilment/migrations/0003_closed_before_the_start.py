from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("fulfilment", "0002_guards")]

    operations = [
        *(
            migrations.AlterField(
                name,
                "merchant",
                models.ForeignKey(
                    on_delete=models.PROTECT,
                    related_name="+",
                    to="merchants.merchant",
                    verbose_name="merchant",
                ),
            )
            for name in ("hold", "signal", "workitem")
        ),
        migrations.RemoveConstraint("flowinstance", "flow_instance_status"),
        migrations.AddConstraint(
            "flowinstance",
            models.CheckConstraint(
                condition=Q(status="queued", version__isnull=True, started_at__isnull=True)
                | Q(
                    status="running",
                    version__isnull=False,
                    started_at__isnull=False,
                    ended_at__isnull=True,
                )
                | Q(status="ended", version__isnull=False, ended_at__isnull=False)
                | Q(status="cancelled", ended_at__isnull=False),
                name="flow_instance_status",
            ),
        ),
    ]
