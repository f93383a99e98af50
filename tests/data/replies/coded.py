#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes coded.txt, the cases of compressed replies. Needs the brotli package (written with 1.2.1)."""

import base64
import gzip
import struct
import zlib
from pathlib import Path

import brotli

TEXT = b'{"value":true,"title":"Stehlampe","zone":"Wohnzimmer"}'
# Some 70 KB that compress, but not to nothing: a list of devices.
LIST = b"[" + b",".join(
    b'{"id":"%08x-51d4-4f7e-8a90-2c6d1f4b7e01","capabilitiesObj":{"dim":{"value":%d.%d}}}' % (i * 2654435761 % 2**32, i % 2, i % 97)
    for i in range(900)
) + b"]"
cases = []


def raw(data, level=9, bits=-15, strategy=zlib.Z_DEFAULT_STRATEGY):
    c = zlib.compressobj(level, zlib.DEFLATED, bits, 9, strategy)
    return c.compress(data) + c.flush()


def member(data, flags=0, fields=b"", crc=None, size=None, method=8, magic=b"\x1f\x8b"):
    head = magic + bytes([method, flags]) + b"\0\0\0\0\0\xff" + fields
    if flags & 2:
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    crc = zlib.crc32(data) if crc is None else crc
    size = len(data) if size is None else size
    return head + raw(data) + struct.pack("<II", crc, size & 0xFFFFFFFF)


def case(name, coding, body, content=None, error=None, says=None, settings=(), chunks=None):
    head = "HTTP/1.1 200 OK\\r\\n"
    head += f"Content-Encoding: {coding}\\r\\n" if coding else ""
    lines = [f"case: {name}", *settings]
    if chunks:
        lines += [f"send: {head}Transfer-Encoding: chunked\\r\\n\\r\\n"]
        for start in range(0, len(body), chunks):
            piece = body[start : start + chunks]
            lines += [f"send: {len(piece):x}\\r\\n", "base64: " + base64.b64encode(piece).decode(), "send: \\r\\n"]
        lines += ["send: 0\\r\\n\\r\\nHTTP", "end: open"]
        if error is None:
            lines += ["left: HTTP"]
    else:
        lines += [f"send: {head}Content-Length: {len(body)}\\r\\n\\r\\n", "base64: " + base64.b64encode(body).decode()]
    lines += ["status: 200", "connection: Keep"]
    if error:
        lines += [f"error: coding {error}"]
        lines += [f"says: {says}"] if says else []
    elif len(content) < 200:
        lines += ["body: " + content.decode()]
    else:
        lines += [f"body-sum: {len(content)} {zlib.crc32(content):08x}"]
    cases.append("\n".join(lines))


# gzip
case("gzip", "gzip", gzip.compress(TEXT, mtime=0), TEXT)
case("x-gzip in capitals", "X-GZIP", gzip.compress(TEXT, mtime=0), TEXT)
case("gzip of nothing", "gzip", gzip.compress(b"", mtime=0), b"")
case("gzip of a list", "gzip", gzip.compress(LIST, mtime=0), LIST)
case("gzip of a list in chunks", "gzip", gzip.compress(LIST, mtime=0), LIST, chunks=1000)
case("gzip, stored", "gzip", gzip.compress(TEXT, 0, mtime=0), TEXT)
case("gzip with all header fields", "gzip", member(TEXT, 31, b"\5\0extra" + b"name\0" + b"comment\0"), TEXT)
case("gzip with an empty extra field", "gzip", member(TEXT, 4, b"\0\0"), TEXT)
case("gzip with a header CRC only", "gzip", member(TEXT, 2), TEXT)
case("gzip with a long extra field", "gzip", member(TEXT, 4, struct.pack("<H", 8000) + b"x" * 8000), TEXT)
case("gzip of two members", "gzip", member(TEXT[:20]) + member(TEXT[20:]), TEXT)
case("gzip of many empty members", "gzip", member(b"") * 50 + member(TEXT), TEXT)
case("gzip with padding", "gzip", member(TEXT) + b"\0" * 100, TEXT)
case("gzip, no bytes at all", "gzip", b"", b"")
case("gzip, no chunk at all", "gzip", b"", b"", chunks=1)
g = gzip.compress(TEXT, mtime=0)
for where, end in [("header", 5), ("data", 30), ("checksum", len(g) - 6), ("length", len(g) - 1)]:
    case(f"gzip cut in its {where}", "gzip", g[:end], error="Truncated(Gzip)", says="ends too early")
