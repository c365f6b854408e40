"""The same job as a Lambda function in Python, as it is usually written: boto3 and requests.

It speaks the Runtime API itself, reads the token from Secrets Manager, follows the cursor, and writes
newline-delimited JSON to S3. The benchmark compares the real handler's cold start and memory with it.
"""

import io
import json
import os
import time
import urllib.request

import boto3
import requests

RUNTIME = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"

s3 = boto3.client("s3")
secrets = boto3.client("secretsmanager")


def handle(event):
    token = secrets.get_secret_value(SecretId=event["secret"])["SecretString"]
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    batch = event["scheduled_time"]
    lines, records, after = io.StringIO(), 0, None
    while True:
        params = {"limit": event["page_size"], **({"after": after} if after else {})}
        response = session.get(event["url"], params=params, timeout=30)
        response.raise_for_status()
        page = response.json()
        for record in page["results"]:
            record["_ingested_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            record["_source_system"] = event["source"]
            record["_batch_id"] = batch
            lines.write(json.dumps(record) + "\n")
            records += 1
        after = page.get("paging", {}).get("next", {}).get("after")
        if not after:
            break
    key = f"{event['source']}/{event['stream']}/{batch}.ndjson"
    s3.put_object(Bucket=event["bucket"], Key=key, Body=lines.getvalue().encode())
    return {"records": records}


def main():
    while True:
        with urllib.request.urlopen(f"{RUNTIME}/next") as invocation:
            request_id = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
            event = json.load(invocation)
        answer = json.dumps(handle(event)).encode()
        urllib.request.urlopen(urllib.request.Request(f"{RUNTIME}/{request_id}/response", data=answer)).close()


main()
