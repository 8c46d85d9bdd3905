from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0003_addresses")]

    operations = [
        migrations.CreateModel(
            name="SignInCode",
            fields=[
                (
                    "phone_digest",
                    models.CharField(
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                        verbose_name="digest of the phone",
                    ),
                ),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
            ],
            options={
                "verbose_name": "sign-in code",
                "verbose_name_plural": "sign-in codes",
            },
        ),
    ]
