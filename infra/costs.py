"""What a deployment costs a month: list prices times the counts of `costs.json`, which tests hold against the programs.

    python3 infra/costs.py          # the tables of docs/deploy/costs.md
"""

import json
import pathlib

# US dollars. AWS: us-east-1. Azure: East US. Without free tiers, taxes and what the data itself takes.
AWS = {
    "lambda_gb_second": 0.0000166667,
    "lambda_request": 0.20e-6,
    "state": 25e-6,
    "schedule": 1e-6,
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
    "blob_write": 6.5e-6,
    "blob_read": 0.5e-6,
    "queue_call": 0.04e-6,
    "log_gb": 2.30,
    "alert_rule": 0.50,
    "secret_read": 3e-6,
}

HOURS = 730
# What a run takes where an API answers in half a second: a few pages.
SECONDS = 3
AT_ONCE = 4
STREAMS_OF_A_SOURCE = 10
# Reads of a secret by each event: engines are warm for a while.
SECRET_READS = 1


def aws(counts, streams):
    sources = streams // STREAMS_OF_A_SOURCE
    events, runs, looks = sources * HOURS, streams * HOURS, streams * HOURS
    seconds = events * STREAMS_OF_A_SOURCE / AT_ONCE * SECONDS + HOURS * 5
    return {
        "Lambda, 256 MiB": seconds * 0.25 * AWS["lambda_gb_second"] + (events + HOURS) * AWS["lambda_request"],
        "Step Functions": events * counts["states_per_event"] * AWS["state"],
        "EventBridge Scheduler": (events + HOURS) * AWS["schedule"],
        "S3 requests": runs * (counts["s3_writes_per_run"] * AWS["s3_write"] + counts["s3_reads_per_run"] * AWS["s3_read"])
        + looks * counts["s3_reads_per_look"] * AWS["s3_read"],
        "logs": runs * counts["log_bytes_per_run"] / 1e9 * AWS["log_gb"],
        "alarms, two a stream": (2 * streams + 2) * AWS["alarm"],
        "dashboard": AWS["dashboard"],
        "secrets, one a source": sources * AWS["secret"] + events * SECRET_READS * AWS["secret_read"],
        "key of the topic": AWS["key"],
    }


def azure(counts, streams):
    sources = streams // STREAMS_OF_A_SOURCE
    events, runs, looks = sources * HOURS, streams * HOURS, streams * HOURS
    seconds = events * STREAMS_OF_A_SOURCE / AT_ONCE * SECONDS + HOURS * 5
    return {
        "Functions, 512 MiB": seconds * 0.5 * AZURE["flex_gb_second"] + (events + 2 * HOURS) * AZURE["flex_request"],
        "storage requests": runs
        * (counts["blob_writes_per_run"] * AZURE["blob_write"] + counts["blob_reads_per_run"] * AZURE["blob_read"])
        + looks * counts["blob_reads_per_look"] * AZURE["blob_read"],
        "queue": events * 3 * AZURE["queue_call"],
        "logs": runs * counts["log_bytes_per_run"] / 1e9 * AZURE["log_gb"],
        "alert rules": 2 * AZURE["alert_rule"],
        "secrets": events * SECRET_READS * AZURE["secret_read"],
    }


def table(costs):
    few, many = costs(20), costs(200)
    rows = ["| | 20 streams | 200 streams |", "|---|---|---|"]
    rows += [f"| {name} | ${few[name]:.2f} | ${many[name]:.2f} |" for name in few]
    rows.append(f"| **all** | **${sum(few.values()):.2f}** | **${sum(many.values()):.2f}** |")
    return "\n".join(rows)


def main():
    counts = json.loads(pathlib.Path(__file__).with_suffix(".json").read_text())
    print(table(lambda streams: aws(counts["aws"], streams)))
    print()
    print(table(lambda streams: azure(counts["azure"], streams)))


if __name__ == "__main__":
    main()