case("gzip cut to its first byte", "gzip", g[:1], error="Truncated(Gzip)")
case("gzip cut after its header", "gzip", g[:10], error="Truncated(Gzip)")
case("gzip cut after its data", "gzip", g[:-8], error="Truncated(Gzip)")
case("gzip of a list, cut", "gzip", gzip.compress(LIST, mtime=0)[:-100], error="Truncated(Gzip)")
case("gzip cut in its second member", "gzip", member(TEXT) + member(TEXT)[:-3], error="Truncated(Gzip)")
case("gzip cut in its name", "gzip", b"\x1f\x8b\x08\x08\0\0\0\0\0\xffname", error="Truncated(Gzip)")
case("gzip that is plain JSON", "gzip", TEXT, error="Corrupt(Gzip, Magic)", says="magic number")
case("gzip that is zlib", "gzip", zlib.compress(TEXT), error="Corrupt(Gzip, Magic)")
case("gzip with a wrong second byte", "gzip", member(TEXT, magic=b"\x1f\x8c"), error="Corrupt(Gzip, Magic)")
case("gzip with an unknown method", "gzip", member(TEXT, method=7), error="Corrupt(Gzip, Method)")
case("gzip with a reserved flag", "gzip", member(TEXT, 32), error="Corrupt(Gzip, Flags)")
case("gzip with a wrong header CRC", "gzip", b"\x1f\x8b\x08\x02\0\0\0\0\0\xff\1\2" + raw(TEXT), error="Corrupt(Gzip, HeaderChecksum)")
case("gzip with an endless name", "gzip", b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + b"n" * 9000, error="Corrupt(Gzip, HeaderTooLong)")
case("gzip with a wrong CRC", "gzip", member(TEXT, crc=1), error="Corrupt(Gzip, Checksum)", says="checksum differs")
case("gzip with a wrong length", "gzip", member(TEXT, size=1), error="Corrupt(Gzip, Length)")
case("gzip with bad data", "gzip", g[:10] + b"\x07" + g[11:], error="Corrupt(Gzip, Data)")
case("gzip with a second member of another kind", "gzip", member(TEXT) + b"\x1f\x8c", error="Corrupt(Gzip, Magic)")
case("gzip with bytes after it", "gzip", member(TEXT) + b"x", error="Trailing(Gzip)", says="followed by other bytes")
case("gzip with bytes after its padding", "gzip", member(TEXT) + b"\0\0\x1f\x8b", error="Trailing(Gzip)")
case("gzip with too much padding", "gzip", member(TEXT) + b"\0" * 32769, error="Corrupt(Gzip, Padding)")

# deflate
case("deflate with its zlib wrapper", "deflate", zlib.compress(TEXT), TEXT)
case("deflate without it", "Deflate", raw(TEXT), TEXT)
case("deflate, small window", "deflate", raw(TEXT, bits=9), TEXT)
case("deflate, stored", "deflate", raw(TEXT, level=0, bits=15), TEXT)
case("bare deflate, stored", "deflate", raw(TEXT, level=0), TEXT)
case("bare deflate, fixed codes", "deflate", raw(TEXT, strategy=zlib.Z_FIXED), TEXT)
case("deflate of nothing", "deflate", zlib.compress(b""), b"")
case("bare deflate of nothing", "deflate", raw(b""), b"")
case("deflate of a list", "deflate", zlib.compress(LIST), LIST)
case("bare deflate of a list in chunks", "deflate", raw(LIST), LIST, chunks=777)
case("deflate, no bytes at all", "deflate", b"", b"")
z = zlib.compress(TEXT)
for where, end in [("first byte", 1), ("header", 2), ("data", 20), ("checksum", len(z) - 1)]:
    case(f"deflate cut after its {where}" if end < 3 else f"deflate cut in its {where}", "deflate", z[:end], error="Truncated(Deflate)")
case("bare deflate, cut", "deflate", raw(TEXT)[:-1], error="Truncated(Deflate)")
case("deflate of a list, cut", "deflate", zlib.compress(LIST)[:-100], error="Truncated(Deflate)")
case("deflate with a wrong checksum", "deflate", z[:-1] + bytes([z[-1] ^ 1]), error="Corrupt(Deflate, Data)")
case("deflate with a dictionary", "deflate", b"\x78\xbb\1\2\3\4" + raw(TEXT), error="Corrupt(Deflate, Dictionary)", says="dictionary")
case("deflate that is JSON", "deflate", b"\x7b\x22value", error="Corrupt(Deflate, Data)")
case("deflate with bytes after it", "deflate", z + b"\0", error="Trailing(Deflate)")
case("bare deflate with bytes after it", "deflate", raw(TEXT) + b"\0\0", error="Trailing(Deflate)")

# br
def br(data, **options):
    return brotli.compress(data, **options)


