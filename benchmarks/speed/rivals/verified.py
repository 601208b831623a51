"""What an article shows: the signature is checked, the XML parsed, nothing is stored."""

import hashlib
import hmac

from flask import Flask, Response, abort, request
from lxml import etree

app = Flask(__name__, static_folder=None)
_TOKEN = "Wechat4go"


@app.post("/wechat")
def receive() -> Response:
    """Verify, parse, answer."""
    args = request.args
    parts = sorted([_TOKEN, args["timestamp"], args["nonce"]])
    expected = hashlib.sha1("".join(parts).encode()).hexdigest()  # noqa: S324  # the platform's
    if not hmac.compare_digest(expected, args["signature"]):
        abort(403)
    push = etree.fromstring(request.get_data(), etree.XMLParser(resolve_entities=False))
    reply = (
        f"<xml><ToUserName><![CDATA[{push.findtext('FromUserName')}]]></ToUserName>"
        f"<FromUserName><![CDATA[{push.findtext('ToUserName')}]]></FromUserName>"
        "<CreateTime>1800000000</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        "<Content><![CDATA[CA1501 14:05]]></Content></xml>"
    )
    return Response(reply, content_type="text/xml; charset=utf-8")
