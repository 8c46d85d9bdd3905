from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0008_price_stages")]

    operations = [
        migrations.AlterField(
            model_name="caseentry",
            name="act",
            field=models.CharField(
                choices=[
                    ("opened", "asked for it"),
                    ("chose", "wants in exchange"),
                    ("said", "said"),
                    ("noted", "noted"),
                    ("agreed", "agreed"),
                    ("declined", "declined"),
                    ("asked", "asked for more"),
                    ("unanswered", "not answered in time: agreed"),
                    ("appealed", "appealed"),
                    ("for_member", "decided for the buyer"),
                    ("for_merchant", "decided for the merchant"),
                    ("sent_back", "sent the goods back"),
                    ("goods_back", "goods are back"),
                    ("passed", "inspection passed"),
                    ("failed", "inspection failed"),
                    ("refunded", "refunded"),
                    ("exchanged", "replacement sent"),
                    ("refused", "refused"),
                    ("withdrawn", "withdrawn"),
                    ("closed", "case closed"),
                ],
                max_length=12,
                verbose_name="what",
            ),
        ),
    ]
