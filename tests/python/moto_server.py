"""moto on a loopback port, which it prints when it is ready; it ends when its standard input closes.

    python moto_server.py [--port N]          0, the default, is a free port

Beyond moto: the two calls of Step Functions that Terraform's provider makes and moto lacks are answered, a canned
result of Lambda can be a failure (`{"errorType": …}`), and requests are served one after another. moto checks the condition of a write and then writes, without a lock,
so that of two conditional writes at once both could succeed; S3 decides such a race atomically.
"""

import argparse
import json
import os
import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

MISSING = {
    "AWSStepFunctions.ValidateStateMachineDefinition": {"result": "OK", "diagnostics": [], "truncated": False},
    "AWSStepFunctions.ListStateMachineVersions": {"stateMachineVersions": []},
}


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


def with_what_moto_lacks(app):
    def serve(environ, start_response):
        answer = MISSING.get(environ.get("HTTP_X_AMZ_TARGET"))
        if answer is None:
            return app(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.0")])
        return [json.dumps(answer).encode()]

    return serve


def with_failing_functions(app):
    """A canned result with an errorType is a function's failure, which Lambda says in a header."""

    def serve(environ, start_response):
        if not environ["PATH_INFO"].endswith("/invocations"):
            return app(environ, start_response)
        begun = []
        body = b"".join(app(environ, lambda *begin: begun.append(begin)))
        status, headers = begun[0][:2]
        try:
            failed = "errorType" in json.loads(body)
        except (ValueError, TypeError):
            failed = False
        start_response(status, [*headers, ("X-Amz-Function-Error", "Unhandled")] if failed else headers)
        return [body]

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
    app = one_at_a_time(with_failing_functions(with_what_moto_lacks(DomainDispatcherApplication(create_backend_app))))
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    os.environ["MOTO_PORT"] = str(server.server_port)
    threading.Thread(target=end_with_the_parent, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
