//! A specification as a table: states and operations by number, each transition computed once.

use crate::hash::{NumberTable, hash_of};
use crate::spec::NondeterministicSpec;

/// A transition that is not possible.
const IMPOSSIBLE: u32 = u32::MAX;
/// A transition that was not computed yet.
const UNSEEN: u32 = u32::MAX - 1;
/// Set in a transition with several successors; the rest is their place in `lists`.
const SEVERAL: u32 = 1 << 31;
/// Above this many classes of operations the table is hashed, as most pairs never meet.
const DENSE_CLASSES: usize = 512;

/// The successors of a state under a class of operations.
pub(crate) enum Next {
    None,
    One(u32),
    /// A place in [`Machine::list`].
    Several(u32),
}

/// Operations that ask for the same thing and are told the same.
struct Class<S: NondeterministicSpec> {
    op: S::Op,
    ret: Option<S::Ret>,
    is_pure: bool,
}

/// What the search needs to know of the classes and states of one history.
pub(crate) struct Machine<'s, S: NondeterministicSpec> {
    spec: &'s S,
    classes: Vec<Class<S>>,
    class_numbers: NumberTable,
    states: Vec<S::State>,
    state_numbers: NumberTable,
    /// Whether it is known until when states can be told apart, so that they may be merged.
    merges: bool,
    /// The last step at which an operation is open that can tell this state from others; -1: no such step. Empty
    /// unless the machine merges states.
    last_observed: Vec<i64>,
    /// Classes that can tell states apart, with the last step at which one of them is open, latest first.
    observers: Vec<(u32, i64)>,
    /// The state that stands for all that nobody can tell apart any more: of those that were met, the one
    /// that was unobserved earliest, as a depth-first search returns to earlier steps.
    unobserved: Option<u32>,
    /// A row of transitions for each state, `width` wide. Empty if there are many classes.
    dense: Vec<u32>,
    width: usize,
    hashed_numbers: NumberTable,
    hashed: Vec<(u64, u32)>,
    lists: Vec<Vec<u32>>,
    scratch: Vec<S::State>,
}

