# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# The real proxies that tests/wan talks through; sourced after common.sh. With HOMEY_PANEL_REQUIRE_PROXIES=1 those tests
# fail where a proxy is missing, else they say "skipped".

# ensure_proxies: an HTTP proxy, a SOCKS5 one with a login and a SOCKS4 one, and openssl for certificates. tinyproxy-bin is
# tinyproxy without its service; Dante's service stays down until its configuration says which interfaces to use.
ensure_proxies() {
    ensure tinyproxy tinyproxy-bin microsocks microsocks /usr/sbin/danted dante-server openssl openssl
}
