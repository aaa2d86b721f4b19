"""The hostile corpus: bodies, packed bodies, and values of paths and queries, that nobody honest sends."""

import gzip
import hashlib
import io
import json
import zipfile
import zlib

from backports import zstd

PLAIN = json.dumps({"type": "track", "event": "x", "userId": "hostile"}).encode()
DEEP = 100_000
BODIES = {
    "nothing": b"",
    "a NUL": b"\0",
    "one brace": b"{",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1e400",
    "a text": b'"x"',
    "BOM": b"\xef\xbb\xbf" + PLAIN,
    "UTF-16": PLAIN.decode().encode("utf-16"),
    "UTF-32": PLAIN.decode().encode("utf-32"),
    "Latin-1": PLAIN.replace(b'"x"', b'"\xe9"'),
    "overlong UTF-8": PLAIN.replace(b'"x"', b'"\xc0\x80"'),
    "a surrogate in UTF-8": PLAIN.replace(b'"x"', b'"\xed\xa0\x80"'),
    "a raw NUL": PLAIN.replace(b'"x"', b'"\0"'),
    "an escaped NUL": PLAIN.replace(b'"x"', rb'"\u0000"'),
    "a NUL in a key": PLAIN.replace(b'"type"', rb'"\u0000"'),
    "half a pair": PLAIN.replace(b'"x"', rb'"\ud800"'),
    "half a pair as the key": PLAIN.replace(b'"type"', rb'"writeKey":"\udfff","type"'),
    "NaN": PLAIN.replace(b'"x"', b"NaN"),
    "Infinity": PLAIN.replace(b'"x"', b"-Infinity"),
    "1e400": PLAIN.replace(b'"x"', b'"x","properties":{"x":1e400}'),
    "1e131071": PLAIN.replace(b'"x"', b'"x","properties":{"x":1e131071}'),
    "2^64": PLAIN.replace(b'"x"', b'"x","properties":{"x":18446744073709551616}'),
    "100,000 digits": PLAIN.replace(b'"x"', b'"x","properties":{"x":' + b"9" * 100_000 + b"}"),
    "lists in lists": PLAIN.replace(b'"x"', b"[" * DEEP + b"]" * DEEP),
    "objects in objects": PLAIN.replace(b'"x"', b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "open brackets": b"[" * DEEP,
    "open braces": b'{"batch":[' + b'{"a":' * 50_000,
    "100,000 keys": PLAIN.replace(b'"x"', b"{" + b",".join(b'"%d":0' % key for key in range(40_000)) + b"}"),
    "a key again": PLAIN[:-1] + b',"event":"y","userId":"z"}',
    "__proto__": PLAIN[:-1] + b',"__proto__":{"admin":true},"constructor":{"prototype":1}}',
    "two documents": PLAIN + PLAIN,
    "a comma too many": PLAIN[:-1] + b",}",
    "single quotes": PLAIN.replace(b'"', b"'"),
    "a comment": b"/**/" + PLAIN,
    "form": b"data=%7B%7D&ip=1",
    "gzip of gzip": gzip.compress(gzip.compress(PLAIN)),
    "gzip cut short": gzip.compress(PLAIN * 9)[:-9],
    "gzip of nothing": gzip.compress(b""),
    "no gzip at all": b"\x1f\x8b" + PLAIN,
    "gzip with a wrong sum": gzip.compress(PLAIN)[:-8] + b"\0" * 8,
    "a batch in a batch": b'{"batch":[{"batch":[' + PLAIN + b"]}]}",
    "batch of nothing": b'{"batch":[[],{},null,1,"",true]}',
    "batch is text": b'{"batch":"x"}',
    "no batch": b'{"events":[]}',
    "a key that is a list": b'{"writeKey":["x"],"batch":[]}',
    "sentAt is an object": b'{"sentAt":{"x":1},"batch":[' + PLAIN + b"]}",
    "100,000 keys, and more than may come": b"{" + b",".join(b'"%d":0' % key for key in range(100_000)) + b"}",
    "one key 30,000 times": PLAIN[:-1] + b',"x":0' * 30_000 + b"}",
    "100,000 events of nothing": b'{"batch":[' + b"{}," * 100_000 + b"{}]}",
    "a small number": PLAIN.replace(b'"x"', b'"x","properties":{"x":1e-999999999}'),
    "a number of many zeros": PLAIN.replace(b'"x"', b'"x","properties":{"x":1' + b"0" * 4_000 + b"}"),
    "a key of 100,000 characters": PLAIN.replace(b'"type"', b'"' + b"k" * 100_000 + b'"'),
    "quotes that do not end": PLAIN[:-1] + b',"x":"' + b"\\" * 50_000,
    "spaces": b" " * 400_000,
    "noise": hashlib.shake_128(b"noise").digest(100_000),
    "lines of noise": hashlib.shake_128(b"lines").digest(100_000).replace(b"\0", b"\n"),
    "all bytes": bytes(range(256)) * 100,
    "a form of the key": b"key=%00%ff%ed%a0%80&key=" + b"x" * 1_000,
    "a form of many fields": b"&".join(b"k%d=v" % number for number in range(20_000)),
    "a form in parts": b'--x\r\nContent-Disposition: form-data; name="key"; filename="\0"\r\n\r\n\xff\r\n--x--',
    "a form without its end": b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\n' + b"x" * 10_000,
    "aliases upon aliases": b"a: &a [x, x, x, x, x, x, x, x, x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (n, n, b", ".join([b"*%c" % (n - 1)] * 9)) for n in range(98, 110)),
    "an alias of itself": b"a: &a [*a]",
    "a tag of a language": b"!!python/object/apply:os.system [true]",
    "YAML of brackets": b"model: " + b"[" * 20_000,
    "YAML of steps": b"\n".join(b" " * step + b"a:" for step in range(500)),
    "a quoted field without an end": b'id,name\n1,"' + b"x\n" * 100_000,
    "a line of 50,000 fields": b",".join([b"x"] * 50_000) + b"\n1\n",
}


def _zeros(mebibytes: int, packer: "zlib._Compress | zstd.ZstdCompressor") -> bytes:
    return b"".join(packer.compress(b"\0" * 2**20) for _ in range(mebibytes)) + packer.flush()


def _zipped(mebibytes: int) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 2**20 * mebibytes)
    return held.getvalue()


