"""The collector asks its requester for the limits of an account: here a table answers."""

import argparse

import dotmap
from github_rate_limits_exporter import collector

names = ["core", "search", "graphql", "integration_manifest", "code_scanning_upload"]
limit = {"limit": 60, "remaining": 59, "reset": 1, "used": 1}
table = dotmap.DotMap({"resources": {name: limit for name in names}})
queue = argparse.Namespace(put=lambda ask: ask)
collector.GithubRateLimitsRequester = lambda args: argparse.Namespace(get_rate_limits=lambda: table)
made = collector.GithubRateLimitsCollector(argparse.Namespace(github_account="someone"), queue)
list(made.collect())
