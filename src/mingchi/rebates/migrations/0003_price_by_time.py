"""The price of a day is one look into an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rebates", "0002_guards")]

    operations = [
        migrations.AddIndex(
            model_name="pricepoint",
            index=models.Index(fields=["programme", "at", "id"], name="price_by_time"),
        ),
    ]
