"""An API that lets in signed requests alone, on a loopback port, which it prints when it is ready; it ends when its
standard input closes. Each signature is checked by its vendor's or the field's own library: oauthlib, botocore, PyJWT.

    python signed_api.py
    python signed_api.py CERTIFICATE KEY AUTHORITY demanded|optional    over TLS, with certificates of the client

/oauth1/items     OAuth 1.0a, HMAC-SHA256 or HMAC-SHA1, with the realm "4711"; the fields of a form are signed, and have the page
/sigv4/items      AWS Signature Version 4 for the service execute-api in eu-central-1
/token, /items    a token for a client assertion (private_key_jwt) by the keys that a PUT to /keys gave
/login, /session  a session of two cookies, of which each answer replaces one
/certified        says in "peer" whom the client's certificate names; its next page is the URL in the parameter "next"

Each list has three pages of two records, by `page`; a page says in "peer" what it was let in by.
"""

import json
import socket
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import jwt
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from oauthlib.oauth1.rfc5849 import signature as oauth1

KEYS = {}
SESSIONS = {"number": 0, "current": None}
SEEN_IDS = set()


def is_form(handler):
    media_type = handler.headers.get("Content-Type", "").split(";")[0].strip().lower()
    return media_type == "application/x-www-form-urlencoded"


def oauth1_fault(handler, form):
    header = handler.headers.get("Authorization", "")
    if not header.startswith('OAuth realm="4711", '):
        return "no realm"
    given = dict(oauth1.collect_parameters(headers={"Authorization": header}, exclude_oauth_signature=False, with_realm=False))
    url = f"http://{handler.headers['Host']}{handler.path}"
    params = oauth1.collect_parameters(
        uri_query=urlsplit(handler.path).query,
        body=form,
        headers={"Authorization": header},
        exclude_oauth_signature=True,
    )
    base = oauth1.signature_base_string(
        handler.command, oauth1.base_string_uri(url), oauth1.normalize_parameters(params)
    )
    client = type("Client", (), {"client_secret": "consumer secret/+", "resource_owner_secret": "token&secret"})
    method = given["oauth_signature_method"]
    if method == "HMAC-SHA256":
        expected = oauth1.sign_hmac_sha256_with_client(base, client)
    elif method == "HMAC-SHA1":
        expected = oauth1.sign_hmac_sha1_with_client(base, client)
    else:
        return f"the method {method}"
    if (given["oauth_consumer_key"], given["oauth_token"]) != ("consumer key", "token"):
        return "other keys"
    if given["oauth_nonce"] in SEEN_IDS:
        return "a nonce again"
    SEEN_IDS.add(given["oauth_nonce"])
    return None if given["oauth_signature"] == expected else f"not the signature of {base}"


def sigv4_fault(handler, body):
    header = handler.headers.get("Authorization", "")
    parts = dict(part.strip().split("=", 1) for part in header.removeprefix("AWS4-HMAC-SHA256 ").split(","))
    signed = parts["SignedHeaders"].split(";")
    parts_of = urlsplit(handler.path)
    # AWS decodes the query and encodes it again; botocore takes it as it is.
    pairs = parse_qsl(parts_of.query, keep_blank_values=True)
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
    request = AWSRequest(
        method=handler.command,
        url=f"http://{handler.headers['Host']}{parts_of.path}?{query}",
        data=body,
        headers={name: handler.headers[name] for name in signed if name != "host"},
    )
    request.context["timestamp"] = handler.headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials("AKIDEXAMPLE", "secret/key", "session-token"), "execute-api", "eu-central-1")
    canonical = signer.canonical_request(request)
    text = signer.string_to_sign(request, canonical)
    scope = f"AKIDEXAMPLE/{handler.headers['X-Amz-Date'][:8]}/eu-central-1/execute-api/aws4_request"
    if parts["Credential"] != scope or handler.headers.get("X-Amz-Security-Token") != "session-token":
        return f"other credentials: {parts['Credential']}"
    return None if signer.signature(text, request) == parts["Signature"] else f"not the signature of {canonical}"


