//! A plain random walk over the roles of Paxos: no clock, no executor, one step at a time.
//!
//! Any message in flight may be delivered next, so the order is as bad as it can be. Rates are
//! drawn per walk: a walk without losses and one full of crashes find different bugs.

mod dice;

use dice::Dice;
use protocols::paxos::record::{self, Journal};
use protocols::paxos::{
    Acceptor, Action, Boot, Cluster, EqualBallots, Event, Input, Learner, Message, Mutant,
    Observer, Peer, Proposer, RequestId, Role, Scope, Standing, Value, Violation,
};

enum State {
    Down,
    Acceptor(Acceptor),
    Proposer(Proposer),
    Learner(Learner),
}

struct Process {
    peer: Peer,
    state: State,
    file: Vec<u8>,
    journal: Option<Journal>,
    boot: Boot,
    timer: bool,
    wiped: bool,
}

#[derive(Clone, Copy)]
struct Envelope {
    from: Peer,
    to: Peer,
    message: Message,
}

/// Relative weights of the steps, out of those of a delivery (1000).
struct Rates {
    drop: usize,
    duplicate: usize,
    crash: usize,
    crash_in_action_of_1000: usize,
    timer: usize,
    client: usize,
    wipe: usize,
}

/// What happened, for the tests of the tests.
#[derive(Default, Debug, Clone, Copy)]
pub struct Tally {
    pub deliveries: u64,
    pub drops: u64,
    pub duplicates: u64,
    pub crashes: u64,
    pub torn_writes: u64,
    pub wipes: u64,
    pub silenced: u64,
    pub decisions: u64,
}

pub struct Walk {
    dice: Dice,
    cluster: Cluster,
    processes: Vec<Process>,
    flying: Vec<Envelope>,
    clients_done: Vec<bool>,
    observer: Observer,
    rates: Rates,
    pub tally: Tally,
}

const FLYING_MAX: usize = 60;
/// Two that count for themselves: one alone would never contradict itself within a life, and a
/// broken agreement would stay unseen from outside.
const LEARNERS: u16 = 2;

impl Walk {
    pub fn new(seed: u64, mutant: Mutant, scope: Scope) -> Walk {
        Walk::with(seed, mutant, scope, mutant.equal_ballots())
    }

    /// A walk with this treatment of equal ballots; `None` draws it.
    pub fn with(
        seed: u64,
        mutant: Mutant,
        scope: Scope,
        equal_ballots: Option<EqualBallots>,
    ) -> Walk {
        let mut dice = Dice::new(seed);
        let sizes = [3, 3, 3, 5];
        let drawn = sizes[dice.below(sizes.len())];
        let acceptors = mutant.acceptors().unwrap_or(drawn);
        let drawn = [EqualBallots::Refuse, EqualBallots::Answer][dice.below(2)];
        let equal_ballots = equal_ballots.unwrap_or(drawn);
        let cluster = Cluster::new(acceptors, equal_ballots).with_mutant(mutant);
        let proposers = 2 + dice.below(2) as u16;
        let rates = Rates {
            drop: dice.rate(200),
            duplicate: dice.rate(150),
            crash: dice.rate(150),
            crash_in_action_of_1000: dice.rate(60),
            timer: 20 + dice.below(200),
            client: 10 + dice.below(60),
            wipe: dice.rate(40),
        };
        let peers = (0..acceptors)
            .map(Peer::acceptor)
            .chain((0..proposers).map(Peer::proposer))
            .chain((0..LEARNERS).map(Peer::learner));
        let processes = peers
            .map(|peer| Process {
                peer,
                state: State::Down,
                file: Vec::new(),
                journal: None,
                boot: Boot::First,
                timer: false,
                wiped: false,
            })
            .collect();
        Walk {
            dice,
            cluster,
            processes,
            flying: Vec::new(),
            clients_done: vec![false; usize::from(proposers) + 1],
            observer: Observer::new(acceptors, scope),
            rates,
            tally: Tally::default(),
        }
    }

    /// Walks at most `steps` steps. The number of steps until a violation, and what it is.
    pub fn run(&mut self, steps: usize) -> Result<(), (usize, Violation)> {
        self.start().map_err(|violation| (0, violation))?;
        for step in 1..=steps {
            self.step().map_err(|violation| (step, violation))?;
        }
        Ok(())
    }

