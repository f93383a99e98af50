// SPDX-License-Identifier: MIT OR Apache-2.0
//! Servers that nobody here wrote: what `request` writes is what curl writes.
//!
//! Those that are not on this machine are left out with a line that begins with `skipped:`, unless
//! `HOMEY_PANEL_REQUIRE_SERVERS=1`.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use homey_rig::beds::{Bed, Ended, has};

/// Whether `program` is here; says so if not.
pub fn has_or_skips(program: &str, package: &str) -> bool {
    let here = has(program) || Path::new("/usr/sbin").join(program).exists();
    let required = std::env::var("HOMEY_PANEL_REQUIRE_SERVERS").is_ok_and(|v| v == "1");
    assert!(
        here || !required,
        "{program} is missing: apt-get install {package}"
    );
    if !here {
        println!("skipped: {program} is not on this machine (apt-get install {package})");
    }
    here
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

pub fn wait_for(port: u16) {
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "nothing listens at {port}"
        );
        thread::sleep(Duration::from_millis(30));
    }
}

/// A server that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(self.0.id() as i32);
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

fn start(bed: &Bed, program: &str, args: &[&str], port: u16) -> Running {
    let running = Running(
        Command::new(program)
            .args(args)
            .current_dir(&bed.dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    wait_for(port);
    running
}

/// Files of several sizes and kinds, below `www`.
fn pages(bed: &Bed) -> Vec<&'static str> {
    let www = bed.dir.join("www");
    fs::create_dir(&www).unwrap();
    // Not too even, not too random; the same each time.
    let mut state = 7_u32;
    let mut noise = |len: usize| -> Vec<u8> {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 27) as u8
        };
        (0..len).map(|_| b'a' + next() % 26).collect()
    };
    for (name, body) in [
        ("empty.txt", Vec::new()),
        ("one.txt", b"1".to_vec()),
        ("page.html", b"<html>\r\n<p>caf\xc3\xa9 \0\xff</p>".to_vec()),
        (
            "list.json",
            [
                b"[".to_vec(),
                b"{\"a\":1},\n".repeat(30_000),
                b"1]".to_vec(),
            ]
            .concat(),
        ),
        ("noise.txt", noise(1_234_567)),
    ] {
        fs::write(www.join(name), body).unwrap();
    }
    fs::write(www.join("large.bin"), noise(5 << 20).repeat(10)).unwrap();
    vec![
        "empty.txt",
        "one.txt",
        "page.html",
        "list.json",
        "noise.txt",
        "large.bin",
    ]
}

/// curl's body and status under the same header lines.
fn curl(bed: &Bed, url: &str, args: &[&str]) -> (Vec<u8>, i32) {
    let ended = Command::new("curl")
        .args(["-sS", "--fail-with-body", "--noproxy", "*", "-o", "by-curl"])
        .args(args)
        .arg(url)
        .current_dir(&bed.dir)
        .output()
        .unwrap();
    let body = fs::read(bed.dir.join("by-curl")).unwrap_or_default();
    let _ = fs::remove_file(bed.dir.join("by-curl"));
    (body, ended.status.code().unwrap())
}

/// Gets every path by both, under several profiles and codings.
fn compare(bed: &Bed, base: &str, paths: &[&str], trust: &[&str]) {
    let mut peak = 0;
    for path in paths {
        let url = format!("{base}/{path}");
        for coding in ["", "gzip", "deflate", "br", "br, gzip, deflate"] {
            let line = format!("Accept-Encoding: {coding}");
            let plain = coding.is_empty();
            let theirs = match plain {
                true => curl(bed, &url, trust),
                false => curl(bed, &url, &[trust, &["--compressed", "-H", &line]].concat()),
            };
            let mut args = vec!["request", "-o", "by-us", url.as_str(), "-H", line.as_str()];
            args.extend(trust);
            let ours: Ended = bed.run(&args);
            let body = fs::read(bed.dir.join("by-us")).unwrap_or_default();
            let _ = fs::remove_file(bed.dir.join("by-us"));
            assert!(
                body == theirs.0,
                "{url} {line}: {} and {} bytes: {ours}",
                body.len(),
                theirs.0.len()
            );
            assert_eq!(ours.code == 0, theirs.1 == 0, "{url}: {ours}");
            peak = peak.max(ours.peak_kib);
        }
    }
    println!(
        "{base}: {} replies like curl's, at most {peak} KiB",
        5 * paths.len()
    );
    assert!(peak < 16 * 1024, "{peak} KiB");
}

#[test]
fn python() {
    if !has_or_skips("python3", "python3") || !has_or_skips("curl", "curl") {
        return;
    }
    let (bed, port) = (Bed::new(), free_port());
    let mut paths = pages(&bed);
    let number = port.to_string();
    // HTTP/1.0 and a body until the connection closes for what it makes up itself.
    let _server = start(
        &bed,
        "python3",
        &[
            "-m",
            "http.server",
            "--bind",
            "127.0.0.1",
            "-d",
            "www",
            &number,
        ],
        port,
    );
    paths.extend(["", "absent.txt"]);
    compare(&bed, &format!("http://127.0.0.1:{port}"), &paths, &[]);
}

