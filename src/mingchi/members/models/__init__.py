"""Who buys, how they sign in, what staff appointed them to."""

from mingchi.members.models.consent import Consent, Disclosure
from mingchi.members.models.member import (
    REGION,
    Address,
    AgentAppointment,
    Member,
    MemberToken,
    RankChange,
    ShareholderAppointment,
    SignInCode,
    SponsorChange,
)
from mingchi.members.models.wechat import WechatBinding, WechatPayer, WechatTicket

__all__ = [
    "REGION",
    "Address",
    "AgentAppointment",
    "Consent",
    "Disclosure",
    "Member",
    "MemberToken",
    "RankChange",
    "ShareholderAppointment",
    "SignInCode",
    "SponsorChange",
    "WechatBinding",
    "WechatPayer",
    "WechatTicket",
]
