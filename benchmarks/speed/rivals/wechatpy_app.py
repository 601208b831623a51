"""wechatpy as its documentation shows it within Flask; nothing is stored."""

from flask import Flask, Response, abort, request
from wechatpy import create_reply, parse_message
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.utils import check_signature

app = Flask(__name__, static_folder=None)


@app.post("/wechat")
def receive():
    """Verify, parse, answer."""
    args = request.args
    try:
        check_signature("Wechat4go", args.get("signature", ""), args.get("timestamp", ""), args.get("nonce", ""))
    except InvalidSignatureException:
        abort(403)
    reply = create_reply("CA1501 14:05", parse_message(request.data))
    return Response(reply.render(), content_type="text/xml; charset=utf-8")
