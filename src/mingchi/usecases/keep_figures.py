"""The figures that members are told of the pool are brought up to date."""

from mingchi.rebates import figures, plans, queries


def keep_figures() -> int:
    """Add what came since, and count the orders; how many entries were added. Called by the
    worker."""
    of = queries.programme()
    return figures.keep(of, redeem_fee_ppm=plans.read(plans.active(of).toml).redeem_fee_ppm)
