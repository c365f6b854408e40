"""moto on a loopback port, which it prints when it is ready; it ends when its standard input closes.

    python moto_server.py [--port N]          0, the default, is a free port

Beyond moto: the two calls of Step Functions that Terraform's provider makes and moto lacks are answered, and
requests are served one after another. moto checks the condition of a write and then writes, without a lock,
so that of two conditional writes at once both could succeed; S3 decides such a race atomically. To the
completion of an upload that is gone moto answers 500 with a KeyError; here it is S3's NoSuchUpload. To moto each canned
answer of a function is a success; here one with an errorType is a failure, as Lambda tells it. An object whose metadata
`names` is a file's path is there under each name in that file, one a line, as well.
"""

import argparse
import json
import os
import pathlib
import sys
import threading

from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.s3.exceptions import NoSuchUpload
from moto.s3.models import S3Backend, s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

ACCOUNT = "123456789012"
MISSING = {
    "AWSStepFunctions.ValidateStateMachineDefinition": {"result": "OK", "diagnostics": [], "truncated": False},
    "AWSStepFunctions.ListStateMachineVersions": {"stateMachineVersions": []},
}


complete = S3Backend.complete_multipart_upload


def complete_what_is_there(self, bucket_name, multipart_id, body):
    if multipart_id not in self.get_bucket(bucket_name).multiparts:
        raise NoSuchUpload(upload_id=multipart_id)
    return complete(self, bucket_name, multipart_id, body)


S3Backend.complete_multipart_upload = complete_what_is_there

invoke = LambdaSimpleBackend.invoke


def invoke_and_tell_failures(self, function_name, qualifier, body, headers, response_headers):
    answer = invoke(self, function_name, qualifier, body, headers, response_headers)
    if "errorType" in json.loads(answer):
        response_headers["x-amz-function-error"] = "Unhandled"
    return answer


LambdaSimpleBackend.invoke = invoke_and_tell_failures


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


def put_as_each(names, path, answer):
    bucket, key = path.removeprefix("/").split("/", 1)
    s3 = s3_backends[ACCOUNT]["aws"]
    content = s3.get_object(bucket, key).value
    for name in pathlib.Path(names).read_text().split():
        s3.put_object(bucket, name, content, disable_notification=True)
    return answer


def with_what_moto_lacks(app):
    def serve(environ, start_response):
        # S3 refuses every call to a bucket of another account than the one that is expected.
        if environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER", ACCOUNT) != ACCOUNT:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"]
        if names := environ.get("HTTP_X_AMZ_META_NAMES"):
            return put_as_each(names, environ["PATH_INFO"], list(app(environ, start_response)))
        answer = MISSING.get(environ.get("HTTP_X_AMZ_TARGET"))
        if answer is None:
            return app(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.0")])
        return [json.dumps(answer).encode()]

    return serve


def one_at_a_time(app):
    turn = threading.Lock()

    def serve(environ, start_response):
        with turn:
            return list(app(environ, start_response))

    return serve


def end_with_the_parent():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    port = parser.parse_args().port
    app = one_at_a_time(with_what_moto_lacks(DomainDispatcherApplication(create_backend_app)))
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    os.environ["MOTO_PORT"] = str(server.server_port)
    threading.Thread(target=end_with_the_parent, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
