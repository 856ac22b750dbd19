"""Mails tickets."""

import argparse
import time

from prometheus_client import Counter, Summary, start_http_server

MAILS = Counter("mailer_mails_total", "Mails sent.", ["outcome"])
SENDING = Summary("mailer_sending_seconds", "Time that sending takes.")


@SENDING.time()
def send() -> None:
    """Sends what waits."""
    MAILS.labels("sent").inc()


def main() -> None:
    """Serves metrics and mails."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--metrics-port", type=int, default=9201)
    start_http_server(parser.parse_args().metrics_port)
    MAILS.labels("bounced")
    while True:
        send()
        time.sleep(1.0)


if __name__ == "__main__":
    main()
