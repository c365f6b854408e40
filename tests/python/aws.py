"""`aws SERVICE OPERATION --name value …`, as far as the commands of the modules' outputs need it.

The options are those that botocore knows of the operation, as in the AWS command line. `file://` reads a file.
"""

import os
import sys
from pathlib import Path

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError


def main():
    service, operation, *rest = sys.argv[1:]
    client = boto3.client(service, region_name=os.environ["AWS_REGION"])
    method = operation.replace("-", "_")
    known = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape.members
    names = {xform_name(name, "-"): name for name in known}
    arguments = {}
    for option, value in zip(rest[::2], rest[1::2], strict=True):
        text = Path(value.removeprefix("file://")).read_text() if value.startswith("file://") else value
        arguments[names[option.removeprefix("--")]] = text
    try:
        getattr(client, method)(**arguments)
    except ClientError as error:
        sys.exit(f"aws: {error}")


if __name__ == "__main__":
    main()
