"""Who of the members is whom at WeChat."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import masking
from mingchi.members.models.member import Member, MemberToken


class WechatIdentity(models.Model):
    """Somebody at one app of ours at WeChat. The openid is personal data: shown masked."""

    app_id = models.CharField(_("app at WeChat"), max_length=32)
    openid = models.CharField("openid", max_length=64)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.app_id} {self.masked_openid}"

    @property
    def masked_openid(self) -> str:
        """As pages, lists and logs may show it."""
        return masking.openid(self.openid)


class WechatBinding(WechatIdentity):
    """An identity at WeChat that is a member's: who has it signs in as this member."""

    member = models.ForeignKey(
        Member, models.CASCADE, related_name="wechat_bindings", verbose_name=_("member")
    )
    unionid = models.CharField("unionid", max_length=64, blank=True)
    bound_at = models.DateTimeField(_("bound"))

    class Meta:
        verbose_name = _("WeChat binding")
        verbose_name_plural = _("WeChat bindings")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["app_id", "openid"], name="wechat_openid_one_member"),
            models.UniqueConstraint(fields=["app_id", "member"], name="wechat_member_one_openid"),
        ]


class WechatTicket(WechatIdentity):
    """An identity that WeChat has confirmed and that is nobody's yet, for whoever holds the
    ticket; good once. The ticket itself does not stand here, only its digest."""

    digest = models.CharField(_("digest"), max_length=64, primary_key=True)
    unionid = models.CharField("unionid", max_length=64, blank=True)
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        verbose_name = _("WeChat ticket")
        verbose_name_plural = _("WeChat tickets")


class WechatPayer(WechatIdentity):
    """Who pays on the device of one sign-in, as WeChat has confirmed it: it may be somebody else
    than the member, and it binds nobody."""

    session = models.ForeignKey(
        MemberToken, models.CASCADE, related_name="wechat_payers", verbose_name=_("sign-in")
    )

    class Meta:
        verbose_name = _("WeChat payer")
        verbose_name_plural = _("WeChat payers")
        constraints = [
            models.UniqueConstraint(fields=["session", "app_id"], name="wechat_payer_one_a_sign_in")
        ]
