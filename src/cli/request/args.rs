// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of `homey-panel request`: curl's own option names where curl has them.
//!
//! Reads the files that options name (`-H @FILE`, `-d @FILE`), so that secrets need not stand in argv.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;

use crate::failure::Failure;

/// Bodies and header files larger than this are refused before they are read whole: 64 MiB.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// The media types that `-d` and `--json` imply.
pub const FORM: &str = "application/x-www-form-urlencoded";
pub const JSON: &str = "application/json";

/// What was asked for.
#[derive(Debug, Default)]
pub struct Args {
    /// A path on the configured hub, or a full URL.
    pub target: String,
    pub method: Option<String>,
    /// Field lines as typed, in their order.
    pub lines: Vec<Vec<u8>>,
    pub body: Option<Vec<u8>>,
    /// What the body is unless a line says otherwise.
    pub media_type: &'static str,
    /// `-i`: the head of the reply goes to stdout before the body.
    pub include: bool,
    pub verbose: bool,
    pub show_secrets: bool,
    pub output: Option<PathBuf>,
    pub max_time: Duration,
    pub cacert: Option<PathBuf>,
    pub pin: Option<String>,
    pub resolve: Vec<String>,
    pub proxy: Option<String>,
    /// `None`: the configured one.
    pub profile: Option<String>,
    /// Send the configured bearer to a full URL too.
    pub bearer: bool,
    /// Leave content codings on.
    pub raw: bool,
    /// Send a head that contradicts its body.
    pub unchecked: bool,
    /// `-c` after the command's name.
    pub config: Option<PathBuf>,
}

/// The text of `request --help`.
pub const HELP: &str = "\
usage: homey-panel [-c FILE] request [OPTIONS] PATH|URL

Sends one request whose header bytes are exactly the configured ones and writes the reply's body to stdout.
A PATH (starting with /) goes to the configured hub with its bearer. A full http:// or https:// URL goes there
under the same header profile and never with the bearer, unless --bearer.

  -X, --request METHOD      the method (default GET; POST with a body)
  -H, --header LINE         a field line exactly as typed; replaces the profile's line of that name in place,
                            else is appended; 'Name:' takes the profile's line out. @FILE reads lines from a file
  -d, --data DATA           a form body, POST unless -X; several are joined with &. @FILE reads it without its
                            line ends, @- from stdin
      --data-binary DATA    as -d, but @FILE is sent as it is
      --json DATA           as -d, with Content-Type application/json
  -I, --head                a HEAD request
  -i, --include             write the head of the reply before its body
  -v, --verbose             show the sent head byte for byte on stderr, and the head of the reply
      --show-secrets        with -v: do not hide the bearer
  -o, --output FILE         write the body to FILE, whole or not at all
  -m, --max-time SECONDS    give up after so long in all (default 30)
      --cacert FILE         trust the CA certificates in this PEM file instead
      --pin sha256//BASE64  trust exactly this key instead of any chain, name and date
      --resolve HOST:PORT:ADDR  dial ADDR for that host and port
  -x, --proxy URL           go through this proxy: http://, socks5://, socks5h://
      --profile NAME        the header profile: forum, minimal, one of the configuration's own, or none: the
                            request line and the -H lines, nothing else (with a body: Content-Length)
      --bearer              send the configured bearer to a full URL too
      --raw                 leave content codings (gzip, deflate, br) on
      --unchecked           send also a Content-Length that is missing or wrong, and lines that are no fields

Exit codes: 0; 1 status 400 or above, or a reply that is not complete; 64 usage; 69 nobody there;
77 credentials; 78 configuration.
";

impl Args {
    /// Reads the rest of the command line. `Ok(None)`: help was asked for.
    pub fn parse(parser: &mut lexopt::Parser) -> Result<Option<Args>, Failure> {
        let mut args = Args {
            max_time: Duration::from_secs(30),
            media_type: FORM,
            ..Args::default()
        };
        let mut head = false;
        while let Some(arg) = parser.next()? {
            match arg {
                Short('h') | Long("help") => return Ok(None),
                Short('X') | Long("request") => args.method = Some(text(parser.value()?, "-X")?),
                Short('H') | Long("header") => args.header(parser.value()?)?,
                Short('d') | Long("data") => args.data(parser.value()?, true)?,
                Long("data-binary") => args.data(parser.value()?, false)?,
                Long("json") => {
                    args.media_type = JSON;
                    args.data(parser.value()?, false)?;
                }
                Short('c') | Long("config") => args.config = Some(parser.value()?.into()),
                Short('I') | Long("head") => head = true,
                Short('i') | Long("include") => args.include = true,
                Short('v') | Long("verbose") => args.verbose = true,
                Long("show-secrets") => args.show_secrets = true,
                Short('o') | Long("output") => args.output = Some(parser.value()?.into()),
                Short('m') | Long("max-time") => {
                    args.max_time = seconds(&text(parser.value()?, "-m")?)?
                }
                Long("cacert") => args.cacert = Some(parser.value()?.into()),
                Long("pin") => args.pin = Some(text(parser.value()?, "--pin")?),
                Long("resolve") => args.resolve.push(text(parser.value()?, "--resolve")?),
                Short('x') | Long("proxy") => args.proxy = Some(text(parser.value()?, "-x")?),
                Long("profile") => args.profile = Some(text(parser.value()?, "--profile")?),
                Long("bearer") => args.bearer = true,
                Long("raw") => args.raw = true,
                Long("unchecked") => args.unchecked = true,
                Value(value) if args.target.is_empty() => args.target = text(value, "the URL")?,
                other => return Err(other.unexpected().into()),
            }
        }
        if args.target.is_empty() {
            return Err(Failure::usage("request: a path or URL is missing"));
        }
        if args.cacert.is_some() && args.pin.is_some() {
            return Err(Failure::usage(
                "request: --cacert and --pin exclude each other; a pin replaces the chain",
            ));
        }
        if head {
            if args.body.is_some() {
                return Err(Failure::usage("request: -I and a body exclude each other"));
            }
            args.method.get_or_insert_with(|| "HEAD".into());
            args.include = true;
        }
        Ok(Some(args))
    }

