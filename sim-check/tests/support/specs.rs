//! Each specification, and how its operations are drawn.

use std::collections::{BTreeSet, VecDeque};

use sim_check::spec::*;

use super::draw::Drawn;
use super::random::Random;

pub const VALUES: usize = 3;

fn value(random: &mut Random) -> u8 {
    random.below(VALUES) as u8
}

impl Drawn for Register<u8> {
    fn draw(&self, random: &mut Random) -> RegisterOp<u8> {
        if random.chance(50) { RegisterOp::Read } else { RegisterOp::Write(value(random)) }
    }

    fn results(&self, op: &RegisterOp<u8>) -> Vec<RegisterRet<u8>> {
        match op {
            RegisterOp::Read => (0..VALUES as u8).map(RegisterRet::Value).collect(),
            RegisterOp::Write(_) => vec![RegisterRet::Written],
        }
    }
}

/// A register to which each value is written at most once.
pub struct UniqueWrites {
    pub register: Register<u8>,
    next: std::cell::Cell<u8>,
}

impl UniqueWrites {
    pub fn new() -> Self {
        UniqueWrites { register: Register::new(0), next: std::cell::Cell::new(0) }
    }

    pub fn restart(&self) {
        self.next.set(0);
    }
}

impl SequentialSpec for UniqueWrites {
    type State = u8;
    type Op = RegisterOp<u8>;
    type Ret = RegisterRet<u8>;
    type Key = ();

    fn initial(&self) -> u8 {
        0
    }

    fn step(&self, state: &u8, op: &Self::Op, ret: Option<&Self::Ret>) -> Option<u8> {
        self.register.step(state, op, ret)
    }
}

impl Drawn for UniqueWrites {
    fn draw(&self, random: &mut Random) -> RegisterOp<u8> {
        if random.chance(60) {
            RegisterOp::Read
        } else {
            self.next.set(self.next.get() + 1);
            RegisterOp::Write(self.next.get())
        }
    }

    fn results(&self, op: &RegisterOp<u8>) -> Vec<RegisterRet<u8>> {
        match op {
            RegisterOp::Read => (0..=self.next.get() + 1).map(RegisterRet::Value).collect(),
            RegisterOp::Write(_) => vec![RegisterRet::Written],
        }
    }
}

impl Drawn for CasRegister<u8> {
    fn draw(&self, random: &mut Random) -> CasRegisterOp<u8> {
        match random.below(3) {
            0 => CasRegisterOp::Read,
            1 => CasRegisterOp::Write(value(random)),
            _ => CasRegisterOp::Cas(value(random), value(random)),
        }
    }

    fn results(&self, op: &CasRegisterOp<u8>) -> Vec<RegisterRet<u8>> {
        match op {
            CasRegisterOp::Read => (0..VALUES as u8).map(RegisterRet::Value).collect(),
            CasRegisterOp::Write(_) => vec![RegisterRet::Written],
            CasRegisterOp::Cas(..) => vec![RegisterRet::Swapped(true), RegisterRet::Swapped(false)],
        }
    }
}

impl Drawn for MultiRegister<u8, u8> {
    fn draw(&self, random: &mut Random) -> Vec<RegisterAccess<u8, u8>> {
        (0..1 + random.below(2))
            .map(|_| {
                let key = random.below(2) as u8;
                if random.chance(50) {
                    RegisterAccess::Read(key)
                } else {
                    RegisterAccess::Write(key, random.below(2) as u8)
                }
            })
            .collect()
    }

    fn results(&self, op: &Vec<RegisterAccess<u8, u8>>) -> Vec<Vec<Option<u8>>> {
        let mut results = vec![Vec::new()];
        for access in op {
            let choices: &[Option<u8>] = match access {
                RegisterAccess::Read(_) => &[Some(0), Some(1)],
                RegisterAccess::Write(..) => &[None],
            };
            results = results
                .iter()
                .flat_map(|result| {
                    choices.iter().map(move |choice| {
                        let mut result: Vec<Option<u8>> = result.clone();
                        result.push(*choice);
                        result
                    })
                })
                .collect();
        }
        results
    }
}

impl Drawn for KeyValue<u8, u8> {
    fn draw(&self, random: &mut Random) -> KeyValueOp<u8, u8> {
        let key = random.below(2) as u8;
        match random.below(5) {
            0 | 1 => KeyValueOp::Get(key),
            2 => KeyValueOp::Put(key, random.below(2) as u8),
            3 => KeyValueOp::Delete(key),
            _ => {
                let from = if random.chance(50) { None } else { Some(random.below(2) as u8) };
                KeyValueOp::CompareAndSet(key, from, random.below(2) as u8)
            }
        }
    }

