//! Small recorded files.

/// Operations, which one process after the other runs: function, argument, result.
type Operations = &'static [(u32, &'static str, &'static str, &'static str)];

/// A model, a property and operations.
pub type Example = (&'static str, &'static str, Operations);

/// Good histories, at least one for each kind of judge.
pub const EXAMPLES: &[Example] = &[
    ("register", "linearizable", &[(0, "write", "1", "1"), (1, "read", "null", "1")]),
    ("register", "sequential", &[(0, "write", "1", "1"), (1, "read", "null", "0")]),
    ("register", "read-your-writes", &[(0, "write", "1", "1"), (0, "read", "null", "1")]),
    ("bank", "snapshot-reads-conserve-total", &[(0, "read", "null", r#"{"a":3,"b":7}"#)]),
    ("counter", "bounds", &[(0, "add", "1", "1"), (1, "read", "null", "1")]),
    ("queue", "total-queue", &[(0, "enqueue", "1", "1"), (1, "dequeue", "null", "1")]),
    ("queue", "queue-no-phantom", &[(0, "enqueue", "1", "1"), (1, "dequeue", "null", "1")]),
    ("set", "no-lost-no-unexpected", &[(0, "add", "1", "1"), (1, "read", "null", "[1]")]),
    ("set", "set-full", &[(0, "add", "1", "1"), (1, "read", "null", "[1]")]),
    ("unique-ids", "unique", &[(0, "generate", "null", "1"), (1, "generate", "null", "2")]),
    (
        "long-fork",
        "no-long-fork",
        &[(0, "txn", r#"[["r",1,null],["r",2,null]]"#, r#"[["r",1,1],["r",2,null]]"#)],
    ),
    (
        "list-append",
        "strict-serializable",
        &[
            (0, "txn", r#"[["append",1,1]]"#, r#"[["append",1,1]]"#),
            (1, "txn", r#"[["r",1,null]]"#, r#"[["r",1,[1]]]"#),
        ],
    ),
    (
        "rw-register",
        "serializable",
        &[
            (0, "txn", r#"[["w",1,1]]"#, r#"[["w",1,1]]"#),
            (1, "txn", r#"[["r",1,null]]"#, r#"[["r",1,null]]"#),
        ],
    ),
    (
        "rw-register",
        "no-internal-anomaly",
        &[(0, "txn", r#"[["w",1,1],["r",1,null]]"#, r#"[["w",1,1],["r",1,1]]"#)],
    ),
];

/// An example as JSON Lines.
pub fn text((model, property, operations): &Example) -> String {
    let mut text = format!("{{\"model\":\"{model}\",\"property\":\"{property}\",\"initial\":0}}\n");
    for (process, f, argument, result) in *operations {
        for (kind, value) in [("invoke", argument), ("ok", result)] {
            text.push_str(&format!(
                "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value}}}\n"
            ));
        }
    }
    text
}

/// Outcomes of all kinds, and what a nemesis did.
pub const REGISTER: &str = r#"{"model":"cas-register","property":"linearizable","cas_fail":"observed-mismatch"}
{"process":0,"type":"invoke","f":"write","value":1,"index":0}
{"process":1,"type":"invoke","f":"cas","value":[1,2],"index":1,"time":5}
{"process":0,"type":"ok","f":"write","value":1,"index":2}
{"process":1,"type":"fail","f":"cas","value":[1,2],"index":3,"time":9}
{"process":"nemesis","type":"info","f":"kill","value":null,"index":4}
{"process":2,"type":"invoke","f":"read","value":null,"index":5}
{"process":2,"type":"ok","f":"read","value":1,"index":6}
{"process":0,"type":"invoke","f":"write","value":3,"index":7}
{"process":0,"type":"info","f":"write","value":3,"index":8}"#;

/// Write skew.
pub const LISTS: &str = r#"{"model":"list-append","property":"serializable"}
{"process":0,"type":"invoke","f":"txn","value":[["append","x",1],["r","y",null]],"index":0}
{"process":1,"type":"invoke","f":"txn","value":[["append","y",1],["r","x",null]],"index":1}
{"process":0,"type":"ok","f":"txn","value":[["append","x",1],["r","y",null]],"index":2}
{"process":1,"type":"ok","f":"txn","value":[["append","y",1],["r","x",[1]]],"index":3}"#;

/// EDN, of no known model.
pub const QUEUE: &str = r#"{:process 0, :type :invoke, :f :enqueue, :value 1, :index 0}
{:process 0, :type :ok, :f :enqueue, :value 1, :index 1} ; a comment
{:process 1, :type :invoke, :f :dequeue, :value nil, :index 2}
{:process 1, :type :ok, :f :dequeue, :value 1, :index 3}
{:process :nemesis, :type :info, :f :start, :value #{"n1" "n2"}, :time 17}"#;

/// Objects that are searched, judged in both ways.
const SEARCHED: &[(&str, Operations)] = &[
    ("fifo-queue", &[(0, "enqueue", "1", "1"), (1, "dequeue", "null", "1")]),
    ("priority-queue", &[(0, "enqueue", "1", "1"), (1, "dequeue", "null", "null")]),
    ("unordered-queue", &[(0, "enqueue", "1", "1"), (1, "dequeue", "null", "1")]),
    ("stack", &[(0, "push", "1", "1"), (1, "pop", "null", "1")]),
    ("set", &[(0, "add", "1", "1"), (1, "read", "null", "[1]")]),
    ("grow-only-set", &[(0, "add", "1", "1"), (1, "read", "null", "[1]")]),
    ("append-list", &[(0, "append", "1", "1"), (1, "read", "null", "[1]")]),
    ("kv", &[(0, "put", "[1,2]", "[1,2]"), (1, "get", "[1,null]", "[1,2]")]),
    ("multi-register", &[(0, "txn", r#"[["w",1,1]]"#, r#"[["w",1,1]]"#)]),
    ("counter", &[(0, "add", "1", "1"), (1, "read", "null", "1")]),
    ("mutex", &[(0, "acquire", "null", "null"), (1, "acquire", "null", "null")]),
];

/// Files to begin with, for whoever changes files.
pub fn seeds() -> Vec<String> {
    let mut seeds: Vec<String> = EXAMPLES.iter().map(text).collect();
    for (model, operations) in SEARCHED {
        seeds.extend(["linearizable", "sequential"].map(|way| text(&(*model, way, *operations))));
    }
    seeds.extend([REGISTER, LISTS, QUEUE].map(String::from));
    seeds
}
