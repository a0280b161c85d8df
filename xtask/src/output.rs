//! Lines on standard output.

use serde::Serialize;
use std::io::{self, Write};

/// Prints one line of JSON.
///
/// # Errors
/// When standard output cannot be written, other than because its reader has left.
pub fn line(value: &impl Serialize) -> Result<(), String> {
    text(&serde_json::to_string(value).map_err(|error| error.to_string())?)
}

/// Prints one text, and a line's end.
///
/// # Errors
/// When standard output cannot be written, other than because its reader has left.
pub fn text(text: &str) -> Result<(), String> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("standard output: {error}"))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A trace hash as text.
pub fn hash(hash: u64) -> String {
    format!("{hash:016x}")
}
