"""WeRoBot as its documentation shows it within Flask; SESSIONS=1 keeps sessions in its SQLite storage."""

import os

from flask import Flask
from werobot import WeRoBot
from werobot.contrib.flask import make_view

_HAS_SESSIONS = os.environ.get("SESSIONS") == "1"

if _HAS_SESSIONS:
    from werobot.session.sqlitestorage import SQLiteStorage

    robot = WeRoBot(token="Wechat4go", enable_session=True, session_storage=SQLiteStorage("werobot.sqlite3"))

    @robot.text
    def counted(message, session):
        """Answer, with a session that is read and written."""
        session["n"] = session.get("n", 0) + 1
        return "CA1501 14:05"
else:
    robot = WeRoBot(token="Wechat4go", enable_session=False)

    @robot.text
    def answered(message):
        """Answer."""
        return "CA1501 14:05"


app = Flask(__name__, static_folder=None)
app.add_url_rule("/wechat", "wechat", make_view(robot), methods=["GET", "POST"])
