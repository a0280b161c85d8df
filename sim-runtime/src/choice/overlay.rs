//! Recording choices, and running with some of them edited.

use super::Kind;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A choice that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The path of the stream.
    pub path: String,
    /// How many choices the stream had made before.
    pub counter: u32,
    /// What it was about.
    pub kind: Kind,
    /// The largest outcome possible.
    pub span: u64,
    /// The outcome taken. 0 is benign.
    pub outcome: u64,
}

/// One choice fixed by hand, by a shrinker or from a recording: `path#counter = outcome`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// The path of the stream.
    pub path: String,
    /// Which choice of the stream.
    pub counter: u32,
    /// The outcome to take, cut to the largest that is possible there.
    pub outcome: u64,
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{} = {}", self.path, self.counter, self.outcome)
    }
}

impl FromStr for Edit {
    type Err = String;

    fn from_str(text: &str) -> Result<Edit, String> {
        let error = || {
            format!("`{text}` is not an edit: write path#counter = outcome, such as net/a>b#3 = 0")
        };
        let (choice, outcome) = text.rsplit_once('=').ok_or_else(error)?;
        let (path, counter) = choice.trim().rsplit_once('#').ok_or_else(error)?;
        if path.is_empty() {
            return Err(error());
        }
        Ok(Edit {
            path: path.to_owned(),
            counter: counter.parse().map_err(|_| error())?,
            outcome: outcome.trim().parse().map_err(|_| error())?,
        })
    }
}

/// What a choice without an edit does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fallback {
    /// It is drawn from the seed.
    #[default]
    Drawn,
    /// It takes outcome 0.
    Benign,
}

/// An overlay over the choices of a seed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// The fixed choices, in any order. Of two for one choice the later counts.
    pub edits: Vec<Edit>,
    /// What the others do.
    pub fallback: Fallback,
}

impl Edits {
    /// Whether they change nothing.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty() && self.fallback == Fallback::Drawn
    }
}

/// An edit that met no choice: its stream never drew that often, or never was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched(pub Edit);

/// A recorded choice before its path is turned into text.
struct Made {
    id: u32,
    counter: u32,
    kind: Kind,
    span: u64,
    outcome: u64,
}

#[derive(Default)]
struct StreamEdits {
    outcomes: BTreeMap<u32, (u64, bool)>,
}

pub(super) struct Overlay {
    by_path: BTreeMap<String, StreamEdits>,
    /// For each path id seen: whether it has edits, and under which text.
    known: BTreeMap<u32, Option<String>>,
    fallback: Fallback,
    log: Option<Vec<Made>>,
}

impl Overlay {
    pub(super) fn new(edits: &Edits, record: bool) -> Overlay {
        let mut by_path: BTreeMap<String, StreamEdits> = BTreeMap::new();
        for edit in &edits.edits {
            by_path
                .entry(edit.path.clone())
                .or_default()
                .outcomes
                .insert(edit.counter, (edit.outcome, false));
        }
        Overlay {
            by_path,
            known: BTreeMap::new(),
            fallback: edits.fallback,
            log: record.then(Vec::new),
        }
    }

    pub(super) fn settle(
        &mut self,
        id: u32,
        counter: u32,
        kind: Kind,
        span: u64,
        drawn: u64,
        text: impl FnOnce() -> String,
    ) -> u64 {
        let outcome = self.edited(id, counter, text).map(|outcome| outcome.min(span));
        let outcome = outcome.unwrap_or(match self.fallback {
            Fallback::Drawn => drawn,
            Fallback::Benign => 0,
        });
        if let Some(log) = &mut self.log {
            log.push(Made { id, counter, kind, span, outcome });
        }
        outcome
    }

    fn edited(&mut self, id: u32, counter: u32, text: impl FnOnce() -> String) -> Option<u64> {
        if self.by_path.is_empty() {
            return None;
        }
        let by_path = &mut self.by_path;
        let known = self.known.entry(id).or_insert_with(|| {
            let text = text();
            by_path.contains_key(&text).then_some(text)
        });
        let (outcome, used) = by_path.get_mut(known.as_ref()?)?.outcomes.get_mut(&counter)?;
        *used = true;
        Some(*outcome)
    }

    pub(super) fn recorded(&self, text: impl Fn(u32) -> String) -> Vec<Choice> {
        let mut texts: BTreeMap<u32, String> = BTreeMap::new();
        let made = self.log.iter().flatten();
        made.map(|m| Choice {
            path: texts.entry(m.id).or_insert_with(|| text(m.id)).clone(),
            counter: m.counter,
            kind: m.kind,
            span: m.span,
            outcome: m.outcome,
        })
        .collect()
    }

    pub(super) fn unmatched(&self) -> Vec<Unmatched> {
        let mut missing = Vec::new();
        for (path, stream) in &self.by_path {
            for (&counter, &(outcome, used)) in &stream.outcomes {
                if !used {
                    missing.push(Unmatched(Edit { path: path.clone(), counter, outcome }));
                }
            }
        }
        missing
    }
}
