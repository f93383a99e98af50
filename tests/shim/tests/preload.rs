// SPDX-License-Identifier: MIT OR Apache-2.0
//! The library at work: this very test binary is started under it, and its test `child` says what it met.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Once;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[path = "../src/layout.rs"]
mod layout;

use layout::{MAGIC, NO_HOST, Shared, UP};

const HOUR: u64 = 3_600_000_000_000;
const START: u64 = 500_000_000_000;

/// `libhomey_shim.so` beside this binary's folder; built where nobody has done so.
fn library() -> PathBuf {
    static BUILT: Once = Once::new();
    let exe = std::env::current_exe().unwrap();
    let folder = exe.parent().and_then(Path::parent).unwrap();
    BUILT.call_once(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--package", "homey-shim", "--locked"]);
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(cargo.status().unwrap().success());
    });
    folder.join("libhomey_shim.so")
}

fn start(what: &str, variables: &[(&str, &str)]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--nocapture"])
        .env("SHIM_CHILD", what)
        .env("LD_PRELOAD", library())
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn said(child: Child) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&stdout).into_owned();
    assert!(
        status.success(),
        "{status}\n{text}\n{}",
        String::from_utf8_lossy(&stderr)
    );
    text
}

#[test]
fn a_process_is_killed_before_the_call_that_was_named() {
    let folder = std::env::temp_dir().join(format!("homey-shim-kill-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let report = folder.join("report");
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let run = |at: u64| {
        let (at, folder, report) = (at.to_string(), text(&folder), text(&report));
        let given = [
            ("HOMEY_SHIM_KILL", &*at),
            ("HOMEY_SHIM_REPORT", &report),
            ("SHIM_FOLDER", &folder),
        ];
        start("files", &given).wait_with_output().unwrap().status
    };
    assert!(run(u64::MAX).success());
    let told = fs::read_to_string(&report).unwrap();
    let steps = told
        .lines()
        .find_map(|line| line.split_once(" steps "))
        .unwrap()
        .1;
    let steps: u64 = steps.parse().unwrap();
    assert!(steps > 5, "{told}");
    let mut left = Vec::new();
    for at in 1..=steps {
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&run(at)),
            Some(9),
            "{at}"
        );
        let there = |name| folder.join(name).exists();
        left.push((there("one"), there("two")));
        for name in ["one", "two"] {
            let _ = fs::remove_file(folder.join(name));
        }
    }
    // Nothing yet, the first name, the second, and nothing again, in this order.
    left.dedup();
    assert_eq!(
        left,
        [(false, false), (true, false), (false, true), (false, false)]
    );
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn child() {
    match std::env::var("SHIM_CHILD").as_deref() {
        Ok("pipe") => through_a_pipe(),
        Ok("files") => files(),
        Ok("hour") => an_hour(),
        Ok("network") => a_network(),
        _ => {}
    }
}

/// A pipe of which neither end sleeps.
fn pipe() -> (File, File) {
    let mut ends = [0; 2];
    // SAFETY: pipe2 fills in two new descriptors, which are ours.
    unsafe {
        assert_eq!(
            libc::pipe2(ends.as_mut_ptr(), libc::O_NONBLOCK | libc::O_CLOEXEC),
            0
        );
        let own = |fd| File::from(OwnedFd::from_raw_fd(fd));
        (own(ends[0]), own(ends[1]))
    }
}

fn poll(fd: i32, events: i16, millis: i32) -> i32 {
    let mut entry = libc::pollfd {
        fd,
        events,
        revents: 0,
    };
    // SAFETY: one entry.
    unsafe { libc::poll(&mut entry, 1, millis) }
}

/// Bytes go through a pipe whole, whatever the calls do; how often each way was met.
fn through_a_pipe() {
    let (mut output, mut input) = pipe();
    let sent: Vec<u8> = (0..200_000_u32).map(|n| (n * 7 % 251) as u8).collect();
    let (mut got, mut done) = (Vec::new(), 0);
    let (mut put_off, mut short, mut interrupted) = (0, 0, 0);
    while got.len() < sent.len() {
        let ready = poll(output.as_raw_fd(), libc::POLLIN, 0);
        interrupted += u32::from(ready < 0);
        if done < sent.len() {
            match input.write(&sent[done..]) {
                Ok(n) => done += n,
                Err(e) => assert_eq!(e.kind(), ErrorKind::WouldBlock),
            }
        }
        let mut buf = [0; 64];
        match output.read(&mut buf) {
            Ok(n) => {
                short += u32::from(n < buf.len());
                got.extend_from_slice(&buf[..n]);
            }
            Err(e) => {
                assert_eq!(e.kind(), ErrorKind::WouldBlock);
                put_off += u32::from(ready > 0);
            }
        }
    }
    assert!(got == sent);
    println!("met {put_off} {short} {interrupted}");
}

/// Five calls that are moments, with a word before each.
fn files() {
    let folder = PathBuf::from(std::env::var_os("SHIM_FOLDER").unwrap());
    let (one, two) = (folder.join("one"), folder.join("two"));
    let file = File::create(&one).unwrap();
    file.set_len(1).unwrap();
    file.sync_all().unwrap();
    fs::rename(&one, &two).unwrap();
    fs::remove_file(&two).unwrap();
}

/// Waits for an hour, by the monotonic clock and by the other one.
fn an_hour() {
    let (output, _input) = pipe();
    let (began, day) = (Instant::now(), SystemTime::now());
    assert_eq!(poll(output.as_raw_fd(), libc::POLLIN, 3_600_000), 0);
    assert_eq!(began.elapsed(), Duration::from_secs(3600));
    let wall = day.duration_since(UNIX_EPOCH).unwrap().as_secs();
    println!("from {wall} for {} s", day.elapsed().unwrap().as_secs());
}

/// Connects and waits for a reply as long as the driver of this test lets it, three times.
fn a_network() {
    let to: SocketAddr = std::env::var("SHIM_SERVER").unwrap().parse().unwrap();
    let mut tcp = TcpStream::connect(to).unwrap();
    tcp.write_all(b"a").unwrap();
    tcp.set_nonblocking(true).unwrap();
    let began = Instant::now();
    // The server takes its time, and is waited for: no time passes.
    assert_eq!(poll(tcp.as_raw_fd(), libc::POLLIN, 5000), 1);
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(tcp.read(&mut [0; 8]).unwrap(), 1);
    // It is lost on the way, and five seconds later the kernel says so.
    println!("cut");
    std::io::stdin().read_exact(&mut [0]).unwrap();
    assert_eq!(tcp.write(b"b").unwrap(), 1);
    assert_eq!(
        tcp.read(&mut [0; 8]).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    assert_eq!(poll(tcp.as_raw_fd(), libc::POLLIN, 4999), 0);
    assert_eq!(poll(tcp.as_raw_fd(), libc::POLLIN, 60_000), 1);
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!(
        tcp.read(&mut [0; 8]).unwrap_err().kind(),
        ErrorKind::TimedOut
    );
    assert_eq!(
        TcpStream::connect(to).unwrap_err().raw_os_error(),
        Some(libc::EHOSTUNREACH)
    );
}

#[test]
fn faults_come_by_their_share_and_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let shown = report.to_str().unwrap();
    let text = said(start(
        "pipe",
        &[("HOMEY_SHIM_FAULTS", "20"), ("HOMEY_SHIM_REPORT", shown)],
    ));
    let met = text
        .lines()
        .find_map(|line| line.split_once("met "))
        .unwrap()
        .1;
    let met: Vec<u32> = met.split_whitespace().map(|n| n.parse().unwrap()).collect();
    assert!(met[0] > 100 && met[1] > 100, "{met:?}");
    let report = fs::read_to_string(report).unwrap();
    let line = report
        .lines()
        .find(|line| line.contains(" read calls "))
        .unwrap();
    let numbers: Vec<u64> = line
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    let (calls, given) = (numbers[1], numbers[2..].iter().sum::<u64>());
    assert!(
        given * 100 / calls > 14 && given * 100 / calls < 26,
        "{line}"
    );
    // Another program gets none, and the same seed gives the same.
    let others = said(start("pipe", &[("HOMEY_SHIM_ONLY", "homey-panel")]));
    assert!(others.contains("met 0 "), "{others}");
}

/// A clock file, and what stands in it.
fn clock(file: &Path) -> &'static Shared {
    let opened = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(file)
        .unwrap();
    opened.set_len(size_of::<Shared>() as u64).unwrap();
    let (none, how) = (std::ptr::null_mut(), libc::PROT_READ | libc::PROT_WRITE);
    // SAFETY: a new file of that size, mapped for good; all in it are atomics.
    let shared = unsafe {
        let map = libc::mmap(
            none,
            size_of::<Shared>(),
            how,
            libc::MAP_SHARED,
            opened.as_raw_fd(),
            0,
        );
        assert_ne!(map, libc::MAP_FAILED);
        &*map.cast::<Shared>()
    };
    shared.mono.store(START, SeqCst);
    shared.limit.store(START, SeqCst);
    shared.magic.store(MAGIC, SeqCst);
    shared
}

