//! What is written of typed histories, is read as what it was: in JSON Lines and in EDN, the verdict is the same.

mod support;

use sim_check::Budget;
use sim_check::history::{Header, RawHistory, Recorded};
use sim_check::judge::prepare;
use sim_check::linearizability::check_linearizability;
use sim_check::sequential::check_sequential_consistency;
use sim_check::spec::*;
use support::draw::{Drawn, Shape, draw_history};
use support::random::Random;

fn the_same_in_files<S>(spec: &S)
where
    S: Drawn
        + Recorded<Op = <S as NondeterministicSpec>::Op, Ret = <S as NondeterministicSpec>::Ret>,
{
    let shape = Shape {
        operations: 9,
        clients: 4,
        unknown_percent: 10,
        fail_percent: 5,
        wrong_percent: 25,
    };
    let mut random = Random::new(7);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..300 {
        let history = draw_history(spec, &mut random, shape);
        let expected = [
            check_linearizability(spec, &history, Budget::UNLIMITED).word(),
            check_sequential_consistency(spec, &history, Budget::UNLIMITED).word(),
        ];
        let mut header = Header::empty().with("model", S::MODEL);
        for (field, value) in spec.header() {
            header = header.with(field, value);
        }
        let raw = RawHistory::of_history(header, &history, S::call, S::result);
        for text in [raw.to_json_lines(), raw.to_edn()] {
            let read = RawHistory::from_text(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
            for (property, expected) in ["linearizable", "sequential"].into_iter().zip(expected) {
                let prepared =
                    prepare(&read, Some(property)).unwrap_or_else(|e| panic!("{e}\n{text}"));
                let ruling = prepared.decide(Budget::UNLIMITED);
                let verdict = ruling.verdict().word();
                assert_eq!(verdict, expected, "{property}\n{text}\n{history:#?}");
                assert_eq!(ruling.verify(), Ok(()), "{property}\n{text}");
            }
        }
        *if expected[0] == "ok" { &mut good } else { &mut bad } += 1;
    }
    assert!(good > 20 && bad > 20, "{}: {good} good and {bad} bad ones", S::MODEL);
}

macro_rules! same {
    ($($name:ident: $spec:expr;)*) => {
        $(#[test]
        fn $name() {
            the_same_in_files(&$spec);
        })*
    };
}

same! {
    register: Register::new(0);
    cas_register: CasRegister::new(0);
    multi_register: MultiRegister::new(Default::default(), 0);
    key_value: KeyValue::new();
    text_map: TextMap::new("");
    counter: Counter::new(0);
    mutex: Mutex;
    fifo_queue: FifoQueue::new();
    unordered_queue: UnorderedQueue::new();
    priority_queue: PriorityQueue::new();
    stack: Stack::new();
    set: Set::new();
    append_list: AppendList::new();
    unique_ids: UniqueIds::new();
}
