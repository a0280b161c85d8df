//! The runtime against tokio: the same code, compiled once with tokio's items and once with ours, must tell the same story.
//!
//! Each scenario is written once, with `rt` standing for the runtime. It writes what it sees into a log; the log of a
//! run under tokio's paused clock on one thread must equal that of a simulation with the policy `fifo`, lines, order and
//! milliseconds alike. Code that compiles on one side only does not compile here at all.

mod channels;
mod join_set;
mod signatures;
mod tasks;
mod ticks;
mod timers;

/// A log whose lines carry the milliseconds since the start of the scenario.
macro_rules! log_of {
    ($side:ident, $runtime:ident) => {
        mod $side {
            use std::fmt::Display;
            use std::sync::{Arc, Mutex};

            #[derive(Clone)]
            pub(crate) struct Log {
                start: $runtime::time::Instant,
                lines: Arc<Mutex<Vec<String>>>,
            }

            impl Log {
                pub(crate) fn new() -> Log {
                    Log { start: $runtime::time::Instant::now(), lines: Arc::default() }
                }

                pub(crate) fn say(&self, text: impl Display) {
                    let ms = self.start.elapsed().as_millis();
                    self.lines.lock().unwrap().push(format!("{ms} {text}"));
                }

                /// The milliseconds from the start of the scenario to `instant`.
                pub(crate) fn ms(&self, instant: $runtime::time::Instant) -> u128 {
                    instant.duration_since(self.start).as_millis()
                }

                pub(crate) fn take(&self) -> Vec<String> {
                    self.lines.lock().unwrap().clone()
                }
            }

            /// Says a line when it is dropped.
            pub(crate) struct Says(pub(crate) Log, pub(crate) &'static str);

            impl Drop for Says {
                fn drop(&mut self) {
                    self.0.say(self.1);
                }
            }
        }
    };
}

log_of!(on_tokio, tokio);
log_of!(on_ours, sim_runtime);

/// Scenarios, each a test that runs it on both sides and compares the logs.
macro_rules! scenarios {
    ($($(#[$doc:meta])* $name:ident($log:ident) $body:block)+) => {
        #[allow(clippy::redundant_clone, reason = "written once for two runtimes")]
        mod with_tokio {
            #[allow(unused_imports, reason = "what some scenarios use")]
            use {super::*, crate::on_tokio::{Log, Says}, tokio as rt};
            $(pub(super) async fn $name($log: Log) $body)+
        }
        mod with_ours {
            #[allow(unused_imports, reason = "what some scenarios use")]
            use {super::*, crate::on_ours::{Log, Says}, sim_runtime as rt};
            $(pub(super) async fn $name($log: Log) $body)+
        }
        $($(#[$doc])* #[test] fn $name() {
            let tokio = crate::run_tokio(with_tokio::$name);
            let ours = crate::run_ours(with_ours::$name);
            assert!(!ours.is_empty(), "a scenario says something");
            assert_eq!(tokio, ours, "left: tokio, right: ours");
        })+
    };
}
use scenarios;

fn run_tokio<F>(scenario: impl FnOnce(on_tokio::Log) -> F + Send + 'static) -> Vec<String>
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("tokio starts");
    runtime.block_on(async {
        let log = on_tokio::Log::new();
        let lines = log.clone();
        // In a task, because `block_on` polls its own future out of turn.
        tokio::spawn(async move { scenario(log).await }).await.expect("the scenario ends");
        lines.take()
    })
}

fn run_ours<F>(scenario: impl FnOnce(on_ours::Log) -> F + 'static) -> Vec<String>
where
    F: Future<Output = ()> + 'static,
{
    use sim_runtime::{Config, Simulation, task::Policy};
    let config = Config { policy: Policy::Fifo, panics_tolerated: true, ..Config::default() };
    let outcome = Simulation::new(config).run(async {
        let log = on_ours::Log::new();
        let lines = log.clone();
        sim_runtime::task::spawn(scenario(log)).await.expect("the scenario ends");
        lines.take()
    });
    outcome.result.unwrap_or_else(|failure| panic!("the simulation failed: {failure}"))
}
