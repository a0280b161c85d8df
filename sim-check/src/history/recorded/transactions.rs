//! Transactions.

use super::{Recorded, call, step};
use crate::history::{Call, Value};
use crate::txn::{Atom, MicroOp, Seen};

/// Transactions over lists, [`Op`](Recorded::Op) and [`Ret`](Recorded::Ret) of which are their steps, reads without and
/// with what they returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListAppend;

/// Transactions over registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RwRegister;

macro_rules! transactions {
    ($subject:ident, $model:literal) => {
        impl Recorded for $subject {
            type Op = Vec<MicroOp>;
            type Ret = Vec<MicroOp>;
            const MODEL: &'static str = $model;

            fn call(op: &Self::Op) -> Call {
                let asked = op.iter().map(|op| match op {
                    MicroOp::Read(key, _) => step("r", atom(key), Value::Nil),
                    op => micro_op(op),
                });
                call("txn", Value::list(asked.collect()))
            }

            fn result(_op: &Self::Op, ret: &Self::Ret) -> Value {
                Value::list(ret.iter().map(micro_op).collect())
            }
        }
    };
}

transactions!(ListAppend, "list-append");
transactions!(RwRegister, "rw-register");

fn micro_op(op: &MicroOp) -> Value {
    match op {
        MicroOp::Append(key, element) => step("append", atom(key), atom(element)),
        MicroOp::Write(key, value) => step("w", atom(key), atom(value)),
        MicroOp::Read(key, seen) => step(
            "r",
            atom(key),
            match seen {
                Seen::Unknown | Seen::Initial => Value::Nil,
                Seen::Value(value) => atom(value),
                Seen::List(list) => Value::list(list.iter().map(atom).collect()),
            },
        ),
    }
}

fn atom(atom: &Atom) -> Value {
    match atom {
        Atom::Int(number) => Value::Int(*number),
        Atom::Text(text) => Value::text(text),
    }
}
