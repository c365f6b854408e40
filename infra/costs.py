"""What a deployment costs a month: list prices times the counts of `costs.json`, which tests compare with the programs.

    python3 infra/costs.py          # the tables of docs/deploy/costs.md
    python3 infra/costs.py 5000     # those of another number of streams
"""

import json
import pathlib
import sys

# US dollars. AWS: us-east-1. Azure: East US. Without free tiers, taxes and what the data itself takes.
# Looked up on 2026-11-30, in copies of the vendors' pages or pages that quote them, except for those in RECALLED.
AWS = {
    "lambda_gb_second": 0.0000166667,
    "lambda_request": 0.20e-6,
    "state": 25e-6,
    "schedule": 1e-6,
    # PUT, POST and LIST; GET and HEAD.
    "s3_write": 5e-6,
    "s3_read": 0.4e-6,
    "log_gb": 0.50 + 0.03,
    "alarm": 0.10,
    "dashboard": 3.00,
    "secret": 0.40,
    "secret_read": 5e-6,
    "key": 1.00,
}
AZURE = {
    "flex_gb_second": 26e-6,
    "flex_request": 0.40e-6,
    # Of accounts with a hierarchical namespace. A listing has the price of a write.
    "blob_write": 6.5e-6,
    "blob_read": 0.5e-6,
    "queue_call": 0.04e-6,
    "log_gb": 2.30,
    "alert_rule": 0.50,
    "secret_read": 3e-6,
}

# Prices that were not found, and are recalled. Rows that need one are marked.
RECALLED = {"flex_request", "blob_write", "blob_read", "queue_call", "alert_rule"}


class Prices(dict):
    """Prices that remember whether a recalled one was read."""

    recalled = False

    def __getitem__(self, name):
        self.recalled |= name in RECALLED
        return super().__getitem__(name)

    def row(self, name, cost):
        """A row's name, marked where its cost needs a recalled price, and its cost."""
        self.recalled = False
        value = cost(self)
        return (f"{name} (check)" if self.recalled else name), value


HOURS = 730
# What a run takes where an API answers in half a second: a few pages.
SECONDS = 3
AT_ONCE = 4
STREAMS_OF_A_SOURCE = 10
# Reads of a secret by each event: engines are warm for a while.
SECRET_READS = 1


def requests(counts, store, of, prices):
    """What a run or a look pays for the requests of its store."""
    written, read = (
        sum(counts.get(f"{store}_{kind}_per_{of}", 0) for kind in kinds) for kinds in (("writes", "lists"), ("reads",))
    )
    return written * prices[f"{store}_write"] + read * prices[f"{store}_read"]


def aws(counts, streams):
    sources = streams // STREAMS_OF_A_SOURCE
    events, runs, looks = sources * HOURS, streams * HOURS, streams * HOURS
    seconds = events * STREAMS_OF_A_SOURCE / AT_ONCE * SECONDS + HOURS * 5
    rows = {
        "Lambda, 256 MiB": lambda price: seconds * 0.25 * price["lambda_gb_second"] + (events + HOURS) * price["lambda_request"],
        "Step Functions": lambda price: events * counts["states_per_event"] * price["state"],
        "EventBridge Scheduler": lambda price: (events + HOURS) * price["schedule"],
        "S3 requests": lambda price: runs * requests(counts, "s3", "run", price) + looks * requests(counts, "s3", "look", price),
        "logs": lambda price: runs * counts["log_bytes_per_run"] / 1e9 * price["log_gb"],
        "alarms, two a stream": lambda price: (2 * streams + 2) * price["alarm"],
        "dashboard": lambda price: price["dashboard"],
        "secrets, one a source": lambda price: sources * price["secret"] + events * SECRET_READS * price["secret_read"],
        "key of the topic": lambda price: price["key"],
    }
    return dict(Prices(AWS).row(name, cost) for name, cost in rows.items())


def azure(counts, streams):
    sources = streams // STREAMS_OF_A_SOURCE
    events, runs, looks = sources * HOURS, streams * HOURS, streams * HOURS
    seconds = events * STREAMS_OF_A_SOURCE / AT_ONCE * SECONDS + HOURS * 5
    rows = {
        "Functions, 512 MiB": lambda price: seconds * 0.5 * price["flex_gb_second"] + (events + 2 * HOURS) * price["flex_request"],
        "storage requests": lambda price: runs * requests(counts, "blob", "run", price) + looks * requests(counts, "blob", "look", price),
        "queue": lambda price: events * 3 * price["queue_call"],
        "logs": lambda price: runs * counts["log_bytes_per_run"] / 1e9 * price["log_gb"],
        "alert rules": lambda price: 2 * price["alert_rule"],
        "secrets": lambda price: events * SECRET_READS * price["secret_read"],
    }
    return dict(Prices(AZURE).row(name, cost) for name, cost in rows.items())


def table(costs, numbers):
    by_number = [costs(streams) for streams in numbers]
    rows = ["| | " + " | ".join(f"{streams:,} streams" for streams in numbers) + " |", "|---" * (len(numbers) + 1) + "|"]
    rows += [f"| {name} | " + " | ".join(f"${each[name]:,.2f}" for each in by_number) + " |" for name in by_number[0]]
    rows.append("| **all** | " + " | ".join(f"**${sum(each.values()):,.2f}**" for each in by_number) + " |")
    return "\n".join(rows)


def main():
    counts = json.loads(pathlib.Path(__file__).with_suffix(".json").read_text())
    numbers = [int(number) for number in sys.argv[1:]] or [20, 200]
    print(table(lambda streams: aws(counts["aws"], streams), numbers))
    print()
    print(table(lambda streams: azure(counts["azure"], streams), numbers))


if __name__ == "__main__":
    main()
