// SPDX-License-Identifier: MIT OR Apache-2.0

use std::os::unix::fs::PermissionsExt;

use homey_rig::Dir;

use super::*;
use crate::homey::secret::Secret;
use crate::homey::session::Kind;

fn session(token: &str) -> Session {
    Session::given(Kind::Bearer, "5f00aa11", Secret::parse(token).unwrap())
}

fn names(dir: &Dir) -> Vec<String> {
    let entries = fs::read_dir(&**dir).unwrap();
    let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn what_is_written_is_read_and_nothing_else_stays() {
    let dir = Dir::new().unwrap();
    let store = Store::at(dir.join("session.json"));
    assert_eq!(store.read(), Ok(None));
    for (token, reserved) in [("one", false), ("two", true)] {
        let mut lock = store.lock().unwrap();
        if reserved {
            lock.reserve().unwrap();
        }
        lock.write(&session(token)).unwrap();
        drop(lock);
        assert_eq!(store.read(), Ok(Some(session(token))));
        assert_eq!(names(&dir), ["session.json", "session.lock"]);
        let meta = fs::metadata(store.path()).unwrap();
        assert_eq!(
            (meta.mode() & 0o777, meta.len()),
            (0o600, session(token).emit().len() as u64)
        );
    }
    let mut lock = store.lock().unwrap();
    lock.write_password(b"{}").unwrap();
    lock.reserve().unwrap();
    assert_eq!(store.password(), Ok(Some(b"{}".to_vec())));
    drop(lock);
    assert_eq!(
        names(&dir),
        ["password.json", "session.json", "session.lock"],
        "room that was not needed"
    );
    let lock = store.lock().unwrap();
    lock.remove().unwrap();
    lock.remove().unwrap();
    assert_eq!((store.read(), store.password()), (Ok(None), Ok(None)));
    assert_eq!(names(&dir), ["session.lock"]);
}

#[test]
fn one_writer_at_a_time_and_leftovers_go() {
    let dir = Dir::new().unwrap();
    let store = Store::at(dir.join("session.json"));
    fs::write(dir.join("session.json.new"), "half").unwrap();
    let held = store.lock().unwrap();
    assert!(!dir.join("session.json.new").exists());
    let error = store.lock_within(Duration::ZERO).map(drop).unwrap_err();
    assert_eq!(error.exit, Exit::Unavailable);
    assert!(error.message.contains("session.lock for 0 s"), "{error}");
    drop(held);
    store.lock_within(Duration::ZERO).map(drop).unwrap();
}

#[test]
fn a_place_that_cannot_be_written_is_named_with_its_cure() {
    let dir = Dir::new().unwrap();
    let nowhere = Store::at(dir.join("no/session.json"));
    let error = nowhere.lock().map(drop).unwrap_err();
    assert_eq!(error.exit, Exit::Config);
    assert!(
        error.message.contains("no is no directory; make it"),
        "{error}"
    );
    let looked = nowhere.probe().unwrap_err();
    assert_eq!(
        (looked.exit, looked.message.split_once("; ").unwrap().1),
        (error.exit, error.message.split_once("; ").unwrap().1)
    );
    let readable = Store::at(dir.join("session.json"));
    readable.probe().unwrap();
    assert_eq!(names(&dir), [""; 0], "a look leaves nothing behind");
    let cases = [
        (Errno::EROFS, Exit::Config, "is read-only; set session_file"),
        (Errno::EACCES, Exit::Config, "this user may not write in"),
        (Errno::ENOSPC, Exit::Failed, "make room on the disk of"),
        (Errno::EIO, Exit::Failed, "check "),
    ];
    for (errno, exit, words) in cases {
        let failure = readable.failed("writing", readable.path(), &errno.into());
        assert_eq!(failure.exit, exit);
        assert!(failure.message.contains(words), "{failure}");
    }
    fs::set_permissions(&*dir, fs::Permissions::from_mode(0o500)).unwrap();
    // Root may write everywhere.
    if !nix::unistd::geteuid().is_root() {
        assert_eq!(readable.probe().unwrap_err().exit, Exit::Config);
    }
    fs::set_permissions(&*dir, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_full_disk_is_found_before_anything_is_asked_and_keeps_what_was_there() {
    // A file that takes nothing, as a full disk's does.
    let store = Store::at("/dev/full");
    let dir = Dir::new().unwrap();
    let here = Store::at(dir.join("session.json"));
    let mut lock = here.lock().unwrap();
    lock.write(&session("old")).unwrap();
    let full = OpenOptions::new().write(true).open(store.path()).unwrap();
    // What was taken is given back before anything is given up, as a file system needs it that writes nothing in its old place.
    lock.reserve().unwrap();
    lock.reserved = Some(full);
    lock.write(&session("new")).unwrap();
    assert_eq!(here.read(), Ok(Some(session("new"))));
    assert_eq!(names(&dir), ["session.json", "session.lock"]);
    // Whatever else is wrong, what was there stays.
    let deaf = File::open(store.path()).unwrap();
    let error = lock.put(here.path(), Some(deaf), b"x").unwrap_err();
    assert_eq!(error.exit, Exit::Failed);
    assert_eq!(here.read(), Ok(Some(session("new"))));
    assert_eq!(names(&dir), ["session.json", "session.lock"]);
}

/// What root writes stays the service's: only root can see that, and only root needs it.
#[test]
fn what_root_writes_belongs_to_whom_the_session_does() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    const SERVICE: u32 = 65_534;
    let dir = Dir::new().unwrap();
    let store = Store::at(dir.join("session.json"));
    let give = |path: &Path, uid| std::os::unix::fs::chown(path, Some(uid), Some(uid)).unwrap();
    let owners = || {
        let owner = |name: &String| {
            let meta = fs::metadata(dir.join(name)).unwrap();
            (meta.uid(), meta.gid(), meta.mode() & 0o777)
        };
        names(&dir).iter().map(owner).collect::<Vec<_>>()
    };
    let write = || {
        let mut lock = store.lock().unwrap();
        lock.write_password(b"{}").unwrap();
        lock.reserve().unwrap();
        lock.write(&session("one")).unwrap();
    };
    give(&dir, SERVICE);
    write();
    let all = |uid| vec![(uid, uid, 0o600); 3];
    assert_eq!(owners(), all(SERVICE), "the directory's");
    // The file's owner goes before the directory's, but for root, who was there by mistake.
    give(&dir, 0);
    write();
    assert_eq!(owners(), all(SERVICE), "the old file's");
    give(&dir, SERVICE);
    give(store.path(), 0);
    write();
    assert_eq!(owners(), all(SERVICE), "the directory's again");
    // A lock that somebody else put there is not given away.
    fs::remove_file(dir.join("session.lock")).unwrap();
    fs::write(dir.join("other"), "").unwrap();
    fs::hard_link(dir.join("other"), dir.join("session.lock")).unwrap();
    store.lock().map(drop).unwrap();
    assert_eq!(fs::metadata(dir.join("other")).unwrap().uid(), 0);
}
