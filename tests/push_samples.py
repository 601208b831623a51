"""A push of each kind, as the platform writes it, with every field that its value has filled in."""

COMMON = (
    "<ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>"
    "<FromUserName><![CDATA[oLVPpjqs9BhvzwPj5A-vTYAX3GLc]]></FromUserName>"
    "<CreateTime>1395658920</CreateTime>"
)
_MSGID = "<MsgId>6349323426230210995</MsgId><MsgDataId>2247</MsgDataId><Idx>1</Idx>"
_VIDEO = "<MediaId><![CDATA[m1]]></MediaId><ThumbMediaId><![CDATA[t1]]></ThumbMediaId>"
_DEVICE = (
    "<DeviceType>d</DeviceType><DeviceID>1</DeviceID><Content>Zm9v</Content><SessionID>9</SessionID>"
    "<OpenID>o</OpenID>"
)
MESSAGES = {
    "text": "<Content><![CDATA[CA1501]]></Content><bizmsgmenuid>101</bizmsgmenuid>",
    "image": "<PicUrl><![CDATA[http://mmbiz.qpic.cn/0]]></PicUrl><MediaId><![CDATA[m1]]></MediaId>",
    "voice": "<MediaId>m1</MediaId><Format>amr</Format><MediaId16K>m2</MediaId16K><Recognition>你好</Recognition>",
    "video": _VIDEO,
    "shortvideo": _VIDEO,
    "location": "<Location_X>23.1</Location_X><Location_Y>113.3</Location_Y><Scale>20</Scale><Label>广州</Label>",
    "link": "<Title>t</Title><Description>d</Description><Url><![CDATA[http://x/?a&b]]></Url>",
    "file": "<Title>t</Title><Description>d</Description><FileKey>k</FileKey><FileMd5>5</FileMd5>"
    "<FileTotalLen>9</FileTotalLen>",
    "miniprogrampage": "<Title>t</Title><AppId>wx1</AppId><PagePath>p</PagePath><ThumbUrl>u</ThumbUrl>"
    "<ThumbMediaId>m</ThumbMediaId>",
    **dict.fromkeys(("device_text", "device_event", "device_status", "hardware"), _DEVICE),
}
_KEY = "<EventKey><![CDATA[6]]></EventKey>"
_SCANNED = f"{_KEY}<ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>1</ScanResult></ScanCodeInfo>"
_PICTURE = "<PicList><item><PicMd5Sum>1b5f</PicMd5Sum></item></PicList>"
_PICTURES = f"{_KEY}<SendPicsInfo><Count>1</Count>{_PICTURE}</SendPicsInfo>"
_PRIVACY = "<OpenID>o</OpenID><AppID>wx1</AppID><RevokeInfo>201</RevokeInfo>"
_VERIFIED, _FAILED = "<ExpiredTime>1</ExpiredTime>", "<FailTime>1</FailTime><FailReason>by time</FailReason>"
_CARD = "<CardId>c</CardId><UserCardCode>1</UserCardCode><OuterStr>o</OuterStr>"
_GIFT = "<PageId>p</PageId><OrderId>1</OrderId><IsChatRoom>true</IsChatRoom><IsReturnBack>true</IsReturnBack>"
_CHOICE = "<TemplateId>T</TemplateId><SubscribeStatusString>accept</SubscribeStatusString>"
EVENTS = {
    "subscribe": "<EventKey><![CDATA[qrscene_7]]></EventKey><Ticket>t</Ticket>",
    "unsubscribe": "<EventKey><![CDATA[]]></EventKey>",
    "SCAN": f"{_KEY}<Ticket>t</Ticket>",
    "LOCATION": "<Latitude>23.1</Latitude><Longitude>113.3</Longitude><Precision>119.3</Precision>",
    "CLICK": _KEY,
    **dict.fromkeys(("VIEW", "view_miniprogram"), f"{_KEY}<MenuId>53</MenuId>"),
    **dict.fromkeys(("scancode_push", "scancode_waitmsg"), _SCANNED),
    **dict.fromkeys(("pic_sysphoto", "pic_photo_or_album", "pic_weixin"), _PICTURES),
    "location_select": f"{_KEY}<SendLocationInfo><Location_X>23</Location_X><Location_Y>113</Location_Y>"
    "<Scale>15</Scale><Label>广州</Label><Poiname>塔</Poiname></SendLocationInfo>",
    **dict.fromkeys(("kf_create_session", "kf_close_session"), "<KfAccount>a@x</KfAccount>"),
    "kf_switch_session": "<FromKfAccount>a@x</FromKfAccount><ToKfAccount>b@x</ToKfAccount>",
    "TEMPLATESENDJOBFINISH": "<MsgID>20</MsgID><Status><![CDATA[failed:user block]]></Status>",
    "MASSSENDJOBFINISH": "<MsgID>20</MsgID><Status><![CDATA[err(20013)]]></Status><TotalCount>4</TotalCount>"
    "<FilterCount>3</FilterCount><SentCount>2</SentCount><ErrorCount>1</ErrorCount>"
    "<CopyrightCheckResult><Count>1</Count><ResultList><item><ArticleIdx>1</ArticleIdx>"
    "<UserDeclareState>1</UserDeclareState><AuditState>2</AuditState><OriginalArticleUrl>u</OriginalArticleUrl>"
    "<OriginalArticleType>1</OriginalArticleType><CanReprint>1</CanReprint><NeedReplaceContent>1</NeedReplaceContent>"
    "<NeedShowReprintSource>1</NeedShowReprintSource></item></ResultList><CheckState>2</CheckState>"
    "</CopyrightCheckResult><ArticleUrlResult><Count>1</Count><ResultList><item><ArticleIdx>1</ArticleIdx>"
    "<ArticleUrl>u</ArticleUrl></item></ResultList></ArticleUrlResult>",
    "PUBLISHJOBFINISH": "<PublishEventInfo><publish_id>1</publish_id><publish_status>2</publish_status>"
    "<article_id>a</article_id><article_detail><count>1</count><item><idx>1</idx><article_url>u</article_url></item>"
    "</article_detail><fail_idx>2</fail_idx></PublishEventInfo>",
    "subscribe_msg_popup_event": f"<SubscribeMsgPopupEvent><List>{_CHOICE}<PopupScene>1</PopupScene></List>"
    "</SubscribeMsgPopupEvent>",
    "subscribe_msg_change_event": f"<SubscribeMsgChangeEvent><List>{_CHOICE}</List></SubscribeMsgChangeEvent>",
    "subscribe_msg_sent_event": "<SubscribeMsgSentEvent><List><TemplateId>T</TemplateId><MsgID>20</MsgID>"
    "<ErrorCode>0</ErrorCode><ErrorStatus>success</ErrorStatus></List></SubscribeMsgSentEvent>",
    **dict.fromkeys(
        ("user_info_modified", "user_authorization_revoke", "user_authorization_cancellation"), _PRIVACY
    ),
    **dict.fromkeys(
        ("qualification_verify_success", "naming_verify_success", "annual_renew", "verify_expired"), _VERIFIED
    ),
    **dict.fromkeys(("qualification_verify_fail", "naming_verify_fail"), _FAILED),
    **dict.fromkeys(("card_pass_check", "card_not_pass_check"), "<CardId>c</CardId><RefuseReason>r</RefuseReason>"),
    "user_get_card": f"{_CARD}<IsGiveByFriend>1</IsGiveByFriend><FriendUserName>f</FriendUserName>"
    "<OldUserCardCode>0</OldUserCardCode><OuterId>1</OuterId><IsRestoreMemberCard>1</IsRestoreMemberCard>"
    "<IsRecommendByFriend>1</IsRecommendByFriend><UnionId>u</UnionId>",
    "user_gifting_card": f"{_CARD}<IsReturnBack>1</IsReturnBack><FriendUserName>f</FriendUserName>"
    "<IsChatRoom>1</IsChatRoom>",
    **dict.fromkeys(
        ("user_del_card", "user_view_card", "user_enter_session_from_card", "submit_membercard_user_info"), _CARD
    ),
    "user_consume_card": f"{_CARD}<ConsumeSource>FROM_API</ConsumeSource><LocationName>l</LocationName>"
    "<StaffOpenId>s</StaffOpenId><VerifyCode>v</VerifyCode><RemarkAmount>r</RemarkAmount>",
    "user_pay_from_pay_cell": f"{_CARD}<TransId>1</TransId><LocationId>2</LocationId><Fee>100</Fee>"
    "<OriginalFee>200</OriginalFee>",
    "update_member_card": f"{_CARD}<ModifyBonus>-3</ModifyBonus><ModifyBalance>4</ModifyBalance>",
    "card_sku_remind": "<CardId>c</CardId><Detail>d</Detail>",
    "card_pay_order": "<OrderId>1</OrderId><Status>s</Status><CreateOrderTime>1</CreateOrderTime>"
    "<PayFinishTime>2</PayFinishTime><Desc>d</Desc><FreeCoinCount>1</FreeCoinCount><PayCoinCount>2</PayCoinCount>"
    "<RefundFreeCoinCount>3</RefundFreeCoinCount><RefundPayCoinCount>4</RefundPayCoinCount>"
    "<OrderType>t</OrderType><Memo>m</Memo><ReceiptInfo>r</ReceiptInfo>",
    "merchant_order": "<OrderId>1</OrderId><OrderStatus>2</OrderStatus><ProductId>p</ProductId>"
    "<SkuInfo>s</SkuInfo>",
    **dict.fromkeys(("giftcard_pay_done", "giftcard_send_to_friend", "giftcard_user_accept"), _GIFT),
    "user_authorize_invoice": "<SuccOrderId>1</SuccOrderId><FailOrderId>2</FailOrderId>"
    "<AuthorizeAppId>wx1</AuthorizeAppId><Source>web</Source>",
    "poi_check_notify": "<UniqId>1</UniqId><PoiId>2</PoiId><Result>succ</Result><msg>m</msg>",
    "ENTER": "",
}


def message(msgtype: str, inner: str | None = None) -> bytes:
    """Return a message as it is pushed, of its sample unless other elements are given."""
    body = MESSAGES[msgtype] if inner is None else inner
    return f"<xml>{COMMON}<MsgType><![CDATA[{msgtype}]]></MsgType>{body}{_MSGID}</xml>".encode()


def event(name: str, inner: str | None = None) -> bytes:
    """Return an event as it is pushed, of its sample unless other elements are given."""
    body = EVENTS[name] if inner is None else inner
    return f"<xml>{COMMON}<MsgType>event</MsgType><Event><![CDATA[{name}]]></Event>{body}</xml>".encode()
