// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line protocol from a device: the same messages however the bytes arrive, and our own lines are JSON that no device
//! can bend.

use homey_panel::hw::line::protocol::{Act, LineError, MAX_LINE, Message, Output, emit, parse};
use homey_panel::hw::line::reader::LineReader;
use homey_panel::panel::{Feedback, Look};

use super::input::{Input, Pieces};

pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let sizes = input.sizes();
    let whole = lines(input.0, &[]);
    assert_eq!(whole, lines(input.0, sizes), "{sizes:?}");
    for (line, error) in whole {
        assert!(line.len() <= MAX_LINE + 1 && !line.contains(&b'\n'));
        let text = String::from_utf8_lossy(&line);
        match error.map_or_else(|| parse(&line), Err) {
            Ok(Message::Control { name, act, age }) => {
                assert!(age.as_secs() <= 10);
                assert!(!matches!(act, Act::Turn(by) if by.abs() > 1000));
                let feedback = Feedback::Taken;
                ours(&Output::Feedback {
                    name: &name,
                    feedback,
                });
            }
            Ok(Message::Refresh) => {}
            Err(why) => ours(&Output::Error { why, line: &text }),
        }
        let look = Look {
            text: text.to_string(),
            level: line.len() as f32 / 7.0 - 1.0,
            ..Look::default()
        };
        ours(&Output::Show {
            name: &text,
            look: &look,
        });
        ours(&Output::Notice(&text));
        ours(&Output::Greeting {
            title: &text,
            layers: &[text.to_string()],
        });
    }
}

fn lines(bytes: &[u8], sizes: &[u8]) -> Vec<(Vec<u8>, Option<LineError>)> {
    let (mut reader, mut lines) = (LineReader::default(), Vec::new());
    let mut take = |line: &[u8], error| lines.push((line.to_vec(), error));
    for piece in Pieces::new(bytes, sizes) {
        reader.feed(piece, &mut take);
    }
    reader.finish(&mut take);
    lines
}

/// What we write is one line, an object, and known as ours when it comes back.
fn ours(output: &Output<'_>) {
    let line = emit(output);
    assert!(!line.contains(char::is_control));
    let object: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(&line);
    assert!(object.is_ok(), "{line}");
    // A device's line may be longer than ours may be, but not by escapes without end.
    if line.len() <= MAX_LINE {
        assert_eq!(parse(line.as_bytes()), Err(LineError::Echo), "{line}");
    }
}
