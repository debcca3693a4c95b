"""Signature V4 with the standard library alone: no line of ours in common with
the client or the emulator."""
import datetime
import hashlib
import hmac
import urllib.parse

import harness

REGION = "eu-central-1"
EMPTY = hashlib.sha256(b"").hexdigest()


def _now():
    return datetime.datetime.now(datetime.timezone.utc).strftime(
        "%Y%m%dT%H%M%SZ")


def _signature(date, service, canonical, secret):
    scope = [date[:8], REGION, service, "aws4_request"]
    text = "\n".join(["AWS4-HMAC-SHA256", date, "/".join(scope),
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in scope:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def presign(host, date=None, expires="60", key_id=harness.KEY_ID,
            secret=harness.SECRET, **params):
    """Path and query of a presigned openTunnel URL, as the AWS CLI makes it.

    expires=None leaves X-Amz-Expires out.
    """
    date = date or _now()
    service = "ec2-instance-connect"
    pairs = [*params.items(), ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
             ("X-Amz-Credential",
              f"{key_id}/{date[:8]}/{REGION}/{service}/aws4_request"),
             ("X-Amz-Date", date),
             *([("X-Amz-Expires", expires)] if expires else []),
             ("X-Amz-SignedHeaders", "host")]
    query = [f"{k}={urllib.parse.quote(v, safe='-._~')}" for k, v in pairs]
    canonical = "\n".join(["GET", "/openTunnel", "&".join(sorted(query)),
                           f"host:{host}", "", "host", EMPTY])
    signature = _signature(date, service, canonical, secret)
    return "/openTunnel?" + "&".join([*query, f"X-Amz-Signature={signature}"])


def post(host, service, content_type, body, target=None, key_id=harness.KEY_ID,
         secret=harness.SECRET):
    """A whole signed POST of @body, as bytes."""
    date = _now()
    headers = {"content-type": content_type, "host": host, "x-amz-date": date}
    if target:
        headers["x-amz-target"] = target
    names = ";".join(headers)
    canonical = "\n".join(
        ["POST", "/", "", *(f"{k}:{v}" for k, v in headers.items()), "", names,
         hashlib.sha256(body).hexdigest()])
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key_id}/{date[:8]}/{REGION}/{service}"
        f"/aws4_request, SignedHeaders={names}, Signature="
        + _signature(date, service, canonical, secret))
    headers["content-length"] = str(len(body))
    head = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    return f"POST / HTTP/1.1\r\n{head}\r\n".encode() + body
