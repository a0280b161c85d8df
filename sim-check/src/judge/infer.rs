//! What a file is about when it does not say so: the model by its functions, the property by its model, keys by
//! the shape of its values.

use std::collections::BTreeSet;

use crate::history::{Call, EventKind, History, Outcome, Process, RawHistory, Value};

/// The model that the functions and values of the clients speak of; `None` if they speak of none.
pub(super) fn model_of(raw: &RawHistory) -> Option<&'static str> {
    let clients = || raw.events.iter().filter(|event| matches!(event.process, Process::Client(_)));
    let functions: BTreeSet<&str> = clients().map(|event| &*event.function).collect();
    let only = |known: &[&str]| {
        !functions.is_empty() && functions.iter().all(|function| known.contains(function))
    };
    let has = |function: &str| functions.contains(function);
    let seen = |wanted: &dyn Fn(&Value) -> bool| {
        clients().any(|event| {
            matches!(event.kind, EventKind::Ok(_))
                && matches!(&*event.function, "read" | "r")
                && wanted(&unkeyed(&event.value))
        })
    };
    if clients().any(|event| is_transaction(&event.value)) {
        let steps = || clients().filter_map(|event| event.value.as_list()).flatten();
        let named = |names: &[&str]| {
            steps().any(|step| {
                step.as_list()
                    .and_then(|parts| parts.first()?.as_text())
                    .is_some_and(|name| names.contains(&name))
            })
        };
        let lists = || {
            steps().any(|step| {
                step.as_list().and_then(|parts| parts.get(2)).is_some_and(|v| v.as_list().is_some())
            })
        };
        let registers = named(&["w", "write"]);
        return Some(if named(&["append"]) || (!registers && lists()) {
            "list-append"
        } else {
            "rw-register"
        });
    }
    match () {
        () if has("transfer") && only(&["transfer", "read"]) => Some("bank"),
        () if only(&["acquire", "release", "lock", "unlock"]) => Some("mutex"),
        () if only(&["generate"]) => Some("unique-ids"),
        () if only(&["enqueue", "dequeue", "drain"]) => Some("queue"),
        () if only(&["push", "pop", "len"]) => Some("stack"),
        () if only(&["add-and-get", "add", "read"]) && has("add-and-get") => Some("counter"),
        () if only(&["add", "read"]) && seen(&|value| value.as_int().is_some()) => Some("counter"),
        () if only(&["add", "remove", "contains", "read"]) => Some("set"),
        () if only(&["append", "read"]) && seen(&|value| value.as_list().is_some()) => {
            Some("append-list")
        }
        () if only(&["get", "put", "append", "delete", "del", "cas"]) && !only(&["cas"]) => {
            Some("kv")
        }
        () if only(&["read", "r", "write", "w", "cas"]) => Some("cas-register"),
        () => None,
    }
}

/// Whether this is a list of steps such as `["r", key, value]`.
fn is_transaction(value: &Value) -> bool {
    let Some(steps) = value.as_list() else { return false };
    !steps.is_empty()
        && steps.iter().all(|step| match step.as_list() {
            Some([Value::Text(name), _] | [Value::Text(name), _, _]) => {
                matches!(&**name, "r" | "w" | "append" | "read" | "write")
            }
            Some(_) | None => false,
        })
}

fn unkeyed(value: &Value) -> Value {
    match value.as_list() {
        Some([_, value]) => value.clone(),
        Some(_) | None => value.clone(),
    }
}

/// The property that a history of this model is usually judged by.
pub(super) fn usual_property(model: &str, history: &History<Call, Value>) -> &'static str {
    let drained = || history.operations().iter().any(|op| &*op.op.function == "drain");
    match model {
        "list-append" | "rw-register" => "serializable",
        "bank" => "snapshot-reads-conserve-total",
        "long-fork" => "no-long-fork",
        "queue" | "fifo-queue" | "unordered-queue" if drained() => "total-queue",
        _ => "linearizable",
    }
}

/// The keys of a history whose values are pairs of key and value, as jepsen.independent writes them: each argument
/// is such a pair, and what reads ask for is a key with nil.
pub(super) fn keys(history: &History<Call, Value>) -> Option<BTreeSet<Value>> {
    let mut keys = BTreeSet::new();
    let mut asked = false;
    for operation in history.operations() {
        let [key, argument] = operation.op.argument.as_list()? else { return None };
        asked |= argument.is_nil();
        if let Outcome::Ok(value) = &operation.outcome {
            match value.as_list() {
                Some([same, _]) if same == key => {}
                Some(_) | None => return None,
            }
        }
        keys.insert(key.clone());
    }
    asked.then_some(keys)
}

/// The operations of one key, without it.
pub(super) fn of_key(history: &History<Call, Value>, key: &Value) -> History<Call, Value> {
    let value = |pair: &Value| match pair.as_list() {
        Some([_, value]) => value.clone(),
        Some(_) | None => Value::Nil,
    };
    history.filter_map(|operation| {
        let mine = operation.op.argument.as_list().is_some_and(|pair| pair.first() == Some(key));
        if !mine {
            return None;
        }
        let argument = value(&operation.op.argument);
        let outcome = match &operation.outcome {
            Outcome::Ok(ret) => Outcome::Ok(value(ret)),
            Outcome::Fail => Outcome::Fail,
            Outcome::Unknown => Outcome::Unknown,
        };
        Some((Call { function: operation.op.function.clone(), argument }, outcome))
    })
}
