//! Histories with exactly one anomaly, to test judges with.

use super::anomaly::Anomaly;
use super::builder::TxnHistoryBuilder;
use super::client_order::ClientOrder;
use super::history::{MicroOp, Model, Status, TxnHistory};

/// A history whose only anomaly is this one, between transactions that come after `before` others
/// and before `after` others without anomaly. `None` if no history of the model has that anomaly
/// alone: without reads of whole lists nobody sees a `G0`, for example.
///
/// ```
/// use sim_check::Budget;
/// use sim_check::txn::{Anomaly, ClientOrder, Model, analyze, specimen};
///
/// let history = specimen(Model::ListAppend, Anomaly::WriteSkew, 10, 10).unwrap();
/// let analysis = analyze(&history, ClientOrder::RealTime, Budget::default());
/// assert_eq!(analysis.anomalies(), [Anomaly::WriteSkew]);
/// ```
pub fn specimen(model: Model, anomaly: Anomaly, before: u32, after: u32) -> Option<TxnHistory> {
    let mut script = Script { builder: TxnHistoryBuilder::new(model), model, noise: 0 };
    script.add_noise(before);
    let txns = match anomaly {
        Anomaly::G0 { order } => g0(model, order),
        Anomaly::G1c { order } => Some(g1c(order)),
        Anomaly::GSingle { order } => g_single(model, order),
        Anomaly::GNonadjacent { order } => g_nonadjacent(model, order),
        Anomaly::G2Item { order } => Some(g2_item(order)),
        _ => simple(model, anomaly),
    }?;
    script.add_all(txns);
    script.add_noise(after);
    Some(script.builder.build())
}

