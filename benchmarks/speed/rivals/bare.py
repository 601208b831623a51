"""The least there can be: a Flask view that answers the same bytes."""

from flask import Flask, Response, request

app = Flask(__name__, static_folder=None)
_REPLY = (
    "<xml><ToUserName><![CDATA[oUser]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName>"
    "<CreateTime>1800000000</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[CA1501 14:05]]></Content></xml>"
)


@app.post("/wechat")
def receive() -> Response:
    """Read the push, and answer."""
    request.get_data()
    return Response(_REPLY, content_type="text/xml; charset=utf-8")
