//! Files of transactions, judged for an isolation level.

use std::fmt::Write;

use super::{Case, JudgeError, Ruling, forget};
use crate::history::RawHistory;
use crate::render::{Bar, Edge, Picture};
use crate::txn::{
    AssumedViolation, Assumptions, Contradiction, Cycle, Evidence, Execution, IsolationLevel,
    MicroOp, Seen, Status, Step, TxnHistory, TxnId, Violation, Witness, check_assuming, from_raw,
    level_of,
};
use crate::verdict::{Budget, Verdict};

/// The judge of a file of transactions, or of their internal consistency alone.
pub(super) fn transactions(
    raw: &RawHistory,
    property: &str,
    assumptions: Assumptions,
) -> Result<Box<dyn Case>, JudgeError> {
    let history = from_raw(raw)?;
    if property == "no-internal-anomaly" {
        return Ok(Box::new(InternalCase { history }));
    }
    let level = level_of(&raw.header, property)
        .map_err(|error| JudgeError::Unsupported(error.to_string()))?;
    let assumed = Assumptions::of(&raw.header).map_err(JudgeError::Unsupported)?;
    Ok(Box::new(LevelCase { history, level, assumptions: assumptions.and(assumed) }))
}

struct LevelCase {
    history: TxnHistory,
    level: IsolationLevel,
    /// What holds of each key besides.
    assumptions: Assumptions,
}

struct LevelRuling<'c> {
    case: &'c LevelCase,
    verdict: Verdict<Execution, AssumedViolation>,
    configurations: u64,
}

impl Case for LevelCase {
    fn operations(&self) -> usize {
        self.history.len()
    }

    fn decide(&self, budget: Budget) -> Box<dyn Ruling + '_> {
        let mut meter = budget.meter();
        let verdict = check_assuming(&self.history, self.level, self.assumptions, &mut meter);
        Box::new(LevelRuling { case: self, verdict, configurations: meter.spent() })
    }
}

impl LevelRuling<'_> {
    fn why(&self, contradiction: &Contradiction) -> String {
        let LevelCase { history, level, assumptions } = self.case;
        assumptions.why(history, *level, contradiction)
    }
}

impl Ruling for LevelRuling<'_> {
    fn verdict(&self) -> Verdict<(), ()> {
        forget(&self.verdict)
    }

    fn configurations(&self) -> u64 {
        self.configurations
    }

    fn witness(&self) -> String {
        match &self.verdict {
            Verdict::Ok(execution) => {
                let order: Vec<String> =
                    execution.order.iter().map(|txn| format!("T{txn}")).collect();
                format!("order of commits: {}", order.join(" "))
            }
            Verdict::Violation(AssumedViolation::Level(violation)) => violation.to_string(),
            Verdict::Violation(AssumedViolation::Keys(contradiction)) => self.why(contradiction),
            Verdict::Unknown(exhausted) => exhausted.to_string(),
        }
    }

    fn picture(&self) -> Option<Picture> {
        let contradiction = match &self.verdict {
            Verdict::Ok(_) | Verdict::Unknown(_) => return None,
            Verdict::Violation(AssumedViolation::Level(violation)) => {
                return Some(picture(violation));
            }
            Verdict::Violation(AssumedViolation::Keys(contradiction)) => contradiction,
        };
        let why: Vec<String> = self.why(contradiction).lines().map(str::to_string).collect();
        let (history, title) = (&self.case.history, why[0].clone());
        let (txns, steps) = match contradiction {
            Contradiction::Versions { .. } => ((0..history.len() as TxnId).collect(), &[][..]),
            Contradiction::Transactions(cycle) => (cycle.txns(), &cycle.steps[..]),
        };
        Some(drawn(history, title, why[1..].to_vec(), txns, steps))
    }

    fn verify(&self) -> Result<(), String> {
        let LevelCase { history, level, assumptions } = self.case;
        match &self.verdict {
            Verdict::Ok(execution) => {
                execution.verify(history, *level).map_err(|error| error.to_string())
            }
            Verdict::Violation(AssumedViolation::Level(violation)) => {
                violation.verify(history).map_err(|error| error.to_string())
            }
            Verdict::Violation(AssumedViolation::Keys(contradiction)) => {
                assumptions.verify(history, *level, contradiction)
            }
            Verdict::Unknown(_) => Ok(()),
        }
    }
}

