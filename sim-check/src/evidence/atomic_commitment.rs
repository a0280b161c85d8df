//! Evidence against atomic commitment.

use super::{claim, none, stands};
use crate::atomic_commitment::{Decision, Event, Node, TxnName, Violation};

impl Violation {
    /// Checks what the violation says against the events that it is about.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, events: &[Event]) -> Result<(), String> {
        let all = 0..events.len();
        let decides = |(at, n, d): (usize, Node, Decision), t: TxnName| {
            stands(events, at, |event| {
                matches!(event, Event::Decide { txn, node, decision }
                    if (*txn, *node, *decision) == (t, n, d))
            })
        };
        let takes_part = |t: TxnName, n: Node| {
            let asked = events.iter().any(|event| {
                matches!(event, Event::Begin { txn, participants } if *txn == t && participants.contains(&n))
            });
            claim(asked, || format!("node {n} takes part in transaction {t}"))
        };
        let never_decides = |t: TxnName, n: Node| {
            none(
                events,
                all.clone(),
                |event| matches!(event, Event::Decide { txn, node, .. } if (*txn, *node) == (t, n)),
            )
        };
        let voted = |event: &Event, t: TxnName, n: Node, answer: bool| matches!(event, Event::Vote { txn, node, yes } if (*txn, *node, *yes) == (t, n, answer));
        match *self {
            Violation::Agreement { txn, first, second } => {
                decides(first, txn)?;
                decides(second, txn)?;
                claim(first.2 != second.2, || "the decisions differ".to_string())
            }
            Violation::Stability { txn, node, first, second } => {
                decides((first.0, node, first.1), txn)?;
                decides((second.0, node, second.1), txn)?;
                claim(first.1 != second.1, || "the decisions differ".to_string())
            }
            Violation::Validity { txn, commit: (at, node), without, voted_no } => {
                decides((at, node, Decision::Commit), txn)?;
                takes_part(txn, without)?;
                match voted_no {
                    Some(no) => stands(events, no, |event| voted(event, txn, without, false)),
                    None => none(events, 0..at, |event| voted(event, txn, without, true)),
                }
            }
            Violation::NonTriviality { txn, abort: (at, node) } => {
                decides((at, node, Decision::Abort), txn)?;
                none(events, 0..at, |event| matches!(event, Event::Crash { .. } | Event::Fault))?;
                none(
                    events,
                    all.clone(),
                    |event| matches!(event, Event::Vote { txn: t, yes: false, .. } if *t == txn),
                )?;
                let participants = events.iter().filter_map(|event| match event {
                    Event::Begin { txn: t, participants } if *t == txn => Some(participants),
                    _ => None,
                });
                participants.flatten().try_for_each(|participant| {
                    let yes = events.iter().any(|event| voted(event, txn, *participant, true));
                    claim(yes, || format!("node {participant} votes yes"))
                })
            }
            Violation::Termination { txn, node } => {
                takes_part(txn, node)?;
                never_decides(txn, node)
            }
            Violation::Blocked { txn, node } => {
                takes_part(txn, node)?;
                never_decides(txn, node)?;
                none(
                    events,
                    all.clone(),
                    |event| matches!(event, Event::Crash { node: n } if *n == node),
                )
            }
            Violation::Unknown { txn, at } => {
                stands(
                    events,
                    at,
                    |event| matches!(event, Event::Vote { txn: t, .. } | Event::Decide { txn: t, .. } if *t == txn),
                )?;
                none(
                    events,
                    0..at,
                    |event| matches!(event, Event::Begin { txn: t, .. } if *t == txn),
                )
            }
        }
    }
}