    fn start(&mut self) -> Result<(), Violation> {
        for index in 0..self.processes.len() {
            self.boot(index)?;
        }
        for client in 0..self.clients_done.len() {
            self.observer.observe(&Event::ValueProposed { value: client_value(client) })?;
            self.client_asks(client, client);
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), Violation> {
        let rates = &self.rates;
        let fault_weights =
            [rates.drop, rates.duplicate, rates.crash, rates.timer, rates.client, rates.wipe];
        let mut at = self.dice.below(1000 + fault_weights.iter().sum::<usize>());
        let kind = fault_weights.iter().position(|&weight| {
            let hit = at < weight;
            at = at.saturating_sub(weight);
            hit
        });
        match kind {
            None => self.deliver_any(),
            Some(0) => {
                if !self.flying.is_empty() {
                    let index = self.dice.below(self.flying.len());
                    self.flying.swap_remove(index);
                    self.tally.drops += 1;
                }
                Ok(())
            }
            Some(1) => {
                if !self.flying.is_empty() && self.flying.len() < FLYING_MAX {
                    let index = self.dice.below(self.flying.len());
                    self.flying.push(self.flying[index]);
                    self.tally.duplicates += 1;
                }
                Ok(())
            }
            Some(2) => {
                let index = self.dice.below(self.processes.len());
                self.crash(index);
                self.boot(index)
            }
            Some(3) => self.fire_any_timer(),
            Some(4) => {
                let client = self.dice.below(self.clients_done.len());
                let proposer = self.dice.below(self.clients_done.len());
                if !self.clients_done[client] {
                    self.client_asks(client, proposer);
                }
                Ok(())
            }
            Some(_) => self.wipe_any(),
        }
    }

    fn deliver_any(&mut self) -> Result<(), Violation> {
        if self.flying.is_empty() {
            return self.fire_any_timer();
        }
        let index = self.dice.below(self.flying.len());
        let envelope = self.flying.swap_remove(index);
        self.deliver(envelope)
    }

    fn deliver(&mut self, envelope: Envelope) -> Result<(), Violation> {
        let Envelope { from, to, message } = envelope;
        self.tally.deliveries += 1;
        if to.role == Role::Client {
            let done = &mut self.clients_done[usize::from(to.index)];
            if let (Message::Reply { value, .. }, false) = (message, *done) {
                *done = true;
                self.tally.decisions += 1;
                return self.observer.observe(&Event::Decided { by: to, value });
            }
            return Ok(());
        }
        self.input(self.index_of(to), Input::Message { from, message })
    }

    fn fire_any_timer(&mut self) -> Result<(), Violation> {
        let armed: Vec<usize> =
            (0..self.processes.len()).filter(|&index| self.processes[index].timer).collect();
        if armed.is_empty() {
            return Ok(());
        }
        let index = armed[self.dice.below(armed.len())];
        self.processes[index].timer = false;
        self.input(index, Input::TimerFired)
    }

    fn input(&mut self, index: usize, input: Input) -> Result<(), Violation> {
        let actions = match &mut self.processes[index].state {
            State::Down => Vec::new(),
            State::Acceptor(acceptor) => acceptor.on(input),
            State::Proposer(proposer) => proposer.on(input),
            State::Learner(learner) => learner.on(input),
        };
        self.perform(index, &actions)
    }

    /// What a shell does; the process may die before or in the middle of any action.
    fn perform(&mut self, index: usize, actions: &[Action]) -> Result<(), Violation> {
        let me = self.processes[index].peer;
        for action in actions {
            let dies = self.dice.chance(self.rates.crash_in_action_of_1000);
            if let Action::Persist(record) = action {
                let process = &mut self.processes[index];
                let write = process.journal.as_mut().expect("it has booted").append(record);
                let length = if dies { self.dice.below(write.bytes.len() + 1) } else { 64 };
                let start = write.offset as usize;
                process.file.resize(process.file.len().max(start + length), 0);
                process.file[start..start + length].copy_from_slice(&write.bytes[..length]);
                self.tally.torn_writes += u64::from(dies);
            }
            if dies {
                self.crash(index);
                return self.boot(index);
            }
            if let Some(event) = Event::of(me, action) {
                self.observer.observe(&event)?;
            }
            match *action {
                Action::Persist(_) | Action::Decide(_) => {}
                Action::MarkInitialised => self.processes[index].boot = Boot::Again,
                Action::Send(to, message) => self.send(me, to, message),
                Action::SendToAll(role, message) => {
                    let to: Vec<Peer> = self.processes.iter().map(|process| process.peer).collect();
                    for to in to.into_iter().filter(|&to| to.role == role && to != me) {
                        self.send(me, to, message);
                    }
                }
                Action::StartTimer(_) => self.processes[index].timer = true,
                Action::StopTimer => self.processes[index].timer = false,
            }
        }
        Ok(())
    }

    fn send(&mut self, from: Peer, to: Peer, message: Message) {
        if self.flying.len() == FLYING_MAX {
            let index = self.dice.below(self.flying.len());
            self.flying.swap_remove(index);
        }
        self.flying.push(Envelope { from, to, message });
    }

    fn crash(&mut self, index: usize) {
        let process = &mut self.processes[index];
        process.state = State::Down;
        process.timer = false;
        process.journal = None;
        self.tally.crashes += 1;
    }

    fn boot(&mut self, index: usize) -> Result<(), Violation> {
        let process = &mut self.processes[index];
        let by = process.peer;
        self.observer.observe(&Event::Started { by })?;
        let recovered = record::recover(&process.file);
        process.journal = recovered.as_ref().ok().map(|(journal, _)| journal.clone());
        let recovered = recovered.map(|(_, newest)| newest);
        if let Ok(Some(record)) = recovered {
            self.observer.observe(&Event::Durable { by, record })?;
        }
        let (state, actions) = match by.role {
            Role::Acceptor => {
                let (acceptor, actions) = Acceptor::boot(self.cluster, process.boot, recovered);
                self.tally.silenced += u64::from(acceptor.standing() == Standing::StorageLost);
                (State::Acceptor(acceptor), actions)
            }
            Role::Proposer => {
                let boot = Proposer::boot(self.cluster, by.index, process.boot, recovered);
                (State::Proposer(boot.0), boot.1)
            }
            Role::Learner => (State::Learner(Learner::new(self.cluster)), Vec::new()),
            Role::Client => unreachable!("clients have no process here"),
        };
        process.state = state;
        self.perform(index, &actions)
    }

    /// Fewer than half of the acceptors may lose their disks.
    fn wipe_any(&mut self) -> Result<(), Violation> {
        let wiped = self.processes.iter().filter(|process| process.wiped).count();
        if wiped >= usize::from(self.cluster.acceptors() - 1) / 2 {
            return Ok(());
        }
        let index = self.dice.below(usize::from(self.cluster.acceptors()));
        self.crash(index);
        self.processes[index].file.clear();
        self.processes[index].wiped = true;
        self.tally.wipes += 1;
        self.boot(index)
    }

    fn client_asks(&mut self, client: usize, proposer: usize) {
        let proposers = self.clients_done.len() - 1;
        let request = RequestId(1);
        let to = Peer::proposer((proposer % proposers) as u16);
        let from = Peer::client(client as u16);
        self.send(from, to, Message::Propose { request, value: client_value(client) });
        let learner = Peer::learner(from.index % LEARNERS);
        self.send(from, learner, Message::Query { request });
    }

    fn index_of(&self, peer: Peer) -> usize {
        self.processes.iter().position(|process| process.peer == peer).expect("it exists")
    }

    /// No more faults, oldest message first, one timer at a time: every client must be answered.
    /// The number of steps, or `None` if `steps` were not enough.
    pub fn heal(&mut self, steps: usize) -> Result<Option<usize>, Violation> {
        self.rates.crash_in_action_of_1000 = 0;
        for step in 0..steps {
            if self.clients_done.iter().all(|&done| done) {
                return Ok(Some(step));
            }
            if !self.flying.is_empty() {
                let envelope = self.flying.remove(0);
                self.deliver(envelope)?;
            } else if self.processes.iter().any(|process| process.timer) {
                self.fire_any_timer()?;
            } else {
                for client in 0..self.clients_done.len() {
                    let proposer = self.dice.below(self.clients_done.len());
                    if !self.clients_done[client] {
                        self.client_asks(client, proposer);
                    }
                }
            }
        }
        Ok(None)
    }
}

fn client_value(client: usize) -> Value {
    Value(100 + client as u64)
}
