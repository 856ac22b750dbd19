"""Buys tickets of each kind and of one that makes the shop fail, and brings one back, over and over."""

import json
import os
import time
import urllib.request

SHOP = json.loads(os.environ["PROVE_ADDRESSES"])["service shop"]

while True:
    for method, kind in (("POST", "day"), ("POST", "year"), ("POST", "unheard-of"), ("DELETE", "day")):
        try:
            request = urllib.request.Request(f"http://{SHOP}:8000/tickets/{kind}", method=method)
            urllib.request.urlopen(request, timeout=5).read()
        except OSError:
            pass  # not there yet
    time.sleep(1)
