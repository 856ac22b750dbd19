"""What flask-prom exposes as it comes."""

import flask_prom
from flask import Flask

app = Flask("shop")
flask_prom.monitor(app)