#[test]
fn python_over_tls() {
    if !has_or_skips("python3", "python3") || !has_or_skips("openssl", "openssl") {
        return;
    }
    let (bed, port) = (Bed::new(), free_port());
    let paths = pages(&bed);
    let mut make = Command::new("openssl");
    make.args([
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "key.pem",
        "-out", "cert.pem",
    ])
    .args([
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
    ])
    .current_dir(&bed.dir)
    .stderr(Stdio::null());
    assert!(make.status().unwrap().success());
    let script = format!(
        "import http.server as h, ssl, functools\n\
         h.SimpleHTTPRequestHandler.protocol_version = 'HTTP/1.1'\n\
         s = h.ThreadingHTTPServer(('127.0.0.1', {port}), functools.partial(h.SimpleHTTPRequestHandler, directory='www'))\n\
         c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n\
         c.load_cert_chain('cert.pem', 'key.pem')\n\
         s.socket = c.wrap_socket(s.socket, server_side=True)\n\
         s.serve_forever()\n"
    );
    let _server = start(&bed, "python3", &["-c", &script], port);
    compare(
        &bed,
        &format!("https://localhost:{port}"),
        &paths,
        &["--cacert", "cert.pem"],
    );
}

/// Node's own server: chunks, all three codings, interim replies, trailers.
#[test]
fn node() {
    if !has_or_skips("node", "nodejs") || !has_or_skips("curl", "curl") {
        return;
    }
    let (bed, port) = (Bed::new(), free_port());
    let mut paths = pages(&bed);
    paths.retain(|p| *p != "large.bin");
    let script = r#"
const http = require('http'), zlib = require('zlib'), fs = require('fs');
http.createServer((q, s) => {
  q.on('data', () => {});
  q.on('end', () => {
    if (q.url.startsWith('/early/')) s.writeEarlyHints({link: '</x>; rel=preload'});
    const file = 'www/' + q.url.split('/').pop();
    if (!fs.existsSync(file)) { s.writeHead(404); return s.end('Cannot ' + q.method + ' ' + q.url); }
    const body = fs.createReadStream(file), offers = q.headers['accept-encoding'] || '';
    const packers = {br: () => zlib.createBrotliCompress({params: {[zlib.constants.BROTLI_PARAM_QUALITY]: 4}}),
                     gzip: zlib.createGzip, deflate: q.url.startsWith('/raw/') ? zlib.createDeflateRaw : zlib.createDeflate};
    const coding = Object.keys(packers).find(c => offers.includes(c));
    if (q.url.startsWith('/trail/')) s.setHeader('Trailer', 'X-Sum');
    if (coding) { s.setHeader('Content-Encoding', coding); }
    const out = coding ? body.pipe(packers[coding]()) : body;
    out.on('end', () => { if (q.url.startsWith('/trail/')) s.addTrailers({'X-Sum': '1'}); });
    out.pipe(s);
  });
}).listen(PORT, '127.0.0.1');
"#;
    bed.file("server.js", script.replace("PORT", &port.to_string()));
    let _server = start(&bed, "node", &["server.js"], port);
    let mut all: Vec<String> = Vec::new();
    for folder in ["", "early/", "trail/", "raw/"] {
        all.extend(paths.iter().map(|p| format!("{folder}{p}")));
    }
    all.push("absent".into());
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    compare(&bed, &format!("http://127.0.0.1:{port}"), &all, &[]);
}

#[test]
fn nginx() {
    if !has_or_skips("nginx", "nginx") || !has_or_skips("curl", "curl") {
        return;
    }
    let (bed, port) = (Bed::new(), free_port());
    let mut paths = pages(&bed);
    let dir = bed.dir.display();
    bed.file(
        "nginx.conf",
        format!(
            "daemon off; master_process off; pid {dir}/pid; error_log {dir}/log;\n\
             events {{}}\n\
             http {{ access_log off; default_type text/plain; gzip on; gzip_types *; gzip_min_length 0; gzip_proxied any;\n\
             client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3; uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;\n\
             server {{ listen 127.0.0.1:{port}; root {dir}/www; autoindex on;\n\
             location /no {{ return 403 'no\\n'; }} location /moved {{ return 302 /one.txt; }} location /gone {{ return 444; }} }} }}\n"
        ),
    );
    let conf = bed.dir.join("nginx.conf").display().to_string();
    let _server = start(
        &bed,
        "/usr/sbin/nginx",
        &["-c", &conf, "-e", "stderr"],
        port,
    );
    paths.extend(["", "no", "moved", "absent"]);
    let base = format!("http://127.0.0.1:{port}");
    compare(&bed, &base, &paths, &[]);
    bed.run(&["request", &format!("{base}/gone")])
        .fails(69, &["closed the connection"]);
    bed.run(&["request", "-d", "x", &format!("{base}/one.txt")])
        .fails(1, &["405"]);
}
