//! Files whose sessions are judged.

use super::{Case, JudgeError, Ruling};
use crate::history::{Call, Header, History, HistoryError, OperationId, Outcome, Value};
use crate::render::{Bar, Edge, Picture};
use crate::session::{
    SessionAccess, SessionGuarantee, SessionViolation, VersionOrders, check_session_guarantee,
    verify_session_guarantee, verify_session_violation,
};
use crate::verdict::{Budget, Verdict};

type Access = SessionAccess<Value, Value>;

/// A history of reads and writes with the guarantee that is asked for.
pub(super) struct SessionCase {
    guarantee: SessionGuarantee,
    accesses: Vec<Access>,
    /// Every operation in words, with its lane and moments.
    bars: Vec<Bar>,
}

impl SessionCase {
    /// Reads the operations of a register or of a key-value store.
    pub(super) fn new(
        guarantee: SessionGuarantee,
        model: &str,
        header: &Header,
        history: &History<Call, Value>,
        lines: &[usize],
    ) -> Result<SessionCase, JudgeError> {
        let has_keys = match model {
            "register" => false,
            "kv" | "key-value" => true,
            _ => {
                let message = format!(
                    "{guarantee} is judged for the models register and kv, not for {model:?}"
                );
                return Err(JudgeError::Unsupported(message));
            }
        };
        let initial = header.initial().cloned().unwrap_or(Value::Nil);
        let null_is_any = header.text("read_null") == Some("any");
        let mut accesses: Vec<Access> = Vec::new();
        let mut bars = Vec::with_capacity(history.len());
        for (id, operation) in history.iter() {
            let is_write = match &*operation.op.function {
                "read" | "r" | "get" => false,
                "write" | "w" | "put" => true,
                other => {
                    let message = format!("function {other:?} in sessions; expected read or write");
                    let line = lines[operation.invoked.position as usize];
                    return Err(HistoryError::model(line, message).into());
                }
            };
            let split = |value: &Value| match value.as_list() {
                Some([key, value]) if has_keys => Some((key.clone(), value.clone())),
                _ if !has_keys => Some((Value::Nil, value.clone())),
                _ => None,
            };
            let shown = match (&operation.outcome, is_write) {
                (Outcome::Ok(value), false) => value,
                _ => &operation.op.argument,
            };
            let Some((key, value)) = split(shown) else {
                let message = format!("{shown} of a key-value store; expected [key, value]");
                let line = lines[operation.invoked.position as usize];
                return Err(HistoryError::model(line, message).into());
            };
            let name = if has_keys { format!("{key}, ") } else { String::new() };
            let end =
                operation.completed.filter(|_| !matches!(operation.outcome, Outcome::Unknown));
            bars.push(Bar {
                lane: operation.process.to_string(),
                label: format!("{}({name}{value})", operation.op.function),
                from: operation.invoked.position,
                to: end.map(|moment| moment.position),
                times: (
                    operation.invoked.to_string(),
                    end.map_or("unknown".to_string(), |moment| moment.to_string()),
                ),
                essential: true,
            });
            let is_certain = match operation.outcome {
                Outcome::Ok(_) => true,
                Outcome::Fail => continue,
                Outcome::Unknown if is_write => false,
                Outcome::Unknown => continue,
            };
            if !is_write && value.is_nil() && null_is_any {
                continue;
            }
            let value = (is_write || value != initial).then_some(value);
            let process = operation.process;
            accesses.push(SessionAccess { id, process, key, value, is_write, is_certain });
        }
        Ok(SessionCase { guarantee, accesses, bars })
    }

    fn name(&self, version: Option<OperationId>) -> String {
        match version {
            Some(id) => self.bars[id.index()].label.clone(),
            None => "the initial version".to_string(),
        }
    }
}

impl Case for SessionCase {
    fn operations(&self) -> usize {
        self.bars.len()
    }

    fn decide(&self, budget: Budget) -> Box<dyn Ruling + '_> {
        let verdict = check_session_guarantee(self.guarantee, &self.accesses, budget);
        Box::new(SessionRuling { case: self, verdict })
    }
}

struct SessionRuling<'c> {
    case: &'c SessionCase,
    verdict: Verdict<VersionOrders<Value>, SessionViolation<Value>>,
}

impl SessionRuling<'_> {
    fn why(&self, violation: &SessionViolation<Value>) -> Vec<String> {
        let case = self.case;
        let mut why: Vec<String> = violation
            .cycle
            .iter()
            .map(|demand| {
                let (older, newer) = (case.name(demand.older), case.name(demand.newer));
                let second = &case.bars[demand.second.index()];
                match demand.first {
                    Some(first) => format!(
                        "{older} must be older than {newer}: {} did {} [{}] and then {} [{}].",
                        second.lane,
                        case.bars[first.index()].label,
                        case.bars[first.index()].times.0,
                        second.label,
                        second.times.0
                    ),
                    None => format!("{older} is older than {newer}, as it is than every write."),
                }
            })
            .collect();
        why.push("No order of the versions meets these demands.".to_string());
        why
    }
}

impl Ruling for SessionRuling<'_> {
    fn verdict(&self) -> Verdict<(), ()> {
        self.verdict.clone().map_ok(|_| ()).map_violation(|_| ())
    }

    fn configurations(&self) -> u64 {
        match &self.verdict {
            Verdict::Ok(orders) => orders.configurations,
            Verdict::Violation(violation) => violation.configurations,
            Verdict::Unknown(exhausted) => exhausted.configurations,
        }
    }

    fn witness(&self) -> String {
        match &self.verdict {
            Verdict::Ok(orders) => {
                let keys = orders.orders.iter().map(|(key, order)| {
                    let versions: Vec<String> =
                        order.iter().map(|id| self.case.name(Some(*id))).collect();
                    format!("versions of {key}: {}", versions.join(", "))
                });
                keys.collect::<Vec<String>>().join("\n")
            }
            Verdict::Violation(violation) => self.why(violation).join("\n"),
            Verdict::Unknown(exhausted) => exhausted.to_string(),
        }
    }

    fn picture(&self) -> Option<Picture> {
        let Verdict::Violation(violation) = &self.verdict else { return None };
        let mut shown: Vec<OperationId> = violation
            .cycle
            .iter()
            .flat_map(|demand| [demand.older, demand.newer, demand.first, Some(demand.second)])
            .flatten()
            .collect();
        shown.sort_unstable();
        shown.dedup();
        let place = |id: OperationId| shown.binary_search(&id).expect("it is shown");
        let edges = violation.cycle.iter().filter_map(|demand| {
            let (older, newer) = (demand.older?, demand.newer?);
            Some(Edge { from: place(older), to: place(newer), label: "older".to_string() })
        });
        Some(Picture {
            title: format!("{} violated", violation.guarantee),
            why: self.why(violation),
            edges: edges.collect(),
            bars: shown.iter().map(|id| self.case.bars[id.index()].clone()).collect(),
        })
    }

    fn verify(&self) -> Result<(), String> {
        let case = self.case;
        match &self.verdict {
            Verdict::Ok(orders) => verify_session_guarantee(case.guarantee, &case.accesses, orders),
            Verdict::Violation(violation) => verify_session_violation(&case.accesses, violation),
            Verdict::Unknown(_) => Ok(()),
        }
    }
}
