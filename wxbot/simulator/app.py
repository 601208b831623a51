"""The simulator as one Flask app: the platform's API, the control routes and the page."""

from flask import Blueprint, Flask, Response
from flask.json.provider import DefaultJSONProvider

from wxbot.simulator import (
    account_api,
    kf_api,
    media_api,
    menu_api,
    message_api,
    people_api,
    template_api,
    token_api,
)
from wxbot.simulator.calls import add_interface, json_response, play_faults_and_record
from wxbot.simulator.config import SimulatorConfig
from wxbot.simulator.control import control
from wxbot.simulator.errcodes import refusal
from wxbot.simulator.page import page
from wxbot.simulator.state import World
from wxbot.simulator.timeline import MovableClock
from wxbot.simulator.user_side import UserSide

__all__ = ["SimulatorConfig", "create_simulator"]

_LARGEST = 16 * 1024 * 1024  # bytes of one request; the largest upload is 10 MB


class _PlainJson(DefaultJSONProvider):
    """Keys in their order and text readable, for people who look with curl."""

    ensure_ascii = False
    sort_keys = False


def create_simulator(config: SimulatorConfig, clock: MovableClock) -> Flask:
    """Return one simulated platform. Raises SettingsError when its settings or saved state are wrong."""
    world = World(config, clock)
    user_side = UserSide(world)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST
    app.json = _PlainJson(app)
    app.register_blueprint(_platform(world, user_side))
    app.register_blueprint(control(world, user_side))
    app.register_blueprint(page(world))
    return app


def _platform(world: World, user_side: UserSide) -> Blueprint:
    platform = Blueprint("platform", __name__)
    play_faults_and_record(platform, world)
    apis = [
        message_api.interfaces(user_side),
        kf_api.interfaces(user_side),
        *(api.INTERFACES for api in (token_api, account_api, people_api, menu_api, media_api, template_api)),
    ]
    for interface in (one for api in apis for one in api):
        add_interface(platform, world, interface)

    @platform.route("/cgi-bin/<path:_path>", methods=["GET", "POST"])
    def _unknown(_path: str) -> Response:
        return json_response(refusal(40066, world.now()))

    return platform
