"""Cards, coupons, gift cards, invoices and the old shop, as typed values.

Amounts are cents. Flags are numbers, 0 or 1. Source: docs/platform.md §2.3.
"""

from dataclasses import dataclass

from wxbot.protocol.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CardEvent(Event):
    """Something happened to a card; `UserCardCode` is the one of this user."""

    CardId: str = ""
    UserCardCode: str = ""
    OuterStr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCheckEvent(Event):
    """A card was audited; `RefuseReason` says why it did not pass."""

    CardId: str = ""
    RefuseReason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGetCardEvent(CardEvent):
    """A user took a card, or was given it by the friend `FriendUserName`."""

    IsGiveByFriend: int = 0
    FriendUserName: str = ""
    OldUserCardCode: str = ""
    OuterId: str = ""
    IsRestoreMemberCard: int = 0
    IsRecommendByFriend: int = 0
    UnionId: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGiftingCardEvent(CardEvent):
    """A user gave a card away; with `IsReturnBack` it came back."""

    IsReturnBack: int = 0
    FriendUserName: str = ""
    IsChatRoom: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UserConsumeCardEvent(CardEvent):
    """A card was used; `StaffOpenId` did it at `LocationName`."""

    ConsumeSource: str = ""
    LocationName: str = ""
    StaffOpenId: str = ""
    VerifyCode: str = ""
    RemarkAmount: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPayFromPayCellEvent(CardEvent):
    """A user paid in a store with a card; `Fee` of `OriginalFee` cents."""

    TransId: str = ""
    LocationId: str = ""
    Fee: int = 0
    OriginalFee: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateMemberCardEvent(CardEvent):
    """Points or balance of a member changed, by so much."""

    ModifyBonus: int = 0
    ModifyBalance: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSkuRemindEvent(Event):
    """A card is nearly used up."""

    CardId: str = ""
    Detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPayOrderEvent(Event):
    """Coins for cards were paid or given back; times are Unix seconds."""

    OrderId: str = ""
    Status: str = ""
    CreateOrderTime: int = 0
    PayFinishTime: int = 0
    Desc: str = ""
    FreeCoinCount: str = ""
    PayCoinCount: str = ""
    RefundFreeCoinCount: str = ""
    RefundPayCoinCount: str = ""
    OrderType: str = ""
    Memo: str = ""
    ReceiptInfo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantOrderEvent(Event):
    """An order of the old WeChat shop was paid."""

    OrderId: str = ""
    OrderStatus: int = 0
    ProductId: str = ""
    SkuInfo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftCardEvent(Event):
    """A gift card was bought, given or accepted."""

    PageId: str = ""
    OrderId: str = ""
    IsChatRoom: str = ""
    IsReturnBack: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceEvent(Event):
    """A user let us put an invoice into their cards, or refused."""

    SuccOrderId: str = ""
    FailOrderId: str = ""
    AuthorizeAppId: str = ""
    Source: str = ""
