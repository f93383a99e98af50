// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interfaces, routes, addresses that nobody has and DNS that lies, in networks of the test's own.
//!
//! ```text
//!   panel's namespace: v0 192.168.77.5/24, resolver at 127.0.0.1 ── veth ── hub's namespace: v1 192.168.77.17/24, lo 10.1.1.17
//! ```

use std::net::{Ipv4Addr, UdpSocket};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Uid, gettid};
use serde_json::json;

use crate::bed::{Bed, Findings};

type Task = Box<dyn FnOnce() + Send>;

/// A thread with a network and mounts of its own; what it starts is in them, too.
struct Room {
    tasks: Sender<Task>,
    tid: i32,
}

impl Room {
    fn new() -> Room {
        let (tasks, mine): (Sender<Task>, Receiver<Task>) = channel();
        let (told, tid) = channel();
        thread::spawn(move || {
            let flags = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_FS;
            unshare(flags).expect("unshare");
            let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
            mount(None::<&str>, "/", None::<&str>, private, None::<&str>).expect("mount");
            told.send(gettid().as_raw()).expect("told");
            ip("link set lo up");
            mine.into_iter().for_each(|task| task());
        });
        Room {
            tasks,
            tid: tid.recv().expect("a room"),
        }
    }

    /// Runs `task` there.
    fn run<T: Send + 'static>(&self, task: impl FnOnce() -> T + Send + 'static) -> T {
        let (done, result) = channel();
        let task = move || drop(done.send(task()));
        self.tasks.send(Box::new(task)).expect("the room is there");
        result.recv().expect("the task ends well")
    }

    fn ip(&self, args: &str) {
        let args = args.to_string();
        self.run(move || ip(&args));
    }
}

fn ip(args: &str) {
    let path = "/usr/sbin:/sbin:/usr/bin:/bin";
    let done = Command::new("ip")
        .args(args.split(' '))
        .env("PATH", path)
        .output()
        .expect("ip(8)");
    assert!(
        done.status.success(),
        "ip {args}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// What the resolver says of a name: an address, or that there is no such name.
type Answer = fn(&str) -> Option<Ipv4Addr>;
type Answers = Arc<Mutex<Answer>>;

/// Serves one question after the other (RFC 1035 §4): A by `answers`, of other types nothing.
fn serve(socket: UdpSocket, answers: Answers) {
    let mut packet = [0; 512];
    while let Ok((len, peer)) = socket.recv_from(&mut packet) {
        let question = &packet[12..len];
        let mut name = Vec::new();
        let mut at = 0;
        while question[at] > 0 {
            let end = at + 1 + usize::from(question[at]);
            name.push(String::from_utf8_lossy(&question[at + 1..end]).to_lowercase());
            at = end;
        }
        let is_a = question[at + 1..at + 3] == [0, 1];
        let answer = (answers.lock().expect("answers"))(&name.join("."));
        let refused = answer.is_none();
        let answer = answer.filter(|_| is_a);
        let mut reply = packet[..2].to_vec();
        // Recursion was asked for and is there; NXDOMAIN is 3.
        reply.extend([
            0x81,
            if refused { 0x83 } else { 0x80 },
            0,
            1,
            0,
            u8::from(answer.is_some()),
            0,
            0,
            0,
            0,
        ]);
        reply.extend(&question[..at + 5]);
        if let Some(address) = answer {
            reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4]);
            reply.extend(address.octets());
        }
        let _ = socket.send_to(&reply, peer);
    }
}

const HUB: &str = "192-168-77-17.homey.homeylocal.com";

/// Two rooms with a cable between them, a hub in one, the doctor in the other.
struct House {
    panel: Room,
    hub: Room,
    bed: Arc<Bed>,
    answers: Answers,
}

impl House {
    fn new() -> House {
        let (panel, hub) = (Room::new(), Room::new());
        panel.ip("link add v0 type veth peer name v1");
        panel.ip(&format!("link set v1 netns {}", hub.tid));
        hub.ip("addr add 192.168.77.17/24 dev v1");
        hub.ip("addr add 10.1.1.17/32 dev lo");
        hub.ip("link set v1 up");
        panel.ip("addr add 192.168.77.5/24 dev v0");
        panel.ip("link set v0 up");
        let bed = hub.run(|| Bed::with(&["--devices", "12", "--https", "0.0.0.0:4860"]));
        let resolv = bed.dir.write(
            "resolv.conf",
            "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
        );
        let resolv = resolv.expect("resolv.conf");
        crate::bed::mode(&resolv, 0o644);
        let answers: Answers = Arc::new(Mutex::new(|_| None));
        let served = answers.clone();
        panel.run(move || {
            let bind = MsFlags::MS_BIND;
            mount(
                Some(&resolv),
                "/etc/resolv.conf",
                None::<&str>,
                bind,
                None::<&str>,
            )
            .expect("mount");
            let socket = UdpSocket::bind("127.0.0.1:53").expect("port 53");
            thread::spawn(move || serve(socket, served));
        });
        House {
            panel,
            hub,
            bed: Arc::new(bed),
            answers,
        }
    }

    /// The doctor where the hub is configured at this address.
    fn doctor(&self, address: &str) -> Findings {
        self.doctor_with(address, &self.bed.credential())
    }

