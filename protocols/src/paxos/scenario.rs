//! Paxos as a scenario: a cluster, its clients, the faults that it tolerates, and what is promised.

use super::client::{Client, client};
use super::cluster::Cluster;
use super::equal_ballots::EqualBallots;
use super::event::Event;
use super::invariants::{Observer, Scope};
use super::members::{Deployment, Members};
use super::mutants::{Class, Mutant};
use super::pace::Pace;
use super::{Message, Peer, Property, Role, shell};
use squall::choice::{Distribution, Ratio};
use squall::disk::{Latency, Rules, control as disks};
use squall::fault::Budget;
use squall::net::{LinkModel, Links, control as net};
use squall::prelude::*;
use squall::time::timeout_at;
use squall::{Failure, Scenario, node};
use std::cell::{OnceCell, RefCell};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;

/// Where every process listens.
const PORT: u16 = 7_000;
/// What a question and its answer take on a usual link.
const ROUND_TRIP: Duration = Duration::from_millis(100);
/// Within this they are all answered afterwards. Faults that nobody ends last for up to a minute.
const LIVENESS_BOUND: Duration = Duration::from_secs(1_200);
/// Clients that ask when all others have been answered.
const AUDITS: u16 = 2;

/// Paxos watched from inside, and the same seen by its clients alone.
pub fn scenarios() -> Vec<Scenario> {
    let white_box = Scenario::new("paxos", |sim| run(sim, Scope::WhiteBox));
    let end_to_end = Scenario::new("paxos-end-to-end", |sim| run(sim, Scope::EndToEnd));
    vec![
        white_box.seeds(40_000).mutants(bank(|mutant| mutant.violates().first())),
        end_to_end.seeds(1_000).mutants(bank(|mutant| mutant.violates().last())),
    ]
}

fn bank(violates: impl Fn(Mutant) -> Option<&'static Property>) -> Vec<squall::Mutant> {
    let entry = |mutant: Mutant| squall::Mutant {
        name: mutant.id(),
        violates: violates(mutant).map_or("", |property| property.name()),
        seeds_max: match mutant.class() {
            Class::Trivial | Class::Easy => Some(300),
            Class::Medium => Some(3_000),
            Class::Hard => Some(30_000),
            Class::Directed => None,
        },
    };
    Mutant::ALL.into_iter().map(entry).collect()
}

/// The sizes and habits of a run, drawn from the seed or fixed by the case.
struct Setup {
    cluster: Cluster,
    proposers: u16,
    learners: u16,
    clients: u16,
    pace: Pace,
    /// Faults begin for so long, and clients wait for an answer meanwhile.
    safety_phase: Duration,
    arrivals: Duration,
    link: LinkModel,
    latency: Latency,
    rules: Rules,
    outage: Option<(Outage, Duration)>,
}

/// Who loses power at one instant.
#[derive(Clone, Copy)]
enum Outage {
    Acceptors,
    Servers,
}

