"""moto on a free loopback port, which it prints; ends when its standard input closes.

Requests are served one after another: moto checks the conditions of a write and then writes, without a
lock, so that of two conditional writes at once both could succeed. S3 decides such a race atomically.
To the completion of an upload that is gone moto answers 500 with a KeyError; here it is S3's NoSuchUpload.
"""

import os
import sys
import threading

from moto.s3.exceptions import NoSuchUpload
from moto.s3.models import S3Backend
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


complete = S3Backend.complete_multipart_upload


def complete_what_is_there(self, bucket_name, multipart_id, body):
    if multipart_id not in self.get_bucket(bucket_name).multiparts:
        raise NoSuchUpload(upload_id=multipart_id)
    return complete(self, bucket_name, multipart_id, body)


S3Backend.complete_multipart_upload = complete_what_is_there


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


def one_at_a_time(app):
    turn = threading.Lock()

    def serve(environ, start_response):
        with turn:
            return list(app(environ, start_response))

    return serve


def end_with_the_parent():
    sys.stdin.buffer.read()
    os._exit(0)


server = make_server(
    "127.0.0.1",
    0,
    one_at_a_time(DomainDispatcherApplication(create_backend_app)),
    threaded=True,
    request_handler=Quiet,
)
os.environ["MOTO_PORT"] = str(server.server_port)
threading.Thread(target=end_with_the_parent, daemon=True).start()
print(server.server_port, flush=True)
server.serve_forever()
