"""The desk: sends orders, asks for quotes, throws the switch, and is the venue whose feed market data reads.

What it does makes every child that the code can make, so that what is stored is all that can be.
"""

import asyncio
import json
import os
import urllib.error
import urllib.request

import websockets

ADDRESSES = json.loads(os.environ["PROVE_ADDRESSES"])
ORDER = {
    "client": "c-1", "book": "EQ-US", "venue": "XNYS", "symbol": "INITECH", "side": "buy", "quantity": 10,
    "limit_price": 12.5,
}


def ask(workload, method, path, body=None):
    for namespace, suffix in (("trading", ""), ("research", "-research")):
        address = ADDRESSES[f"Deployment {namespace}/{workload}{suffix}"]
        request = urllib.request.Request(
            f"http://{address}:8080{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        try:
            urllib.request.urlopen(request, timeout=5).read()
        except OSError:
            # Refused orders are wanted, and so is the next round where a service is not there yet.
            pass


def work():
    ask("order-management", "POST", "/orders", ORDER)
    ask("order-management", "DELETE", "/orders/1")
    ask("order-management", "POST", "/orders", ORDER | {"symbol": "ACME"})
    ask("order-management", "POST", "/orders", ORDER | {"quantity": 10_000_000})
    ask("order-management", "POST", "/orders", ORDER | {"venue": "nowhere"})
    ask("policy", "POST", "/decisions", ORDER)
    ask("policy", "POST", "/decisions", ORDER | {"quantity": 7})
    ask("risk", "POST", "/checks", ORDER)
    ask("risk", "POST", "/checks", ORDER | {"quantity": 10_000_000})
    ask("pricing", "GET", "/quotes/option?spot=100")
    ask("kill-switch", "POST", "/engage/desk")
    ask("kill-switch", "POST", "/release/desk")


async def feed(connection):
    symbols = json.loads(await connection.recv())["subscribe"]
    sequence = 0
    while True:
        for symbol in symbols:
            sequence += 1
            await connection.send(json.dumps({"sequence": sequence, "symbol": symbol, "price": 10.0}))
        await asyncio.sleep(0.5)


async def main():
    async with websockets.serve(feed, os.environ["PROVE_DRIVER"], 9443):
        while True:
            await asyncio.to_thread(work)
            await asyncio.sleep(1)


asyncio.run(main())