    /// The same with a bearer of another kind; an empty address is left out.
    fn doctor_with(&self, address: &str, credential: &str) -> Findings {
        let lines = self.bed.hub_lines(credential);
        let (_, rest) = lines.split_once('\n').expect("more lines");
        let lines = match address {
            "" => rest.to_string(),
            address => format!(
                "address = \"{address}\"
{rest}"
            ),
        };
        self.bed.write(&self.bed.config().hub(&lines));
        let bed = self.bed.clone();
        self.panel.run(move || bed.doctor())
    }

    fn answer(&self, answers: Answer) {
        *self.answers.lock().expect("answers") = answers;
    }
}

/// Whether networks can be made here; says so if not.
fn can_or_skips() -> bool {
    let able = Uid::effective().is_root() && Command::new("ip").arg("-V").output().is_ok();
    if !able {
        println!("skipped: networks of its own need root and ip(8) (apt-get install iproute2)");
    }
    able
}

#[test]
fn the_way_to_the_hub_and_its_name() {
    if !can_or_skips() {
        return;
    }
    let house = House::new();
    const OWN: Answer = |name| (name == HUB).then_some([192, 168, 77, 17].into());
    house.answer(OWN);
    let found = house.doctor("192.168.77.17:4860");
    found
        .ends(0)
        .says("network", "ok", &["v0 192.168.77.5"])
        .says("route", "ok", &["in the network of v0 (192.168.77.5)"])
        .says("dns", "ok", &[HUB, "192.168.77.17"])
        .says("tcp", "ok", &["192.168.77.17:4860 answers"])
        .says("tls", "ok", &[HUB])
        .says("names", "ok", &[])
        .says("wifi", "ok", &["v0 is no Wi-Fi"]);

    // Answers of routers that protect from rebinding: none of them keeps the hub from being reached.
    const NEEDLESS: &str = "nothing to do for homey-panel, which dials the address itself";
    let blocked: [(Answer, &str); 3] = [
        (
            |_| Some(Ipv4Addr::UNSPECIFIED),
            "is 0.0.0.0 by DNS, not 192.168.77.17",
        ),
        (|_| Some(Ipv4Addr::LOCALHOST), "is 127.0.0.1 by DNS"),
        (
            |name| (name == "api.athom.com").then_some([203, 0, 113, 5].into()),
            "is not found by DNS",
        ),
    ];
    for (answers, words) in blocked {
        house.answer(answers);
        house.doctor("192.168.77.17:4860").ends(0).says(
            "dns",
            "warn",
            &[
                words,
                "DNS rebind protection",
                NEEDLESS,
                "allow homeylocal.com in the router",
            ],
        );
    }
    house.answer(|_| None);
    house
        .doctor("192.168.77.17:4860")
        .ends(0)
        .says("dns", "warn", &["no DNS here", NEEDLESS]);

    // Another network: without a gateway, with one.
    house.doctor("10.1.1.17:4860").ends(69).says(
        "route",
        "fail",
        &["no route to 10.1.1.17", "gateway"],
    );
    house.panel.ip("route add default via 192.168.77.17");
    house.doctor("10.1.1.17:4860").ends(0).says(
        "route",
        "warn",
        &[
            "in another network, by v0 (192.168.77.5) and the gateway 192.168.77.17",
            "guest network",
        ],
    );

    // A port that is closed there, and where the hub is instead.
    let found = house.doctor("192.168.77.17");
    found.ends(69).says(
        "tcp",
        "fail",
        &[
            "192.168.77.17:443 refuses",
            "port 4860 is open",
            "https://192.168.77.17:4860",
        ],
    );
    // Nobody has that address.
    let found = house.doctor("192.168.77.99");
    found.ends(69).says(
        "tcp",
        "fail",
        &[
            "192.168.77.99:443",
            "check that 192.168.77.99 is the hub's address",
        ],
    );
    // The hub has moved, and the session's own address of it is the present one.
    let routes = json!({"local": "https://192-168-77-17.homey.homeylocal.com:4860"});
    house.bed.session(json!({"routes": routes}));
    let file = house.bed.file_line("session_file", "session.json");
    let found = house.doctor_with("192.168.77.99", &file);
    found
        .ends(0)
        .says(
            "tcp",
            "warn",
            &[
                "192.168.77.99:443",
                "the hub is at 192.168.77.17:4860 now",
                "address = \"192.168.77.17\"",
            ],
        )
        .says("tcp", "ok", &["192.168.77.17:4860 answers"])
        .says("names", "ok", &[]);
    // And without any address it is found the same way.
    let found = house.doctor_with("", &file);
    found
        .ends(0)
        .says("address", "ok", &["192.168.77.17:4860, found"])
        .says("hub", "ok", &[]);
    house
        .bed
        .session(json!({"hub": "ffffffffffffffffffffffff"}));
    let found = house.doctor_with("", &file);
    found
        .ends(69)
        .says("address", "fail", &["was not found", "has power"])
        .says("tcp", "skip", &[]);
    // Whatever is there never answers.
    house.hub.ip("route add blackhole 192.168.77.5/32");
    let found = house.doctor("192.168.77.17:4860");
    found.ends(69).says(
        "tcp",
        "fail",
        &["does not answer within 4 s", "blocks port 4860"],
    );

    house.panel.ip("link set v0 down");
    let found = house.doctor("192.168.77.17:4860");
    found
        .ends(69)
        .says("network", "fail", &["no interface is up", "Wi-Fi"])
        .says("address", "skip", &["needs network"]);
}