    fn results(&self, op: &KeyValueOp<u8, u8>) -> Vec<KeyValueRet<u8>> {
        match op {
            KeyValueOp::Get(_) => [None, Some(0), Some(1)].map(KeyValueRet::Value).to_vec(),
            KeyValueOp::Put(..) | KeyValueOp::Delete(_) => vec![KeyValueRet::Done],
            KeyValueOp::CompareAndSet(..) => [false, true].map(KeyValueRet::Swapped).to_vec(),
        }
    }
}

impl Drawn for TextMap<u8> {
    fn draw(&self, random: &mut Random) -> TextMapOp<u8> {
        let key = random.below(2) as u8;
        let text = if random.chance(50) { "a" } else { "b" };
        match random.below(5) {
            0 | 1 => TextMapOp::Get(key),
            2 => TextMapOp::Put(key, text.into()),
            _ => TextMapOp::Append(key, text.into()),
        }
    }

    fn results(&self, op: &TextMapOp<u8>) -> Vec<TextMapRet> {
        match op {
            TextMapOp::Get(_) => ["", "a", "b", "aa", "ab", "ba", "bb", "aaa", "aab", "abb", "bba"]
                .map(|text| TextMapRet::Text(text.into()))
                .to_vec(),
            TextMapOp::Put(..) | TextMapOp::Append(..) => vec![TextMapRet::Done],
        }
    }
}

impl Drawn for Counter {
    fn draw(&self, random: &mut Random) -> CounterOp {
        match random.below(4) {
            0 | 1 => CounterOp::Read,
            2 => CounterOp::Add(random.below(3) as i64 - 1),
            _ => CounterOp::AddAndGet(1),
        }
    }

    fn results(&self, op: &CounterOp) -> Vec<CounterRet> {
        match op {
            CounterOp::Read | CounterOp::AddAndGet(_) => (-2..5).map(CounterRet::Count).collect(),
            CounterOp::Add(_) => vec![CounterRet::Added],
        }
    }
}

impl Drawn for Mutex {
    fn draw(&self, random: &mut Random) -> MutexOp {
        if random.chance(50) { MutexOp::Acquire } else { MutexOp::Release }
    }

    fn results(&self, _op: &MutexOp) -> Vec<bool> {
        vec![true, false]
    }
}

macro_rules! queue {
    ($spec:ty) => {
        impl Drawn for $spec {
            fn draw(&self, random: &mut Random) -> QueueOp<u8> {
                if random.chance(50) { QueueOp::Dequeue } else { QueueOp::Enqueue(value(random)) }
            }

            fn results(&self, op: &QueueOp<u8>) -> Vec<QueueRet<u8>> {
                match op {
                    QueueOp::Enqueue(_) => vec![QueueRet::Enqueued],
                    QueueOp::Dequeue => {
                        let values = (0..VALUES as u8).map(Some).chain([None]);
                        values.map(QueueRet::Dequeued).collect()
                    }
                }
            }
        }
    };
}

queue!(FifoQueue<u8>);
queue!(UnorderedQueue<u8>);
queue!(PriorityQueue<u8>);

/// A queue whose values are distinct.
pub struct DistinctQueue {
    pub queue: FifoQueue<u8>,
    next: std::cell::Cell<u8>,
}

impl DistinctQueue {
    pub fn new() -> Self {
        DistinctQueue { queue: FifoQueue::new(), next: std::cell::Cell::new(0) }
    }

    pub fn restart(&self) {
        self.next.set(0);
    }
}

impl SequentialSpec for DistinctQueue {
    type State = VecDeque<u8>;
    type Op = QueueOp<u8>;
    type Ret = QueueRet<u8>;
    type Key = ();

    fn initial(&self) -> VecDeque<u8> {
        VecDeque::new()
    }

    fn step(
        &self,
        s: &VecDeque<u8>,
        op: &Self::Op,
        ret: Option<&Self::Ret>,
    ) -> Option<VecDeque<u8>> {
        self.queue.step(s, op, ret)
    }
}

impl Drawn for DistinctQueue {
    fn draw(&self, random: &mut Random) -> QueueOp<u8> {
        if random.chance(50) {
            QueueOp::Dequeue
        } else {
            self.next.set(self.next.get() + 1);
            QueueOp::Enqueue(self.next.get())
        }
    }

    fn results(&self, op: &QueueOp<u8>) -> Vec<QueueRet<u8>> {
        match op {
            QueueOp::Enqueue(_) => vec![QueueRet::Enqueued],
            QueueOp::Dequeue => {
                let values = (1..=self.next.get() + 1).map(Some).chain([None]);
                values.map(QueueRet::Dequeued).collect()
            }
        }
    }
}