/// One operation in short: the key, what was appended or written, or what was read.
#[derive(Clone)]
enum Do {
    Put(&'static str, i64),
    /// For registers the last element counts.
    See(&'static str, &'static [i64]),
}
use Do::{Put, See};

/// Transactions that overlap, except that each one starts after the completion of those whose
/// numbers it names.
struct Short {
    /// Runs in the process of this one, which it follows.
    same_process_as: Option<usize>,
    /// Begins after this one was acknowledged.
    after: Option<usize>,
    fails: bool,
    ops: Vec<Do>,
}

fn txn(ops: Vec<Do>) -> Short {
    Short { same_process_as: None, after: None, fails: false, ops }
}

fn failed(ops: Vec<Do>) -> Short {
    Short { fails: true, ..txn(ops) }
}

/// A transaction that comes after the given one in the client order.
fn next(order: ClientOrder, before: usize, ops: Vec<Do>) -> Short {
    match order {
        ClientOrder::Free => txn(ops),
        ClientOrder::Session => Short { same_process_as: Some(before), ..txn(ops) },
        ClientOrder::RealTime => Short { after: Some(before), ..txn(ops) },
    }
}

fn simple(model: Model, anomaly: Anomaly) -> Option<Vec<Short>> {
    let lists = model == Model::ListAppend;
    Some(match anomaly {
        Anomaly::DuplicateElements if lists => {
            vec![txn(vec![Put("x", 1)]), txn(vec![See("x", &[1, 1])])]
        }
        Anomaly::IncompatibleOrder if lists => vec![
            txn(vec![Put("x", 1)]),
            txn(vec![Put("x", 2)]),
            txn(vec![See("x", &[1, 2])]),
            txn(vec![See("x", &[2, 1])]),
        ],
        Anomaly::DirtyUpdate if lists => {
            vec![failed(vec![Put("x", 1)]), txn(vec![Put("x", 2)]), txn(vec![See("x", &[1, 2])])]
        }
        Anomaly::DuplicateElements | Anomaly::IncompatibleOrder | Anomaly::DirtyUpdate => {
            return None;
        }
        // Versions in a circle of replacements are also a circle of reads.
        Anomaly::CyclicVersions => return None,
        Anomaly::ThinAirRead => vec![txn(vec![See("x", &[9])])],
        Anomaly::G1a => vec![failed(vec![Put("x", 1)]), txn(vec![See("x", &[1])])],
        Anomaly::G1b => vec![txn(vec![Put("x", 1), Put("x", 2)]), txn(vec![See("x", &[1])])],
        Anomaly::Internal => vec![txn(vec![Put("x", 1), See("x", &[])])],
        Anomaly::NonRepeatableRead => {
            vec![txn(vec![Put("x", 1)]), txn(vec![See("x", &[]), See("x", &[1])])]
        }
        Anomaly::FutureRead => vec![txn(vec![See("x", &[1]), Put("x", 1)])],
        Anomaly::NonMonotonicView => {
            vec![txn(vec![Put("x", 1), Put("y", 1)]), txn(vec![See("x", &[1]), See("y", &[])])]
        }
        Anomaly::FracturedRead => {
            vec![txn(vec![Put("x", 1), Put("y", 1)]), txn(vec![See("y", &[]), See("x", &[1])])]
        }
        Anomaly::CausalityViolation => vec![
            txn(vec![Put("x", 1)]),
            txn(vec![See("x", &[1]), Put("y", 1)]),
            txn(vec![See("y", &[1]), See("x", &[])]),
        ],
        Anomaly::LostUpdate => {
            vec![txn(vec![See("x", &[]), Put("x", 1)]), txn(vec![See("x", &[]), Put("x", 2)])]
        }
        Anomaly::LongFork => vec![
            txn(vec![Put("x", 1)]),
            txn(vec![Put("y", 1)]),
            txn(vec![See("x", &[1]), See("y", &[])]),
            txn(vec![See("y", &[1]), See("x", &[])]),
        ],
        Anomaly::WriteSkew => {
            vec![txn(vec![See("x", &[]), Put("y", 1)]), txn(vec![See("y", &[]), Put("x", 1)])]
        }
        Anomaly::G0 { .. }
        | Anomaly::G1c { .. }
        | Anomaly::GSingle { .. }
        | Anomaly::GNonadjacent { .. }
        | Anomaly::G2Item { .. } => unreachable!("they have functions of their own"),
    })
}

fn g0(model: Model, order: ClientOrder) -> Option<Vec<Short>> {
    if model != Model::ListAppend {
        return None;
    }
    Some(match order {
        ClientOrder::Free => vec![
            txn(vec![Put("x", 1), Put("y", 1)]),
            txn(vec![Put("x", 2), Put("y", 2)]),
            txn(vec![See("x", &[1, 2])]),
            txn(vec![See("y", &[2, 1])]),
        ],
        order => vec![
            txn(vec![Put("x", 2)]),
            next(order, 0, vec![Put("x", 1)]),
            txn(vec![See("x", &[1, 2])]),
        ],
    })
}

fn g1c(order: ClientOrder) -> Vec<Short> {
    match order {
        ClientOrder::Free => {
            vec![txn(vec![Put("x", 1), See("y", &[1])]), txn(vec![Put("y", 1), See("x", &[1])])]
        }
        order => vec![txn(vec![See("x", &[1])]), next(order, 0, vec![Put("x", 1)])],
    }
}

fn g_single(model: Model, order: ClientOrder) -> Option<Vec<Short>> {
    match order {
        // Registers show the order of writes only to those who read before they write.
        ClientOrder::Free if model == Model::RwRegister => None,
        ClientOrder::Free => Some(vec![
            txn(vec![Put("x", 1), Put("y", 1)]),
            txn(vec![Put("x", 2), See("y", &[])]),
            txn(vec![See("x", &[1, 2])]),
        ]),
        order => Some(vec![txn(vec![Put("x", 1)]), next(order, 0, vec![See("x", &[])])]),
    }
}

fn g_nonadjacent(model: Model, order: ClientOrder) -> Option<Vec<Short>> {
    match order {
        ClientOrder::Free if model == Model::ListAppend => Some(vec![
            txn(vec![Put("x", 1), Put("p", 1)]),
            txn(vec![Put("p", 2), See("y", &[])]),
            txn(vec![Put("y", 1), Put("q", 1)]),
            txn(vec![Put("q", 2), See("x", &[])]),
            txn(vec![See("p", &[1, 2])]),
            txn(vec![See("q", &[1, 2])]),
        ]),
        ClientOrder::Free => Some(vec![
            txn(vec![Put("x", 1)]),
            txn(vec![See("x", &[1]), Put("p", 1)]),
            txn(vec![See("p", &[1]), See("y", &[])]),
            txn(vec![Put("y", 1)]),
            txn(vec![See("y", &[1]), See("x", &[])]),
        ]),
        ClientOrder::Session => Some(vec![
            txn(vec![Put("x", 1)]),
            txn(vec![Put("y", 1)]),
            next(order, 0, vec![See("y", &[])]),
            next(order, 1, vec![See("x", &[])]),
        ]),
        // Of two pairs that follow each other in real time one first also precedes the other
        // second: there is always a G-single too.
        ClientOrder::RealTime => None,
    }
}

fn g2_item(order: ClientOrder) -> Vec<Short> {
    match order {
        ClientOrder::Free => vec![
            txn(vec![See("x", &[]), Put("y", 1)]),
            txn(vec![See("y", &[]), Put("z", 1)]),
            txn(vec![See("z", &[]), Put("x", 1)]),
        ],
        order => vec![
            txn(vec![Put("x", 1)]),
            txn(vec![See("z", &[]), Put("y", 1)]),
            txn(vec![See("x", &[]), Put("z", 1)]),
            next(order, 0, vec![See("y", &[])]),
        ],
    }
}

struct Script {
    builder: TxnHistoryBuilder,
    model: Model,
    noise: i64,
}

/// Processes from here on run what has no anomaly.
const NOISE: u32 = 1_000;

impl Script {
    fn micro_ops(&self, ops: &[Do]) -> Vec<MicroOp> {
        ops.iter()
            .map(|op| match (op, self.model) {
                (Put(key, value), Model::ListAppend) => MicroOp::append(*key, *value),
                (Put(key, value), Model::RwRegister) => MicroOp::write(*key, *value),
                (See(key, list), Model::ListAppend) => {
                    MicroOp::read_list(*key, list.iter().copied())
                }
                (See(key, list), Model::RwRegister) => match list.last() {
                    Some(value) => MicroOp::read(*key, *value),
                    None => MicroOp::read_initial(*key),
                },
            })
            .collect()
    }