impl<'s, S: NondeterministicSpec> Machine<'s, S> {
    pub(crate) fn new(spec: &'s S) -> Self {
        Machine {
            spec,
            classes: Vec::new(),
            class_numbers: NumberTable::default(),
            states: Vec::new(),
            state_numbers: NumberTable::default(),
            merges: false,
            last_observed: Vec::new(),
            observers: Vec::new(),
            unobserved: None,
            dense: Vec::new(),
            width: 0,
            hashed_numbers: NumberTable::default(),
            hashed: Vec::new(),
            lists: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// A machine that expects this many operations.
    pub(crate) fn with_capacity(spec: &'s S, operations: usize) -> Self {
        let classes = operations.min(32);
        let width = classes.next_power_of_two();
        Machine {
            classes: Vec::with_capacity(classes),
            class_numbers: NumberTable::with_capacity(classes),
            states: Vec::with_capacity(8),
            dense: Vec::with_capacity(8 * width),
            width,
            ..Machine::new(spec)
        }
    }

    /// A machine whose states and classes come and go.
    pub(crate) fn growing(spec: &'s S) -> Self {
        let mut machine = Machine::new(spec);
        machine.width = usize::MAX;
        machine
    }

    /// How many states, classes and transitions are known.
    pub(crate) fn size(&self) -> usize {
        self.states.len() + self.classes.len() + self.hashed.len()
    }

    pub(crate) fn spec(&self) -> &'s S {
        self.spec
    }

    /// The number of this operation with this result (`None`: unknown).
    #[inline(always)]
    pub(crate) fn class(&mut self, op: &S::Op, ret: Option<&S::Ret>) -> u32 {
        let hash = hash_of(&(op, ret));
        for number in self.class_numbers.candidates(hash) {
            let known = &self.classes[number as usize];
            if known.op == *op && known.ret.as_ref() == ret {
                return number;
            }
        }
        self.add_class(hash, op, ret)
    }

    #[inline(never)]
    fn add_class(&mut self, hash: u64, op: &S::Op, ret: Option<&S::Ret>) -> u32 {
        let is_pure = self.spec.is_pure(op, ret);
        self.classes.push(Class { op: op.clone(), ret: ret.cloned(), is_pure });
        if self.classes.len() > self.width {
            self.set_width((2 * self.width).max(16));
        }
        self.class_numbers.add(hash)
    }

    pub(crate) fn class_count(&self) -> usize {
        self.classes.len()
    }

    pub(crate) fn class_parts(&self, class: u32) -> (&S::Op, Option<&S::Ret>) {
        let Class { op, ret, .. } = &self.classes[class as usize];
        (op, ret.as_ref())
    }

    #[inline]
    pub(crate) fn is_pure(&self, class: u32) -> bool {
        self.classes[class as usize].is_pure
    }

    /// Makes room for the classes that are known, as few more are to come.
    pub(crate) fn seal(&mut self) {
        self.set_width(self.classes.len());
    }

    /// Makes room for this many classes; what is known of their transitions is kept.
    fn set_width(&mut self, width: usize) {
        let known = std::mem::take(&mut self.dense);
        let mut rows = known.chunks(self.width.max(1));
        self.width = width;
        if width > DENSE_CLASSES {
            return;
        }
        self.dense.reserve(self.states.len().max(8) * width);
        for state in 0..self.states.len() {
            let row = rows.next().unwrap_or_default();
            self.dense.extend_from_slice(&row[..row.len().min(width)]);
            self.dense.resize((state + 1) * width, UNSEEN);
        }
    }

    /// The number of this state.
    pub(crate) fn state(&mut self, state: S::State) -> u32 {
        let hash = hash_of(&state);
        let found = self.state_numbers.find(hash, |number| self.states[number as usize] == state);
        found.unwrap_or_else(|| self.add_state(hash, state))
    }

    fn add_state(&mut self, hash: u64, state: S::State) -> u32 {
        let number = self.state_numbers.add(hash);
        assert!(number < SEVERAL, "fewer than 2^31 states");
        if self.merges {
            self.last_observed.push(self.last_observer(&state));
        }
        self.states.push(state);
        if self.width <= DENSE_CLASSES {
            self.dense.resize(self.dense.len() + self.width, UNSEEN);
        }
        number
    }

    pub(crate) fn state_of(&self, number: u32) -> &S::State {
        &self.states[number as usize]
    }

    pub(crate) fn state_count(&self) -> usize {
        self.states.len()
    }

    fn last_observer(&self, state: &S::State) -> i64 {
        let sees = |class: u32| {
            let (op, ret) = self.class_parts(class);
            self.spec.tells_apart(op, ret, state) == Some(true)
        };
        self.observers.iter().find(|(class, _)| sees(*class)).map_or(-1, |(_, step)| *step)
    }

    /// From now on states that are not observed any more are merged. Of the `observers` each is a class that can tell
    /// states apart, with the last step at which one of them is open.
    pub(crate) fn merge_unobserved(&mut self, mut observers: Vec<(u32, i64)>) {
        observers.sort_by_key(|(_, step)| std::cmp::Reverse(*step));
        self.observers = observers;
        self.last_observed = self.states.iter().map(|state| self.last_observer(state)).collect();
        self.merges = true;
    }

    /// An operation that can tell this state from others is open until `step`.
    pub(crate) fn observe(&mut self, state: S::State, step: i64) {
        let number = self.state(state) as usize;
        self.last_observed[number] = self.last_observed[number].max(step);
    }

    /// The state that stands for this one at `step`.
    #[inline]
    pub(crate) fn canonical(&mut self, state: u32, step: usize) -> u32 {
        if !self.merges {
            return state;
        }
        let last_observed = self.last_observed[state as usize];
        if last_observed >= step as i64 {
            return state;
        }
        match self.unobserved {
            Some(other) if self.last_observed[other as usize] <= last_observed => other,
            Some(_) | None => {
                self.unobserved = Some(state);
                state
            }
        }
    }

    /// Where an operation of `class` leads from `state`.
    #[inline(always)]
    pub(crate) fn next(&mut self, state: u32, class: u32) -> Next {
        let entry = if self.width <= DENSE_CLASSES {
            let at = state as usize * self.width + class as usize;
            match self.dense[at] {
                UNSEEN => {
                    let entry = self.compute(state, class);
                    self.dense[at] = entry;
                    entry
                }
                entry => entry,
            }
        } else {
            self.next_hashed(state, class)
        };
        match entry {
            IMPOSSIBLE => Next::None,
            entry if entry & SEVERAL != 0 => Next::Several(entry & !SEVERAL),
            entry => Next::One(entry),
        }
    }

    /// Whether an operation of `class` is possible in `state`.
    #[inline]
    pub(crate) fn allows(&mut self, state: u32, class: u32) -> bool {
        !matches!(self.next(state, class), Next::None)
    }

    pub(crate) fn list(&self, place: u32) -> &[u32] {
        &self.lists[place as usize]
    }

    #[inline(never)]
    fn next_hashed(&mut self, state: u32, class: u32) -> u32 {
        let key = u64::from(state) << 32 | u64::from(class);
        let hashed = &self.hashed;
        let (number, new) =
            self.hashed_numbers.number(hash_of(&key), |number| hashed[number as usize].0 == key);
        if new {
            self.hashed.push((key, UNSEEN));
            let entry = self.compute(state, class);
            self.hashed[number as usize].1 = entry;
        }
        self.hashed[number as usize].1
    }

    #[inline(never)]
    fn compute(&mut self, state: u32, class: u32) -> u32 {
        let Class { op, ret, is_pure } = &self.classes[class as usize];
        let mut found = std::mem::take(&mut self.scratch);
        self.spec.steps(&self.states[state as usize], op, ret.as_ref(), &mut found);
        let entry = match found.pop() {
            None => IMPOSSIBLE,
            Some(_) if *is_pure => {
                found.clear();
                state
            }
            Some(one) if found.is_empty() => self.state(one),
            Some(last) => {
                found.push(last);
                let mut numbers: Vec<u32> =
                    found.drain(..).map(|state| self.state(state)).collect();
                numbers.sort_unstable();
                numbers.dedup();
                match numbers.as_slice() {
                    [one] => *one,
                    _ => {
                        self.lists.push(numbers);
                        SEVERAL | (self.lists.len() - 1) as u32
                    }
                }
            }
        };
        self.scratch = found;
        entry
    }
}