impl Drawn for Stack<u8> {
    fn draw(&self, random: &mut Random) -> StackOp<u8> {
        match random.below(7) {
            0..=2 => StackOp::Push(value(random)),
            3..=5 => StackOp::Pop,
            _ => StackOp::Len,
        }
    }

    fn results(&self, op: &StackOp<u8>) -> Vec<StackRet<u8>> {
        match op {
            StackOp::Push(_) => vec![StackRet::Pushed],
            StackOp::Pop => {
                (0..VALUES as u8).map(Some).chain([None]).map(StackRet::Popped).collect()
            }
            StackOp::Len => (0..4).map(StackRet::Len).collect(),
        }
    }
}

/// All sorted lists of distinct values.
fn subsets(values: u8) -> Vec<Vec<u8>> {
    (0..1_u32 << values)
        .map(|bits| (0..values).filter(|v| bits & (1 << v) != 0).collect())
        .collect()
}

impl Drawn for Set<u8> {
    fn draw(&self, random: &mut Random) -> SetOp<u8> {
        match random.below(8) {
            0..=2 => SetOp::Add(value(random)),
            3 | 4 => SetOp::Remove(value(random)),
            5 | 6 => SetOp::Contains(value(random)),
            _ => SetOp::Read,
        }
    }

    fn results(&self, op: &SetOp<u8>) -> Vec<SetRet<u8>> {
        match op {
            SetOp::Add(v) if *v == 0 => vec![SetRet::Done],
            SetOp::Add(_) | SetOp::Remove(_) | SetOp::Contains(_) => {
                vec![SetRet::Answer(false), SetRet::Answer(true)]
            }
            SetOp::Read => subsets(VALUES as u8).into_iter().map(SetRet::Elements).collect(),
        }
    }
}

/// A grow-only set; `read_percent` of the questions are for the whole set.
pub struct Growing {
    pub set: GrowOnlySet<u8>,
    pub whole_reads_only: bool,
}

impl SequentialSpec for Growing {
    type State = BTreeSet<u8>;
    type Op = GrowOnlySetOp<u8>;
    type Ret = GrowOnlySetRet<u8>;
    type Key = ();

    fn initial(&self) -> BTreeSet<u8> {
        BTreeSet::new()
    }

    fn step(
        &self,
        s: &BTreeSet<u8>,
        op: &Self::Op,
        ret: Option<&Self::Ret>,
    ) -> Option<BTreeSet<u8>> {
        self.set.step(s, op, ret)
    }
}

impl Drawn for Growing {
    fn draw(&self, random: &mut Random) -> GrowOnlySetOp<u8> {
        match random.below(4) {
            0 | 1 => GrowOnlySetOp::Add(random.below(5) as u8),
            2 if !self.whole_reads_only => GrowOnlySetOp::Contains(random.below(5) as u8),
            _ => GrowOnlySetOp::Read,
        }
    }

    fn results(&self, op: &GrowOnlySetOp<u8>) -> Vec<GrowOnlySetRet<u8>> {
        match op {
            GrowOnlySetOp::Add(_) => vec![GrowOnlySetRet::Added],
            GrowOnlySetOp::Contains(_) => {
                vec![GrowOnlySetRet::Answer(false), GrowOnlySetRet::Answer(true)]
            }
            GrowOnlySetOp::Read => {
                let mut all: Vec<_> =
                    subsets(5).into_iter().map(GrowOnlySetRet::Elements).collect();
                all.push(GrowOnlySetRet::Elements(vec![1, 1]));
                all
            }
        }
    }
}

impl Drawn for AppendList<u8> {
    fn draw(&self, random: &mut Random) -> AppendListOp<u8> {
        if random.chance(50) {
            AppendListOp::Read
        } else {
            AppendListOp::Append(random.below(2) as u8)
        }
    }

    fn results(&self, op: &AppendListOp<u8>) -> Vec<AppendListRet<u8>> {
        match op {
            AppendListOp::Append(_) => vec![AppendListRet::Appended],
            AppendListOp::Read => {
                let mut lists: Vec<Vec<u8>> = vec![Vec::new()];
                for start in 0.. {
                    if lists[start].len() == 4 {
                        break;
                    }
                    for v in 0..2 {
                        let longer = [lists[start].as_slice(), &[v]].concat();
                        lists.push(longer);
                    }
                }
                lists.into_iter().map(AppendListRet::Elements).collect()
            }
        }
    }
}

impl Drawn for UniqueIds<u8> {
    fn draw(&self, _random: &mut Random) {}

    fn results(&self, _op: &()) -> Vec<u8> {
        (0..12).collect()
    }
}