    fn add_all(&mut self, txns: Vec<Short>) {
        let follows = |txn: &Short| txn.same_process_as.or(txn.after);
        let process = |number: usize| txns[number].same_process_as.unwrap_or(number) as u32;
        let mut open: Vec<usize> = Vec::new();
        for number in (0..txns.len()).filter(|number| follows(&txns[*number]).is_none()) {
            self.invoke(process(number), &txns[number]);
            open.push(number);
        }
        // Only what must complete before others begin does so early.
        for number in (0..txns.len()).filter(|number| follows(&txns[*number]).is_some()) {
            let before = follows(&txns[number]).expect("filtered");
            if let Some(at) = open.iter().position(|other| *other == before) {
                open.remove(at);
                self.complete(process(before), &txns[before]);
            }
            self.invoke(process(number), &txns[number]);
            open.push(number);
        }
        for number in open {
            self.complete(process(number), &txns[number]);
        }
    }

    fn invoke(&mut self, process: u32, txn: &Short) {
        let ops = self.micro_ops(&txn.ops);
        self.builder.invoke(process, ops).expect("the process is free");
    }

    fn complete(&mut self, process: u32, txn: &Short) {
        let status = if txn.fails { Status::Fail } else { Status::Ok };
        let ops = self.micro_ops(&txn.ops);
        self.builder.complete(process, status, ops).expect("the process is busy");
    }

    /// Transactions that run one after the other on keys of their own.
    fn add_noise(&mut self, count: u32) {
        for number in 0..count {
            self.noise += 1;
            let (key, value) = (format!("noise {}", self.noise / 4), self.noise);
            let put = match self.model {
                Model::ListAppend => MicroOp::append(key.clone(), value),
                Model::RwRegister => MicroOp::write(key.clone(), value),
            };
            let first = self.noise / 4 * 4;
            let seen = (first.max(1)..value).collect::<Vec<i64>>();
            let see = match (self.model, seen.last()) {
                (Model::ListAppend, _) => MicroOp::read_list(key, seen),
                (Model::RwRegister, Some(last)) => MicroOp::read(key, *last),
                (Model::RwRegister, None) => MicroOp::read_initial(key),
            };
            self.builder.ok(NOISE + number % 3, vec![see, put]).expect("the process is free");
        }
    }
}