/// The transactions of the smallest violation in their lanes, joined by the dependencies that go in a circle.
fn picture(violation: &Violation) -> Picture {
    let history = &violation.history;
    let bars = (0..history.len() as TxnId)
        .map(|txn| bar(history, txn, violation.original[txn as usize]))
        .collect();
    let steps = cycle(violation).map_or(&[][..], |cycle| &cycle.steps);
    let edges = steps.iter().map(|step| Edge {
        from: step.from as usize,
        to: step.to as usize,
        label: step.kind.name().to_string(),
    });
    let title = match violation.anomaly() {
        Some(anomaly) => format!("not {}: {anomaly}", violation.level),
        None => format!("not {}", violation.level),
    };
    // The first line is the title, and the transactions, which stand in the lanes, come next, each begun by two spaces.
    let text = violation.to_string();
    let listed = |line: &&str| line.starts_with("  T") || line.starts_with("  and ");
    let why = text.lines().skip(1).skip_while(listed).map(str::to_string);
    Picture { title, why: why.collect(), bars, edges: edges.collect() }
}

/// Some transactions of a history in their lanes.
fn drawn(
    history: &TxnHistory,
    title: String,
    why: Vec<String>,
    mut txns: Vec<TxnId>,
    steps: &[Step],
) -> Picture {
    txns.sort_unstable();
    let place = |txn: TxnId| txns.binary_search(&txn).expect("it is shown");
    let edges = steps.iter().map(|step| Edge {
        from: place(step.from),
        to: place(step.to),
        label: step.kind.name().to_string(),
    });
    let edges = edges.collect();
    let bars = txns.iter().map(|txn| bar(history, *txn, *txn)).collect();
    Picture { title, why, bars, edges }
}

fn cycle(violation: &Violation) -> Option<&Cycle> {
    match &violation.evidence {
        Evidence::Finding(finding) => match &finding.witness {
            Witness::Cycle(cycle) => Some(cycle),
            Witness::Local { .. } | Witness::Unordered => None,
        },
        Evidence::Proof(proof) => Some(proof.mildest()),
        Evidence::Search => None,
    }
}

fn bar(history: &TxnHistory, txn: TxnId, name: TxnId) -> Bar {
    let entry = history.txn(txn);
    let mut label = format!("T{name}: ");
    for (place, op) in history.micro_ops(txn).iter().enumerate() {
        label.push_str(if place == 0 { "" } else { ", " });
        micro_op(&mut label, op).expect("a string takes all text");
    }
    let to = match entry.status {
        Status::Ok => (entry.completed != u32::MAX).then_some(entry.completed),
        Status::Fail => {
            label.push_str(" (failed)");
            (entry.completed != u32::MAX).then_some(entry.completed)
        }
        Status::Info => None,
    };
    Bar {
        lane: format!("p{}", entry.process),
        label,
        from: entry.invoked,
        to,
        times: (
            entry.invoked.to_string(),
            to.map_or("unknown".to_string(), |position| position.to_string()),
        ),
        essential: true,
    }
}

fn micro_op(label: &mut String, op: &MicroOp) -> std::fmt::Result {
    match op {
        MicroOp::Append(key, value) => write!(label, "append {key} {value}"),
        MicroOp::Write(key, value) => write!(label, "w {key} {value}"),
        MicroOp::Read(key, Seen::Unknown) => write!(label, "r {key} ?"),
        MicroOp::Read(key, Seen::Initial) => write!(label, "r {key} nil"),
        MicroOp::Read(key, Seen::Value(value)) => write!(label, "r {key} {value}"),
        MicroOp::Read(key, Seen::List(list)) => {
            let list: Vec<String> = list.iter().map(ToString::to_string).collect();
            write!(label, "r {key} [{}]", list.join(" "))
        }
    }
}

/// Asks whether each transaction agrees with itself.
struct InternalCase {
    history: TxnHistory,
}

struct InternalRuling<'c> {
    case: &'c InternalCase,
    /// The first transaction that does not, and the read in it.
    verdict: Verdict<(), (TxnId, usize)>,
    configurations: u64,
}

impl Case for InternalCase {
    fn operations(&self) -> usize {
        self.history.len()
    }

    /// Each read is compared with the operations before it in its transaction.
    fn decide(&self, budget: Budget) -> Box<dyn Ruling + '_> {
        let history = &self.history;
        let mut meter = budget.meter();
        let mut committed = (0..history.len() as TxnId)
            .filter(|txn| matches!(history.txn(*txn).status, Status::Ok));
        let bad = committed.find_map(|txn| {
            let ops = history.micro_ops(txn);
            if !meter.spend(1) {
                return Some(Verdict::Unknown(meter.exhausted()));
            }
            Some(Verdict::Violation((txn, disagreement(&ops)?)))
        });
        let (verdict, configurations) = (bad.unwrap_or(Verdict::Ok(())), meter.spent());
        Box::new(InternalRuling { case: self, verdict, configurations })
    }
}