_GZIP_BOMB = _zeros(400, zlib.compressobj(9, wbits=31))
_ZSTD_BOMB = _zeros(400, zstd.ZstdCompressor())
PACKED: dict[str, tuple[str, bytes]] = {
    "gzip of 400 MiB": ("gzip", _GZIP_BOMB),
    "gzip of 400 MiB that says nothing": ("", _GZIP_BOMB),
    "gzip of a bomb": ("gzip", gzip.compress(_GZIP_BOMB)),
    "zstd of 400 MiB": ("zstd", _ZSTD_BOMB),
    "zstd that says nothing": ("", _ZSTD_BOMB),
    "deflate": ("deflate", _zeros(100, zlib.compressobj(9))),
    "no brotli": ("br", b"\xcf\xff\xff\x7f\xf8" * 999),
    "an archive of 100 MiB": ("", _zipped(100)),
    "gzip cut short": ("gzip", gzip.compress(PLAIN * 99)[:-9]),
    "gzip of nothing but heads": ("gzip", gzip.compress(b"") * 5_000),
    "gzip that is plain": ("gzip", PLAIN),
    "an unknown coding": ("x-hostile", PLAIN),
    "many codings": ("gzip, gzip, gzip", gzip.compress(gzip.compress(gzip.compress(PLAIN)))),
}
"""Content-Encoding and body."""

VALUES = [
    "%00",
    "%ED%A0%80",
    "..%2F..%2Fetc%2Fpasswd",
    "9223372036854775808",
    "NaN",
    "0001-01-01T00:00:00%2B14:00",
    "%2B275760-09-13",
    "x" * 10_000,
    "%F0%9F%91%A9" * 500,
    "'%3B--",
    ":",
    "%0D%0ASet-Cookie:x",
    "*" * 500,
    ",".join(["awareness"] * 500),
]
"""Values of paths and queries, as they stand in an address."""
