"""moto, on a free loopback port, for as long as somebody holds its standard input.

Prints the port when it listens. It ends when its standard input closes, so it never outlives the tests,
however they end. Two calls that Terraform's provider makes and moto lacks are answered here.
"""

import json
import os
import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

LACKING = {
    "AWSStepFunctions.ValidateStateMachineDefinition": {"result": "OK", "diagnostics": [], "truncated": False},
    "AWSStepFunctions.ListStateMachineVersions": {"stateMachineVersions": []},
}


class WithAnswers:
    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        answer = LACKING.get(environ.get("HTTP_X_AMZ_TARGET"))
        if answer is None:
            return self.application(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.0")])
        return [json.dumps(answer).encode()]


def end_with_input():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
application = WithAnswers(DomainDispatcherApplication(create_backend_app))
server = make_server("127.0.0.1", 0, application, threaded=True)
print(server.port, flush=True)
server.serve_forever()