/// The first read that contradicts what the transaction itself read and wrote before.
fn disagreement(ops: &[MicroOp]) -> Option<usize> {
    (0..ops.len()).find(|place| {
        let MicroOp::Read(key, seen) = &ops[*place] else { return false };
        let before = || {
            ops[..*place].iter().filter(|op| match op {
                MicroOp::Append(k, _) | MicroOp::Write(k, _) | MicroOp::Read(k, _) => k == key,
            })
        };
        let Some(last) = before().next_back() else { return false };
        match (seen, last) {
            (Seen::Unknown, _) | (_, MicroOp::Read(_, Seen::Unknown)) => false,
            (Seen::Value(value), MicroOp::Write(_, written)) => value != written,
            (_, MicroOp::Write(..)) => true,
            (_, MicroOp::Read(_, earlier)) => elements(seen) != elements(earlier),
            // The list ends with the appends since the last read, after what that one saw.
            (_, MicroOp::Append(..)) => {
                let (mut suffix, mut prefix) = (Vec::new(), None);
                for op in before() {
                    match op {
                        MicroOp::Append(_, element) => suffix.push(element.clone()),
                        MicroOp::Read(_, Seen::Unknown) => prefix = None,
                        MicroOp::Read(_, seen) => {
                            suffix.clear();
                            prefix = Some(elements(seen));
                        }
                        MicroOp::Write(..) => {}
                    }
                }
                let list = elements(seen);
                match prefix {
                    Some(prefix) => list != [prefix, suffix].concat(),
                    None => !list.ends_with(&suffix),
                }
            }
        }
    })
}

fn elements(seen: &Seen) -> Vec<crate::txn::Atom> {
    match seen {
        Seen::Unknown | Seen::Initial => Vec::new(),
        Seen::Value(value) => vec![value.clone()],
        Seen::List(list) => list.clone(),
    }
}

impl InternalRuling<'_> {
    fn why(&self, (txn, place): (TxnId, usize)) -> String {
        let mut label = String::new();
        let op = &self.case.history.micro_ops(txn)[place];
        micro_op(&mut label, op).expect("a string takes all text");
        format!("T{txn}: `{label}` contradicts what T{txn} itself read and wrote before.")
    }
}

impl Ruling for InternalRuling<'_> {
    fn verdict(&self) -> Verdict<(), ()> {
        forget(&self.verdict)
    }

    fn configurations(&self) -> u64 {
        self.configurations
    }

    fn witness(&self) -> String {
        match &self.verdict {
            Verdict::Ok(()) => "each transaction agrees with itself".to_string(),
            Verdict::Violation(bad) => self.why(*bad),
            Verdict::Unknown(exhausted) => exhausted.to_string(),
        }
    }

    fn picture(&self) -> Option<Picture> {
        let Verdict::Violation(bad) = self.verdict else { return None };
        Some(Picture {
            title: "internal anomaly".to_string(),
            why: vec![self.why(bad)],
            bars: vec![bar(&self.case.history, bad.0, bad.0)],
            edges: Vec::new(),
        })
    }

    fn verify(&self) -> Result<(), String> {
        use crate::txn::{Anomaly, ClientOrder, analyze};
        // The judge of all anomalies, which reads the operations in another way, has to agree.
        let analysis = analyze(&self.case.history, ClientOrder::Free, Budget::default());
        let found =
            analysis.contains(Anomaly::Internal) || analysis.contains(Anomaly::NonRepeatableRead);
        if analysis.incomplete || self.verdict.is_unknown() || found == self.verdict.is_violation()
        {
            return Ok(());
        }
        Err(format!("an internal anomaly was found: {found}; the verdict says the opposite"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_within_a_transaction_are_found() {
        let append = |element: i64| MicroOp::append("x", element);
        let read = |list: &[i64]| MicroOp::read_list("x", list.iter().copied());
        assert_eq!(disagreement(&[append(1), read(&[9, 1])]), None);
        assert_eq!(disagreement(&[append(1), read(&[9])]), Some(1));
        assert_eq!(disagreement(&[read(&[9]), append(1), read(&[9, 1])]), None);
        assert_eq!(disagreement(&[read(&[9]), append(1), read(&[8, 1])]), Some(2));
        assert_eq!(disagreement(&[read(&[9]), append(1), read(&[9, 1]), read(&[9])]), Some(3));
        assert_eq!(disagreement(&[MicroOp::read_initial("x"), read(&[])]), None);
        let (write, seen) = (MicroOp::write("x", 1), MicroOp::read("x", 2));
        assert_eq!(disagreement(&[write.clone(), MicroOp::read("x", 1)]), None);
        assert_eq!(disagreement(&[seen.clone(), write.clone(), seen.clone()]), Some(2));
        assert_eq!(disagreement(&[write, MicroOp::read_initial("x")]), Some(1));
    }
}
