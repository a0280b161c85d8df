//! A complete device: a bell on each node that rings some time after it was pressed.

use sim_runtime::choice::{Distribution, Kind, Stream};
use sim_runtime::trace::TraceKind;
use sim_runtime::{Config, Device, End, NodeId, Simulation, World, node::NodeSpec};
use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Poll, Waker};

static RANG: TraceKind =
    TraceKind::new("bell", "ring", |f, _, record| write!(f, "number {}", record.b));

/// The device: the bells of all nodes, each with a stream of choices of its own.
#[derive(Default)]
struct Bells(RefCell<Vec<Bell>>);

struct Bell {
    stream: Stream,
    rung: u64,
    listeners: Vec<Waker>,
}

impl Device for Bells {
    fn node_created(&self, world: &World, node: NodeId) {
        let stream = world.choices().stream(&["bell".into(), world.node_name(node).into()]);
        self.0.borrow_mut().push(Bell { stream, rung: 0, listeners: Vec::new() });
    }

    fn node_ended(&self, _: &World, node: NodeId, how: End) {
        let bell = &mut self.0.borrow_mut()[node.index()];
        bell.listeners.clear();
        if how == End::Wipe {
            bell.rung = 0;
        }
    }

    fn due(&self, world: &World, token: u64) {
        let node = NodeId(token as u16);
        let listeners = {
            let bell = &mut self.0.borrow_mut()[node.index()];
            bell.rung += 1;
            world.trace(&RANG, node, 0, bell.rung, 0);
            std::mem::take(&mut bell.listeners)
        };
        listeners.into_iter().for_each(Waker::wake);
    }
}

/// What code under test calls: presses the bell of its node.
fn press() {
    World::current(|world| {
        if !world.current_process_lives() {
            return;
        }
        let node = world.current_node();
        world.with_device(|bells: &Bells| {
            let stream = &mut bells.0.borrow_mut()[node.index()].stream;
            let delay =
                world.choices().sample(stream, Kind::Device, &Distribution::uniform(1_000, 9_000));
            world.schedule(world.device_id::<Bells>(), world.now() + delay, u64::from(node.0));
        });
    });
}

/// And waits until it has rung so often.
async fn rung(times: u64) {
    poll_fn(|cx| {
        World::current(|world| {
            world.with_device(|bells: &Bells| {
                let bell = &mut bells.0.borrow_mut()[world.current_node().index()];
                if bell.rung >= times {
                    return Poll::Ready(());
                }
                bell.listeners.push(cx.waker().clone());
                world.waiting(|| format!("ring number {times}"));
                Poll::Pending
            })
        })
    })
    .await;
}

fn main() {
    let run = || {
        Simulation::new(Config { seed: 3, ..Config::default() }).device(Bells::default()).run(
            async {
                let porter = World::current(|world| {
                    let porter = world.add_node(NodeSpec::new("porter", || async {
                        press();
                        press();
                        rung(2).await;
                    }));
                    world.start(porter);
                    porter
                });
                World::exited(porter).await
            },
        )
    };
    let outcome = run();
    assert_eq!(outcome.result, Ok(Ok(())));
    assert!((1_000..=9_000).contains(&outcome.figures.virtual_time));
    assert_eq!(outcome.trace_hash, run().trace_hash);
}
