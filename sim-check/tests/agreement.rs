//! The judges agree with exhaustive ones on random small histories, and each verdict's certificate holds. The example
//! `agree` does the same with millions.

mod support;

use sim_check::session::SessionGuarantee;
use sim_check::txn::{IsolationLevel, Model};
use support::agree::{Depth, all};
use support::draw::Shape;
use support::random::Random;
use support::sessions::{Held, draw_sessions, sessions_agree};
use support::transactions::{Met, draw_transactions, transactions_agree};

const HISTORIES: u64 = 2_000;

fn shapes() -> [Shape; 3] {
    let plain =
        Shape { operations: 9, clients: 4, unknown_percent: 0, fail_percent: 3, wrong_percent: 35 };
    [
        plain,
        Shape { unknown_percent: 15, ..plain },
        Shape { unknown_percent: 30, clients: 3, ..plain },
    ]
}

fn agree_on_many(name: &str) {
    let all = all();
    let judged = all.iter().find(|judged| judged.name() == name).expect("a specification");
    for shape in shapes() {
        let mut good = 0;
        for seed in 0..HISTORIES {
            let mut random = Random::new(seed);
            let (linearizable, _) =
                judged.agree(&mut random, shape, Depth::Explanations, seed % 4 == 0);
            good += u64::from(linearizable);
        }
        assert!(good > HISTORIES / 20, "only {good} of {HISTORIES} were linearizable");
        assert!(good < HISTORIES * 19 / 20, "all but {} were linearizable", HISTORIES - good);
    }
}

macro_rules! agreement {
    ($($test:ident: $name:literal;)*) => {
        $(
            #[test]
            fn $test() {
                agree_on_many($name);
            }
        )*

        #[test]
        fn no_specification_is_left_out() {
            let tested = [$($name),*];
            for judged in all() {
                assert!(tested.contains(&judged.name()), "{} has no test", judged.name());
            }
        }
    };
}

agreement! {
    register: "register";
    cas_register: "cas-register";
    multi_register: "multi-register";
    key_value: "key-value";
    text_map: "text-map";
    counter: "counter";
    mutex: "mutex";
    fifo_queue: "fifo-queue";
    unordered_queue: "unordered-queue";
    priority_queue: "priority-queue";
    stack: "stack";
    set: "set";
    append_list: "append-list";
    unique_ids: "unique-ids";
    register_with_unique_writes: "register-unique-writes";
    queue_with_distinct_values: "fifo-queue-distinct";
    grow_only_set: "grow-only-set";
    grow_only_set_read_as_a_whole: "grow-only-set-whole-reads";
}

/// Objects with few states and collections, about which something is known before the search, and one other.
const ORDERED: [&str; 15] = [
    "register",
    "register-unique-writes",
    "cas-register",
    "multi-register",
    "key-value",
    "mutex",
    "set",
    "fifo-queue",
    "fifo-queue-distinct",
    "unordered-queue",
    "priority-queue",
    "stack",
    "append-list",
    "grow-only-set",
    "counter",
];

fn agree_sequentially(seeds: std::ops::Range<u64>, depth: Depth) {
    let plain =
        Shape { operations: 9, clients: 4, unknown_percent: 0, fail_percent: 3, wrong_percent: 35 };
    let shapes = [plain, Shape { unknown_percent: 25, clients: 3, wrong_percent: 15, ..plain }];
    let judged = all();
    for name in ORDERED {
        let judged = judged.iter().find(|judged| judged.name() == name).expect("an object");
        let mut good = 0;
        for seed in seeds.clone() {
            let shape = shapes[seed as usize % 2];
            let (_, sequential) = judged.agree(&mut Random::new(seed), shape, depth, true);
            good += u64::from(sequential);
        }
        let all = seeds.end - seeds.start;
        assert!(good > all / 20 && good < all * 19 / 20, "{name}: {good} of {all} are good");
    }
}

#[test]
fn sequential_consistency() {
    agree_sequentially(50_000..50_600, Depth::Explanations);
}

/// Takes half a minute: `cargo test --release -p sim-check --test agreement -- --ignored`.
#[test]
#[ignore = "takes half a minute"]
fn much_sequential_consistency() {
    agree_sequentially(100_000..125_000, Depth::Verdicts);
}

#[test]
fn sessions() {
    let mut held: Held = [0; 4];
    for seed in 0..20_000 {
        sessions_agree(&draw_sessions(&mut Random::new(seed)), &mut held);
    }
    for (guarantee, held) in SessionGuarantee::ALL.into_iter().zip(held) {
        // Any versions can be ordered as their sessions wrote them, if nothing else is asked.
        let always = guarantee == SessionGuarantee::MonotonicWrites;
        assert_eq!(held == 20_000, always, "{guarantee}");
        assert!(held > 1_000, "{guarantee} holds {held} times of 20,000");
    }
}

fn transactions(model: Model) {
    let mut met = Met::new();
    for seed in 0..HISTORIES {
        let history = draw_transactions(model, &mut Random::new(seed), 5);
        transactions_agree(&history, &mut met);
    }
    for level in IsolationLevel::ALL {
        let (good, bad) = met.get(level).copied().unwrap_or_default();
        // Registers show nothing of the order of their writes, lists seldom show that writes interleave.
        let bad_min = match (model, *level == IsolationLevel::READ_UNCOMMITTED) {
            (Model::RwRegister, true) => 0,
            (Model::ListAppend, true) => 4,
            (Model::ListAppend | Model::RwRegister, false) => HISTORIES / 50,
        };
        assert!(good >= HISTORIES / 50 && bad >= bad_min, "{level}: {good} hold, {bad} do not");
    }
}

#[test]
fn transactions_over_lists() {
    transactions(Model::ListAppend);
}

#[test]
fn transactions_over_registers() {
    transactions(Model::RwRegister);
}