fn until(what: &str, test: impl Fn() -> bool) {
    let began = Instant::now();
    while !test() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn time_passes_at_once_up_to_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clock");
    let shared = clock(&file);
    shared
        .wall
        .store(1_000_000_000 * 1_000_000_000 - START as i64, SeqCst);
    let mut child = start("hour", &[("HOMEY_SHIM_CLOCK", file.to_str().unwrap())]);
    for limit in [START, START + HOUR / 2] {
        shared.limit.store(limit, SeqCst);
        until("it is not parked", || shared.parked.load(SeqCst) == limit);
        assert_eq!(shared.mono.load(SeqCst), limit);
        assert!(child.try_wait().unwrap().is_none());
    }
    // An hour of summer time, in the middle of it.
    shared.wall.fetch_add(HOUR as i64, SeqCst);
    shared.limit.store(START + 2 * HOUR, SeqCst);
    let text = said(child);
    assert!(text.contains("from 1000000000 for 7200 s"), "{text}");
    assert_eq!(shared.mono.load(SeqCst), START + HOUR);
    assert!(
        shared.slots.iter().all(|slot| slot.pid.load(SeqCst) == 0),
        "its place is free"
    );
    let marks: Vec<u64> = shared.marks[..2]
        .iter()
        .map(|mark| mark.mono.load(SeqCst))
        .collect();
    assert_eq!(
        (shared.advances.load(SeqCst), marks),
        (2, vec![START + HOUR / 2, START + HOUR])
    );
}

