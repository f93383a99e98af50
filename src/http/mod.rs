// SPDX-License-Identifier: MIT OR Apache-2.0
//! HTTP/1.1 as bytes in, bytes out (RFC 9110, RFC 9112). Pure: no socket, no clock, nothing of ours above it.