    /// The method that was asked for or that the body implies.
    pub fn method(&self) -> &str {
        match (&self.method, &self.body) {
            (Some(method), _) => method,
            (None, Some(_)) => "POST",
            (None, None) => "GET",
        }
    }

    fn header(&mut self, value: OsString) -> Result<(), Failure> {
        match file_of(&value) {
            None => self.lines.push(value.into_vec()),
            Some(file) => {
                let content = read(file, "-H")?;
                let lines = content
                    .split(|b| *b == b'\n')
                    .map(|l| l.strip_suffix(b"\r").unwrap_or(l));
                self.lines
                    .extend(lines.filter(|l| !l.is_empty()).map(<[u8]>::to_vec));
            }
        }
        Ok(())
    }

    /// `fold`: take line ends out of a file, as curl's `-d` does.
    fn data(&mut self, value: OsString, fold: bool) -> Result<(), Failure> {
        let mut piece = match file_of(&value) {
            None => value.into_vec(),
            Some(file) => {
                let mut content = read(file, "-d")?;
                if fold {
                    content.retain(|b| !matches!(b, b'\r' | b'\n' | 0));
                }
                content
            }
        };
        match &mut self.body {
            None => self.body = Some(piece),
            Some(body) => {
                if self.media_type == FORM {
                    body.push(b'&');
                }
                body.append(&mut piece);
            }
        }
        Ok(())
    }
}

/// The file that `@FILE` names.
fn file_of(value: &OsStr) -> Option<&OsStr> {
    value.as_bytes().strip_prefix(b"@").map(OsStr::from_bytes)
}

fn text(value: OsString, option: &str) -> Result<String, Failure> {
    value
        .into_string()
        .map_err(|_| Failure::usage(format!("request: {option} is not UTF-8 text")))
}

fn seconds(value: &str) -> Result<Duration, Failure> {
    let parsed = value
        .parse::<f64>()
        .ok()
        .filter(|s| *s > 0.0 && *s <= 86_400.0);
    parsed.map(Duration::from_secs_f64).ok_or_else(|| {
        Failure::usage(format!(
            "request: -m {value}: expected seconds from 0.001 to 86400"
        ))
    })
}

fn read(file: &OsStr, option: &str) -> Result<Vec<u8>, Failure> {
    let shown = file.to_string_lossy();
    let failed = |e: io::Error| Failure::usage(format!("request: {option} @{shown}: {e}"));
    let mut content = Vec::new();
    let read = if file == "-" {
        io::stdin()
            .lock()
            .take(MAX_FILE + 1)
            .read_to_end(&mut content)
    } else {
        fs::File::open(file)
            .map_err(failed)?
            .take(MAX_FILE + 1)
            .read_to_end(&mut content)
    };
    match read.map_err(failed)? {
        n if u64::try_from(n).unwrap_or(u64::MAX) > MAX_FILE => Err(Failure::usage(format!(
            "request: {option} @{shown}: larger than 64 MiB"
        ))),
        _ => Ok(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Result<Option<Args>, Failure> {
        Args::parse(&mut lexopt::Parser::from_args(line))
    }

    #[test]
    fn options_mean_what_they_mean_to_curl() {
        let args = parse(&[
            "/x", "-d", "a=1", "-H", "X-A:  1", "-d", "b=2", "-m", "1.5", "-iv",
        ])
        .unwrap()
        .unwrap();
        assert_eq!(
            (args.method(), args.body.as_deref()),
            ("POST", Some(&b"a=1&b=2"[..]))
        );
        assert_eq!(args.lines, [b"X-A:  1".to_vec()]);
        assert_eq!(args.max_time, Duration::from_millis(1500));
        assert!(args.include && args.verbose && !args.raw);
        assert_eq!(
            parse(&["/x", "-X", "PUT", "-d", "1"])
                .unwrap()
                .unwrap()
                .method(),
            "PUT"
        );
        assert_eq!(
            parse(&["/x", "--json", "{}"]).unwrap().unwrap().media_type,
            JSON
        );
        assert_eq!(parse(&["/x", "-I"]).unwrap().unwrap().method(), "HEAD");
        assert!(parse(&["--help"]).unwrap().is_none());
    }

    #[test]
    fn mistakes_are_named() {
        for (line, word) in [
            (&["-d", "x"][..], "missing"),
            (&["/x", "/y"], "/y"),
            (&["/x", "-m", "0"], "expected seconds"),
            (&["/x", "-m", "soon"], "expected seconds"),
            (&["/x", "-d", "@/no/such/file"], "/no/such/file"),
            (&["/x", "--cacert", "a", "--pin", "b"], "exclude"),
            (&["/x", "--wrong"], "--wrong"),
            (&["/x", "-I", "-d", "x"], "exclude"),
        ] {
            let failure = parse(line).unwrap_err();
            assert!(failure.message.contains(word), "{failure}");
            assert_eq!(failure.exit, crate::failure::Exit::Usage);
        }
    }
}