#[test]
fn a_reply_is_waited_for_and_a_network_can_go_away() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clock");
    let shared = clock(&file);
    shared.limit.store(u64::MAX / 2, SeqCst);
    shared.patience.store(20_000_000_000, SeqCst);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let server = listener.local_addr().unwrap().to_string();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--nocapture"])
        .envs([("SHIM_CHILD", "network"), ("SHIM_SERVER", &server)])
        .env("LD_PRELOAD", library())
        .env("HOMEY_SHIM_CLOCK", &file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut tcp, _) = listener.accept().unwrap();
    tcp.read_exact(&mut [0]).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    tcp.write_all(b"A").unwrap();
    let mut line = String::new();
    let mut out = child.stdout.take().unwrap();
    while !line.contains("cut") {
        let mut buf = [0; 64];
        let n = out.read(&mut buf).unwrap();
        assert!(n > 0, "{line}");
        line.push_str(&String::from_utf8_lossy(&buf[..n]));
    }
    shared.network.store(NO_HOST, SeqCst);
    child.stdin.take().unwrap().write_all(b"!").unwrap();
    said(child);
    // What was sent meanwhile never comes.
    shared.network.store(UP, SeqCst);
    assert_eq!(tcp.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn what_cannot_be_done_is_said() {
    for (name, value, why) in [
        ("HOMEY_SHIM_CLOCK", "/nowhere", "cannot be opened"),
        ("HOMEY_SHIM_CLOCK", "/dev/null", "is too short"),
        ("HOMEY_SHIM_FAULTS", "101", "is not a number in its range"),
        ("HOMEY_SHIM_SEED", "x", "is not a number in its range"),
    ] {
        let Output { status, stderr, .. } = start("", &[(name, value)]).wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(70), "{text}");
        assert_eq!(text, format!("homey-shim: {name} {why}\n"));
    }
}