case("br", "br", br(TEXT), TEXT)
case("br of nothing", "br", br(b""), b"")
case("br of a list", "BR", br(LIST, lgwin=18), LIST)
case("br of a list in chunks", "br", br(LIST, lgwin=18, quality=5), LIST, chunks=999)
case("br with the smallest window", "br", br(LIST, lgwin=10), LIST)
case("br, no bytes at all", "br", b"", b"")
case("br with the largest window of the run", "br", br(TEXT, lgwin=22), TEXT)
# 0x0d, 0x0f: 23 and 24 bits; the rest of the byte and the next: an empty last metablock.
case("br with a window beyond the run's", "br", b"\x3d", error="Window { bits: 23, max_bits: 22 }", says="window of 23 bits, more than the 22 allowed")
case("br with the largest window", "br", b"\x3f", b"", settings=["window: 24"])
case("br with a window beyond a small bound", "br", br(LIST, lgwin=18), error="Window { bits: 18, max_bits: 17 }", settings=["window: 17"])
case("br with a large window", "br", b"\x11\x1e\x03", error="LargeWindow", settings=["window: 24"])
case("br with a large window and the other bit", "br", b"\x91\x1e\x03", error="LargeWindow", settings=["window: 24"])
b = br(LIST, lgwin=18)
case("br cut to its first byte", "br", b[:1], error="Truncated(Brotli)")
case("br cut in the middle", "br", b[: len(b) // 2], error="Truncated(Brotli)")
case("br cut before its last byte", "br", b[:-1], error="Truncated(Brotli)")
case("br cut short, small", "br", br(TEXT)[:-1], error="Truncated(Brotli)")
case("br with a byte after it", "br", br(TEXT) + b"\0", error="Trailing(Brotli)")
case("br with many bytes after it", "br", b + b"HTTP/1.1 200 OK", error="Trailing(Brotli)")
case("br with bad data", "br", b[:40] + b"\xff" * 40 + b[80:], error="Corrupt(Brotli, Data)")

# several codings, and bounds
case("gzip of br", "br, gzip", gzip.compress(br(LIST, lgwin=18), mtime=0), LIST)
case("four codings", "gzip, br, deflate, identity, gzip", gzip.compress(zlib.compress(br(gzip.compress(TEXT, mtime=0), lgwin=18)), mtime=0), TEXT)
case("gzip in gzip, the inner one cut", "gzip, gzip", gzip.compress(g[:-1], mtime=0), error="Truncated(Gzip)")
case("br in gzip, the outer one cut", "br, gzip", gzip.compress(br(TEXT), mtime=0)[:-1], error="Truncated(Gzip)")
case("an unknown coding", "zstd", b"(\xb5/\xfd", error='Unknown("zstd")', says='"zstd" is not understood: offer only br, gzip, deflate')
case("too many codings", "br, br, br, br, br", b"", error="TooMany")
case("identity", "identity", TEXT, TEXT)
bomb = gzip.compress(b"\0" * 60000, mtime=0)
for coding, body in [("gzip", bomb), ("deflate", zlib.compress(b"\0" * 60000)), ("br", br(b"\0" * 60000, lgwin=18))]:
    case(f"a {coding} bomb", coding, body, error="TooLarge { max_output: 59999 }", says="more than 59999 bytes", settings=["max-output: 59999"])
    case(f"{coding} of just the most content", coding, body, b"\0" * 60000, settings=["max-output: 60000"])
case("a bomb that decodes to nothing", "gzip, gzip", gzip.compress(member(b"") * 5000, mtime=0), error="TooLarge { max_output: 5000 }", settings=["max-output: 5000"])
lines = ["case: gzip as a transfer coding", "send: HTTP/1.1 200 OK\\r\\nTransfer-Encoding: gzip, chunked\\r\\nContent-Encoding: deflate\\r\\n\\r\\n"]
coded = gzip.compress(z, mtime=0)
lines += [f"send: {len(coded):x}\\r\\n", "base64: " + base64.b64encode(coded).decode(), "send: \\r\\n0\\r\\n\\r\\n", "end: open"]
cases.append("\n".join([*lines, "status: 200", "connection: Keep", "body: " + TEXT.decode()]))
lines = ["case: gzip as the only transfer coding", "send: HTTP/1.1 200 OK\\r\\nTransfer-Encoding: gzip\\r\\n\\r\\n"]
cases.append("\n".join([*lines, "base64: " + base64.b64encode(g).decode(), "status: 200", "connection: UntilClose", "body: " + TEXT.decode()]))
cases.append("\n".join(["case: gzip until close, cut", *lines[1:], "base64: " + base64.b64encode(g[:-1]).decode(),
                        "status: 200", "connection: UntilClose", "error: coding Truncated(Gzip)"]))
cut = ["case: gzip in a body that is cut", f"send: HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\nContent-Length: {len(g)}\\r\\n\\r\\n"]
cases.append("\n".join([*cut, "base64: " + base64.b64encode(g[:-1]).decode(), "status: 200", "connection: Keep",
                        f"error: body TruncatedLength {{ len: {len(g)}, left: 1 }}"]))

out = Path(__file__).with_name("coded.txt")
out.write_text("# Compressed replies. Written by coded.py; change that.\n\n" + "\n\n".join(cases) + "\n")
print(len(cases), "cases,", out.stat().st_size, "bytes")
