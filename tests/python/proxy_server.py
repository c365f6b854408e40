"""proxy.py on a loopback port, which it prints when it is ready; it ends when its standard input closes.

    python proxy_server.py LOG [USER:PASSWORD]

LOG gets a line for each request that comes past the password: its method, host and port. Names that end in `.test`,
and vaults, are this machine. `status-403.test` is refused with 403, and so on; `once-503.test` with 503 the first time.
"""

import sys

from proxy import Proxy
from proxy.http.exception import HttpRequestRejected
from proxy.http.proxy import HttpProxyBasePlugin

LOG = sys.argv[1]


class Names(HttpProxyBasePlugin):
    seen = set()

    def resolve_dns(self, host, port):
        return ("127.0.0.1" if host.endswith((".test", ".vault.azure.net")) else None), None

    def before_upstream_connection(self, request):
        host = request.host.decode()
        with open(LOG, "a") as log:
            log.write(f"{request.method.decode()} {host}:{request.port}\n")
        kind, _, rest = host.partition("-")
        if kind == "status" or kind == "once" and host not in self.seen:
            self.seen.add(host)
            raise HttpRequestRejected(status_code=int(rest.split(".")[0]), reason=b"No")
        return request


def main():
    options = ["--hostname", "127.0.0.1", "--port", "0", "--num-acceptors", "1", "--num-workers", "1", "--log-level", "CRITICAL"]
    if len(sys.argv) > 2:
        options += ["--basic-auth", sys.argv[2]]
    with Proxy(options, plugins=[Names]) as proxy:
        print(proxy.flags.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