impl Setup {
    fn draw(sim: Sim) -> Setup {
        let name = sim.mutant().unwrap_or_else(|| Mutant::None.id().to_owned());
        let mutant: Mutant = name.parse().expect("the scenario lists its mutants");
        let small = |name: &str, range: std::ops::RangeInclusive<u16>| {
            let range = u64::from(*range.start())..=u64::from(*range.end());
            u16::try_from(sim.size(name, range)).expect("a small number")
        };
        // Three are the smallest cluster that tolerates anything.
        let acceptors = match mutant.acceptors() {
            Some(needed) => needed..=needed,
            None => 3..=5,
        };
        let acceptors = small("acceptors", acceptors);
        let equal_ballots = match mutant.equal_ballots() {
            Some(EqualBallots::Answer) => 0..=0,
            Some(EqualBallots::Refuse) => 1..=1,
            None => 0..=1,
        };
        let equal_ballots = match sim.parameter("refuse equal ballots", equal_ballots) {
            0 => EqualBallots::Answer,
            _ => EqualBallots::Refuse,
        };
        let proposers = small("proposers", 2..=4);
        let distance = [1, 4, 16][sim.parameter("distance", 0..=2) as usize];
        let round_trip = ROUND_TRIP * distance;
        let tenths = |name, least| round_trip * sim.parameter(name, least..=30) as u32 / 10;
        let pace =
            Pace { resend: tenths("resend tenths", 5), backoff: tenths("backoff tenths", 1) };
        let arrivals = [0, 1, 4, 20][sim.parameter("arrivals", 0..=3) as usize];
        let outage_at = round_trip * sim.parameter("outage tenths", 1..=100) as u32 / 10;
        Setup {
            cluster: Cluster::new(acceptors, equal_ballots).with_mutant(mutant),
            proposers,
            learners: small("learners", 2..=3),
            clients: small("clients", proposers..=proposers + 2),
            pace,
            safety_phase: Duration::from_secs(5) + 20 * round_trip,
            arrivals: round_trip * arrivals,
            link: LinkModel::with_latency(link(
                sim.parameter("network", 0..=3),
                MS * u64::from(distance),
            )),
            latency: latency(sim.parameter("disk", 0..=1)),
            rules: Rules {
                torn_sectors: Ratio::new(sim.parameter("torn sectors", 0..=1) as u32, 2),
                ..Rules::default()
            },
            outage: match sim.parameter("outage", 0..=3) {
                0 | 1 => None,
                2 => Some((Outage::Acceptors, outage_at)),
                _ => Some((Outage::Servers, outage_at)),
            },
        }
    }
}

const MS: u64 = 1_000_000;

/// Networks from well-behaved ones to those on which nothing keeps its order. Delays in `unit`s of time.
fn link(network: u64, unit: u64) -> Distribution {
    let body = Distribution::exponential(20 * unit, 50 * unit, 400 * unit);
    let tail = Distribution::log_uniform(100 * unit, 3_000 * unit);
    match network {
        0 => body,
        1 => Distribution::bimodal(body, Ratio::new(1, 20), tail),
        2 => Distribution::bimodal(body, Ratio::new(1, 4), tail),
        _ => Distribution::log_uniform(unit, 3_000 * unit),
    }
}

/// A good disk, or one whose syncs take as long as a round trip.
fn latency(disk: u64) -> Latency {
    match disk {
        0 => Latency::default(),
        _ => Latency {
            write: Distribution::log_normal(MS, 10 * MS, 800, 500 * MS),
            sync: Distribution::log_normal(5 * MS, 60 * MS, 800, 1_000 * MS),
            ..Latency::default()
        },
    }
}

async fn run(sim: Sim, scope: Scope) -> squall::Result {
    let setup = Setup::draw(sim);
    net::set_model(Links::All, setup.link.clone());
    net::name_messages_of::<Message>();
    let observer = RefCell::new(Observer::new(setup.cluster.acceptors(), scope));
    sim.watch(move |event: &Event| {
        let observed = observer.borrow_mut().observe(event);
        observed
            .map_err(|violation| Failure::check(violation.property.name(), violation.to_string()))
    });
    let cluster = Machines::start(sim, &setup);
    sim.faults(cluster.tolerated().lasting(setup.safety_phase));

    // Safety: whatever happens. In half of the cases the power fails for many at once.
    let faults_end = Instant::now() + setup.safety_phase;
    match setup.outage {
        Some((Outage::Acceptors, at)) => {
            sleep(at).await;
            sim.power_cycle(&cluster.acceptors);
        }
        Some((Outage::Servers, at)) => {
            sleep(at).await;
            sim.power_cycle(cluster.servers());
        }
        None => {}
    }
    if let Ok(finished) = timeout_at(faults_end, cluster.clients.finished()).await {
        finished.map_err(|error| squall::Error::check("clients work", error))?;
    }

    // Liveness: everybody is answered, those who come late too.
    let answered =
        |node: &Node| cluster.clients.iter().any(|client| client == *node) && !node.is_up();
    sim.heal(sim.core().into_iter().filter(|node| !answered(node)));
    cluster.clients.finished().within(LIVENESS_BOUND).await?;
    // Nobody but the acceptors needs to remember: all that servers knew by hearsay is forgotten.
    sim.power_cycle(cluster.servers());
    for audit in 0..AUDITS {
        let asking = Client::bind(cluster.deployment.clone(), setup.clients + audit).await?;
        let answer =
            async { asking.propose(audit % setup.proposers).await.map_err(|e| e.to_string()) };
        answer.promised("late clients are answered").within(LIVENESS_BOUND).await?;
    }
    Ok(())
}

