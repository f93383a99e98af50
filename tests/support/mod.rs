// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tests over data files share: finding the files and reading escaped bytes.

use std::fs;
use std::path::Path;

/// Name and text of every `.txt` file in `tests/data/<folder>`, sorted by name.
pub fn case_files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(folder);
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<(String, String)> = entries
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let text = fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (
                path.file_name()
                    .expect("a file name")
                    .to_string_lossy()
                    .into_owned(),
                text,
            )
        })
        .collect();
    files.sort();
    files
}

/// The bytes of `text`, in which `\r`, `\n`, `\t`, `\0`, `\\` and `\xHH` stand for one byte each.
pub fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next() {
            Some(b'r') => b'\r',
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'0') => 0,
            Some(b'\\') => b'\\',
            Some(b'x') => {
                let digits =
                    [rest.next(), rest.next()].map(|digit| char::from(digit.unwrap_or(b'?')));
                let digits = String::from_iter(digits);
                u8::from_str_radix(&digits, 16)
                    .unwrap_or_else(|_| panic!("\\x{digits} in {text:?}"))
            }
            other => panic!("\\{other:?} in {text:?}"),
        });
    }
    bytes
}