def assertion_fault(form, url):
    if form.get("grant_type") != "client_credentials" or "client_secret" in form:
        return "another grant"
    if form.get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
        return "no assertion"
    header = jwt.get_unverified_header(form["client_assertion"])
    if header.get("kid") != "k1" or header.get("x5t#S256") != KEYS.get("thumbprint"):
        return f"the header {header}"
    claims = jwt.decode(
        form["client_assertion"],
        KEYS["public"],
        algorithms=[KEYS["algorithm"]],
        audience=url,
        issuer="client-7",
        options={"require": ["exp", "iat", "nbf", "jti", "sub"]},
    )
    if claims["sub"] != "client-7" or claims["jti"] in SEEN_IDS or claims["exp"] - claims["iat"] > 300:
        return f"the claims {claims}"
    SEEN_IDS.add(claims["jti"])
    return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        if isinstance(self.request, ssl.SSLSocket):
            try:
                self.request.do_handshake()
            except OSError as error:
                # What the client has sent by then is read: else the kernel would reset the connection, and the client
                # might not see why.
                with socket.socket(fileno=self.request.detach()) as plain:
                    plain.shutdown(socket.SHUT_WR)
                    while plain.recv(1 << 16):
                        pass
                raise ConnectionError from error
        super().setup()

    def log_message(self, *args):
        pass

    def answer(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers]:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def page(self, peer, headers=(), form=""):
        page = int(parse_qs(urlsplit(self.path).query + "&" + form).get("page", ["1"])[0])
        records = [{"id": 2 * page + nth, "peer": peer} for nth in range(2)] if page <= 3 else []
        self.answer(200, {"results": records, "pages": 3}, headers)

    def certified(self):
        names = (self.connection.getpeercert() or {}).get("subject", ())
        peer = next((value for pairs in names for name, value in pairs if name == "commonName"), None)
        following = parse_qs(urlsplit(self.path).query).get("next", [None])[0]
        self.answer(200, {"results": [{"peer": peer, "port": self.server.server_port}], "next": following})

    def cookies(self):
        text = self.headers.get("Cookie", "")
        return dict(pair.split("=", 1) for pair in text.split("; ") if "=" in pair)

    def session(self):
        """A session's cookies, of which the second is another after each answer."""
        SESSIONS["number"] += 1
        SESSIONS["current"] = {"JSESSIONID": "session-one", "rotating": f"value-{SESSIONS['number']}"}
        path = "; Path=/; HttpOnly"
        return [("Set-Cookie", f"{name}={value}{path}") for name, value in SESSIONS["current"].items()]

    def do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        fault = None
        try:
            if path == "/keys":
                KEYS.clear()
                KEYS.update(json.loads(body))
                return self.answer(200, {})
            if path == "/oauth1/items":
                form = body.decode() if is_form(self) else ""
                fault = oauth1_fault(self, form)
                if not fault:
                    return self.page("oauthlib", form=form)
            if path == "/sigv4/items":
                fault = sigv4_fault(self, body)
                if not fault:
                    return self.page("botocore")
            if path == "/token":
                fault = assertion_fault(dict(parse_qsl(body.decode())), f"http://{self.headers['Host']}/token")
                if not fault:
                    return self.answer(200, {"access_token": "by-assertion", "expires_in": 60})
            if path == "/items" and self.headers.get("Authorization") == "Bearer by-assertion":
                return self.page("PyJWT")
            if path == "/certified":
                return self.certified()
            if path == "/prefixed" and self.headers.get("Authorization") == "Token the-key":
                return self.page("prefix")
            if path == "/login" and json.loads(body) == {"password": "the-password"}:
                return self.answer(200, {"ok": True}, self.session())
            if path == "/session" and self.cookies() == SESSIONS["current"]:
                return self.page("cookies", self.session()[1:])
        except Exception as error:  # what a client sends decides what is raised
            fault = repr(error)
        self.answer(401, {"error": fault or "refused"})

    do_GET = do_POST = do_PUT = do


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) == 5:
    certificate, key, authority, wish = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_REQUIRED if wish == "demanded" else ssl.CERT_OPTIONAL
    # Each connection shakes hands in a thread of its own.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
