"""The tables of the catalogue, a file a noun."""

from mingchi.catalogue.models.brand import Brand
from mingchi.catalogue.models.category import Category
from mingchi.catalogue.models.home import Banner, HomeShelf, HomeShelfProduct, HotWord
from mingchi.catalogue.models.image import Image
from mingchi.catalogue.models.listing import Listing
from mingchi.catalogue.models.portrait import Portrait
from mingchi.catalogue.models.price import PriceRecord
from mingchi.catalogue.models.product import Product, ProductImage
from mingchi.catalogue.models.shopper import Favourite, Visit
from mingchi.catalogue.models.sku import MAX_FEN, Sku
from mingchi.catalogue.models.specification import Specification, SpecificationValue
from mingchi.catalogue.models.stock import WarehouseStock

__all__ = [
    "MAX_FEN",
    "Banner",
    "Brand",
    "Category",
    "Favourite",
    "HomeShelf",
    "HomeShelfProduct",
    "HotWord",
    "Image",
    "Listing",
    "Portrait",
    "PriceRecord",
    "Product",
    "ProductImage",
    "Sku",
    "Specification",
    "SpecificationValue",
    "Visit",
    "WarehouseStock",
]