/// The machines of a run.
struct Machines {
    acceptors: Nodes,
    proposers: Nodes,
    learners: Nodes,
    clients: Nodes,
    deployment: Rc<Deployment>,
}

impl Machines {
    fn start(sim: Sim, setup: &Setup) -> Machines {
        // A process must know where all others are; it first runs when all machines are there.
        let place: Rc<OnceCell<Rc<Deployment>>> = Rc::default();
        let arrivals = setup.arrivals;
        let group = |name: &str, count: u16, program: Program| {
            let place = place.clone();
            sim.nodes(name, count.into(), move || {
                let deployment = place.get().expect("all machines are there").clone();
                let here = SocketAddr::new(node::address(), PORT);
                let me = deployment.members.at(here).expect("every machine has a process");
                program(deployment, me.index, arrivals)
            })
        };
        let acceptors = group("acceptor", setup.cluster.acceptors(), |deployment, index, _| {
            Box::pin(shell::acceptor(deployment, index))
        });
        let proposers = group("proposer", setup.proposers, |deployment, index, _| {
            Box::pin(shell::proposer(deployment, index))
        });
        let learners = group("learner", setup.learners, |deployment, index, _| {
            Box::pin(shell::learner(deployment, index))
        });
        let clients = group("client", setup.clients, |deployment, index, arrivals| {
            Box::pin(client(deployment, index, arrivals))
        });

        let mut members = Members::default();
        let groups = [
            (&acceptors, Role::Acceptor),
            (&proposers, Role::Proposer),
            (&learners, Role::Learner),
            (&clients, Role::Client),
        ];
        for (nodes, role) in groups {
            for (node, index) in nodes.iter().zip(0..) {
                members.add(Peer { role, index }, SocketAddr::new(node.address(), PORT));
            }
        }
        for audit in 0..AUDITS {
            let here = SocketAddr::new(node::address(), PORT + audit);
            members.add(Peer::client(setup.clients + audit), here);
        }
        for node in acceptors.iter().chain(&proposers) {
            disks::set_latency(node.id(), setup.latency.clone());
            disks::set_rules(node.id(), setup.rules);
        }
        let deployment = Rc::new(Deployment {
            cluster: setup.cluster,
            members,
            pace: setup.pace,
            initialised: RefCell::default(),
        });
        assert!(place.set(deployment.clone()).is_ok(), "machines are started once");
        Machines { acceptors, proposers, learners, clients, deployment }
    }

    /// A minority of acceptors, all proposers but one, all learners but one. Clients live for ever, but are cut off too.
    fn tolerated(&self) -> FaultModel {
        let all_but_one =
            |nodes: &Nodes| Budget { nodes: nodes.ids().collect(), down_max: nodes.len() - 1 };
        FaultModel::crash_recovery()
            .omission()
            .partitions()
            .wipes()
            .tolerates(minority(&self.acceptors))
            .tolerates(all_but_one(&self.proposers))
            .tolerates(all_but_one(&self.learners))
    }

    fn servers(&self) -> impl Iterator<Item = Node> + '_ {
        self.acceptors.iter().chain(&self.proposers).chain(&self.learners)
    }
}

type Life = Pin<Box<dyn Future<Output = io::Result<()>>>>;
type Program = fn(Rc<Deployment>, u16, Duration) -> Life;
