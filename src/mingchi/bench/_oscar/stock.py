"""Tables and goods: as many products as asked for, plenty of each. Prints their keys."""

import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from oscar.apps.address.models import Country  # noqa: E402
from oscar.apps.catalogue.models import Product, ProductClass  # noqa: E402
from oscar.apps.partner.models import Partner, StockRecord  # noqa: E402

call_command("migrate", verbosity=0)
Country.objects.create(
    iso_3166_1_a2="CN", name="China", printable_name="China", is_shipping_country=True
)
kind = ProductClass.objects.create(name="goods", track_stock=True, requires_shipping=True)
partner = Partner.objects.create(name="bench")
for number in range(int(sys.argv[1])):
    product = Product.objects.create(
        title=f"bench {number}", product_class=kind, structure=Product.STANDALONE
    )
    StockRecord.objects.create(
        product=product,
        partner=partner,
        partner_sku=f"bench-{number}",
        price_currency="CNY",
        price="19.90",
        num_in_stock=1_000_000,
    )
    print(product.pk)
