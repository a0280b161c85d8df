//! Texts that may be histories.

use sim_check::Budget;
use sim_check::history::{HistoryError, RawHistory};
use sim_check::judge::{JudgeError, prepare};
use sim_check::txn::{IsolationLevel, check, from_raw};

use super::random::Random;

/// What a text turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// A history with a judge.
    Judged,
    /// A history that nobody judges.
    Unsupported,
    /// No history.
    Refused,
}

/// Reads a text as JSON Lines and as EDN, and judges what comes out, with little work.
///
/// # Panics
/// If an error does not name a line of the text, or a certificate does not hold.
pub fn read_and_judge(text: &str) -> [Reading; 2] {
    [RawHistory::from_json_lines(text), RawHistory::from_edn(text)].map(|raw| match raw {
        Ok(raw) => judge(&raw, text),
        Err(error) => refused(&error, text),
    })
}

fn judge(raw: &RawHistory, text: &str) -> Reading {
    let reading = match prepare(raw, None) {
        Ok(prepared) => {
            let ruling = prepared.decide(Budget::configurations(2_000));
            ruling.verify().unwrap_or_else(|error| panic!("{error}: {text}"));
            Reading::Judged
        }
        Err(JudgeError::History(error)) => refused(&error, text),
        Err(JudgeError::Unsupported(_)) => Reading::Unsupported,
    };
    match from_raw(raw) {
        Ok(history) => {
            for level in [IsolationLevel::READ_COMMITTED, IsolationLevel::STRICT_SERIALIZABLE] {
                let verdict = check(&history, level, Budget::configurations(2_000));
                assert!(!verdict.word().is_empty());
            }
            Reading::Judged
        }
        Err(error) => {
            refused(&error, text);
            reading
        }
    }
}

fn refused(error: &HistoryError, text: &str) -> Reading {
    let message = error.to_string();
    let line = message.strip_prefix("line ").and_then(|rest| rest.split(':').next());
    let line: usize = line.and_then(|line| line.parse().ok()).unwrap_or_else(|| {
        panic!("{message:?} names no line of {text:?}");
    });
    let lines = text.lines().count();
    assert!((1..=lines + 1).contains(&line), "{message:?}, but there are {lines} lines: {text:?}");
    Reading::Refused
}

/// Pieces of which histories are made, and some of which they are not.
const PIECES: [&str; 24] = [
    "null",
    "nil",
    "-1",
    "0",
    "99999999999999999999",
    "1e400",
    "true",
    "[]",
    "{}",
    "[[",
    "]",
    "}",
    "\"",
    "\\u0000",
    ":ok",
    ":info",
    "\"fail\"",
    "#{1 2}",
    "invoke",
    "nemesis",
    ";",
    "\u{fffd}",
    "[\"r\",1,null]",
    "\n",
];

/// Changes a text in a few places.
pub fn mutate(text: &str, random: &mut Random) -> String {
    let mut text = text.to_string();
    for _ in 0..1 + random.below(3) {
        let mut lines: Vec<&str> = text.lines().collect();
        let one = random.below(lines.len().max(1));
        let two = random.below(lines.len().max(1));
        text = match random.below(8) {
            0 if !lines.is_empty() => {
                lines.remove(one);
                lines.join("\n")
            }
            1 if !lines.is_empty() => {
                lines.insert(one, lines[two]);
                lines.join("\n")
            }
            2 if !lines.is_empty() => {
                lines.swap(one, two);
                lines.join("\n")
            }
            3 => text[..place(&text, random)].to_string(),
            4 => {
                let at = place(&text, random);
                let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
                format!("{}{}", &text[..at], &text[end..])
            }
            5 => {
                // One word by another one of the text.
                let words: Vec<&str> = text.split([',', ' ', ':']).collect();
                let (from, to) =
                    (words[random.below(words.len())], words[random.below(words.len())]);
                if from.is_empty() { text } else { text.replacen(from, to, 1 + random.below(3)) }
            }
            _ => {
                let at = place(&text, random);
                format!("{}{}{}", &text[..at], PIECES[random.below(PIECES.len())], &text[at..])
            }
        };
    }
    text
}

fn place(text: &str, random: &mut Random) -> usize {
    let mut at = random.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
