// SPDX-License-Identifier: MIT OR Apache-2.0
//! Real proxies from the distribution, each on a port of its own and ended with its value.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::servers::{Scratch, closed};

/// A running proxy.
pub struct Proxy {
    pub port: u16,
    child: Child,
    _scratch: Scratch,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `None`, with a line that says so, where the program is missing and need not be there.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut places = path.split(':').chain(["/usr/sbin", "/usr/bin"]);
    let found =
        places.find_map(|place| Some(Path::new(place).join(program)).filter(|p| p.exists()));
    if found.is_none() {
        let text = format!(
            "{program} is missing; as root: apt-get install tinyproxy-bin microsocks dante-server"
        );
        let required = std::env::var("HOMEY_PANEL_REQUIRE_PROXIES").is_ok_and(|v| v == "1");
        assert!(!required, "{text}");
        eprintln!("skipped: {text}");
    }
    found
}

fn start(scratch: Scratch, port: u16, program: &Path, arguments: &[&str]) -> Proxy {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut proxy = Proxy {
        port,
        child,
        _scratch: scratch,
    };
    let began = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        let ended = proxy.child.try_wait().unwrap();
        assert!(ended.is_none(), "{} ended: {ended:?}", program.display());
        let waited = began.elapsed();
        assert!(waited < Duration::from_secs(10), "{}", program.display());
        std::thread::sleep(Duration::from_millis(10));
    }
    proxy
}

/// An HTTP proxy; `more` are lines of its configuration.
pub fn tinyproxy(more: &str) -> Option<Proxy> {
    let program = find("tinyproxy")?;
    let (scratch, port) = (Scratch::new(), closed());
    let text = format!("Port {port}\nListen 127.0.0.1\nTimeout 10\nAllow 127.0.0.1\n{more}\n");
    let config = scratch.write("tinyproxy.conf", &text);
    let config = config.to_str().unwrap();
    Some(start(scratch, port, &program, &["-d", "-c", config]))
}

/// A SOCKS5 proxy; `login` are arguments that ask for user and password.
pub fn microsocks(login: &[&str]) -> Option<Proxy> {
    let program = find("microsocks")?;
    let port = closed();
    let text = port.to_string();
    let arguments = [&["-i", "127.0.0.1", "-p", &text], login].concat();
    Some(start(Scratch::new(), port, &program, &arguments))
}

/// A SOCKS4 and SOCKS5 proxy that serves the loopback only.
pub fn dante() -> Option<Proxy> {
    let program = find("danted")?;
    let (scratch, port) = (Scratch::new(), closed());
    let text = format!(
        "logoutput: /dev/null\ninternal: 127.0.0.1 port = {port}\nexternal: lo\n\
         clientmethod: none\nsocksmethod: none\n\
         client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}\n\
         socks pass {{ from: 127.0.0.0/8 to: 127.0.0.0/8 }}\n"
    );
    let config = scratch.write("danted.conf", &text);
    let config = config.to_str().unwrap().to_string();
    Some(start(scratch, port, &program, &["-f", &config]))
}
