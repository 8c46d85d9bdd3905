from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0005_portraits"),
    ]

    operations = [
        migrations.AddField(
            model_name="image",
            name="uploads",
            field=models.PositiveIntegerField(db_default=1, verbose_name="times uploaded"),
        ),
    ]
