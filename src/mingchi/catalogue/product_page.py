"""All that the page of a product shows, in one statement.

PostgreSQL puts the lists together: asked by the ORM they were six queries and half a hundred rows
made into objects, for each look at a product.
"""

from typing import Any, Final, NamedTuple

from django.db import connection

from mingchi.catalogue.tree import HIDDEN_SQL

_PAGE: Final = f"""
SELECT p.id, p.title, p.subtitle, p.description, p.detail, p.goods_type, p.parameters::json,
    p.limit_per_member, p.merchant_id, m.name, b.id, b.name, logo.digest, coalesce(l.sold, 0),
    coalesce(l.review_count, 0), coalesce(l.stars_sum, 0),
    (
        WITH RECURSIVE above AS (
            SELECT id, name, parent_id, 1 AS height FROM catalogue_category WHERE id = p.category_id
            UNION SELECT c.id, c.name, c.parent_id, a.height + 1
            FROM catalogue_category c JOIN above a ON c.id = a.parent_id WHERE a.height < 100
        ) SELECT json_agg(json_build_object('id', id, 'name', name) ORDER BY height DESC) FROM above
    ),
    (
        SELECT json_agg(i.digest ORDER BY x.position, x.id)
        FROM catalogue_productimage x JOIN catalogue_image i ON i.id = x.image_id
        WHERE x.product_id = p.id
    ),
    (
        SELECT json_agg(json_build_object('id', s.id, 'name', s.name, 'values', (
            SELECT json_agg(json_build_object('id', v.id, 'name', v.name, 'digest', i.digest)
                ORDER BY v.position, v.id)
            FROM catalogue_specificationvalue v LEFT JOIN catalogue_image i ON i.id = v.image_id
            WHERE v.specification_id = s.id AND NOT v.is_retired
        )) ORDER BY s.position, s.id)
        FROM catalogue_specification s WHERE s.product_id = p.id AND NOT s.is_retired
    ),
    (
        SELECT json_agg(json_build_object('id', k.id, 'code', k.code, 'title', k.title,
            'value_ids', k.value_ids, 'price_fen', k.price_fen,
            'market_price_fen', CASE WHEN k.market_until > statement_timestamp()
                AND k.market_price_fen > k.price_fen THEN k.market_price_fen END,
            'available', k.on_hand - k.reserved) ORDER BY k.id)
        FROM catalogue_sku k WHERE k.product_id = p.id AND k.retired_at IS NULL
    )
FROM catalogue_product p
JOIN merchants_merchant m ON m.id = p.merchant_id
LEFT JOIN catalogue_brand b ON b.id = p.brand_id AND NOT b.is_hidden
LEFT JOIN catalogue_image logo ON logo.id = b.logo_id
LEFT JOIN catalogue_listing l ON l.product_id = p.id
WHERE p.id = %s AND p.status = 'on_sale' AND m.status = 'open'
  AND (p.on_sale_at IS NULL OR p.on_sale_at <= statement_timestamp())
  AND p.category_id NOT IN ({HIDDEN_SQL})
"""  # noqa: S608 - put together of constants


class ProductPage(NamedTuple):
    """A product on sale. Pictures are digests; `specifications` hold their values, `skus` what may
    be sold with the units `available`; each list is None where it has nothing."""

    id: int
    title: str
    subtitle: str
    description: str
    detail: str
    goods_type: str
    parameters: list[dict[str, str]]
    limit_per_member: int | None
    merchant_id: int
    merchant: str
    brand_id: int | None
    brand: str | None
    logo: str | None
    sold: int
    review_count: int
    stars_sum: int
    categories: list[dict[str, Any]] | None
    pictures: list[str] | None
    specifications: list[dict[str, Any]] | None
    skus: list[dict[str, Any]] | None


def read(product_id: int) -> ProductPage | None:
    """The page of a product on sale; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_PAGE, [product_id])
        row = cursor.fetchone()
    return None if row is None else ProductPage(*row)
