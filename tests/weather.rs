//! The weather: what seeds become as faults, that each fault has an effect, and that it stays within what was promised.

#[path = "weather/budgets.rs"]
mod budgets;
#[path = "weather/chat.rs"]
mod chat;
#[path = "weather/directed.rs"]
mod directed;
#[path = "weather/gate.rs"]
mod gate;
#[path = "weather/messages.rs"]
mod messages;
#[path = "weather/phases.rs"]
mod phases;
#[path = "weather/shares.rs"]
mod shares;
#[path = "weather/triggers.rs"]
mod triggers;
