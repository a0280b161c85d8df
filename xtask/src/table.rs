//! Tables for people.

use comfy_table::{CellAlignment, Table, presets};
use squall::Summary;
use squall::fault::Class;
use std::collections::BTreeSet;

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header);
    table
}

fn align(table: &mut Table, numbers: std::ops::Range<usize>) {
    for column in numbers {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// A swarm's end, as a person reads it.
pub fn summary(summary: &Summary) -> String {
    let mut text = format!("\n{}", summary.scenario);
    if summary.interrupted {
        text.push_str("  (interrupted)");
    }
    let virtual_seconds = summary.virtual_time as f64 / 1e9;
    text.push_str(&format!(
        "\n  {} seeds in {:.1} s, {:.0} a second; {} events; {:.0} s of virtual time, {:.0} times as fast as real\n",
        summary.seeds,
        summary.wall.as_secs_f64(),
        summary.seeds_per_second(),
        summary.events,
        virtual_seconds,
        virtual_seconds / summary.wall.as_secs_f64().max(1e-9),
    ));
    match summary.failures {
        0 => text.push_str("  no failure\n"),
        failures => {
            text.push_str(&format!(
                "  {failures} failed, the first after {} seeds\n",
                summary.first_failure_after.unwrap_or_default()
            ));
            for (fingerprint, count) in &summary.fingerprints {
                text.push_str(&format!("    {count:>6}  {fingerprint}\n"));
            }
        }
    }
    for (count, what) in [
        (summary.undecided, "undecided"),
        (summary.nondeterministic, "with two outcomes: NOT DETERMINISTIC"),
    ] {
        if count > 0 {
            text.push_str(&format!("  {count} {what}\n"));
        }
    }
    text.push_str(&depth(summary));
    text.push_str(&faults(summary));
    text.push_str(&probes(summary));
    text
}

/// How deep the runs went, so that nobody takes shallow ones for deep.
fn depth(summary: &Summary) -> String {
    let (events, exports) = (summary.events_of_runs(), summary.exports_of_runs());
    let mut text = format!(
        "  a run: {} events (95% below {}, 99% below {}), {} operations exported (95% below {}, 99% below {})\n",
        events.p50, events.p95, events.p99, exports.p50, exports.p95, exports.p99
    );
    let seeds = summary.seeds.max(1) as f64;
    let memory = summary.memory_of_runs();
    text.push_str(&format!(
        "  its state: {} at the end (95% below {}, 99% below {})\n",
        kilobytes(memory.p50),
        kilobytes(memory.p95),
        kilobytes(memory.p99)
    ));
    let share = |count: &u64| format!("{:.0}%", *count as f64 * 100.0 / seeds);
    let classes: Vec<String> = summary
        .classes()
        .iter()
        .map(|(class, count)| format!("{} {}", share(count), class.name()))
        .collect();
    let of = |class| summary.classes().get(&class).copied().unwrap_or_default();
    let single = match of(Class::SingleFault) + of(Class::SingleKind) {
        0 => String::new(),
        single => format!(" (of one kind alone: {})", share(&single)),
    };
    text.push_str(&format!("  cases: {}{single}\n", classes.join(", ")));
    if let Some(unseen) = summary.unseen() {
        let percent = f64::from(unseen.numerator()) * 100.0 / f64::from(unseen.denominator());
        text.push_str(&format!(
            "  the next seed shows something new with about {percent:.2}% (Good-Turing)\n"
        ));
    }
    let unmet = summary.pairs_unmet();
    if !unmet.is_empty() {
        let pairs: Vec<String> = unmet.iter().take(8).map(|(a, b)| format!("{a}+{b}")).collect();
        let more = if unmet.len() > 8 { ", ..." } else { "" };
        text.push_str(&format!(
            "  {} pairs of faults never met: {}{more}\n",
            unmet.len(),
            pairs.join(", ")
        ));
    }
    text
}

fn faults(summary: &Summary) -> String {
    if summary.declared.is_empty() && summary.ledger.is_empty() {
        return String::new();
    }
    let share = |cases: u64| format!("{:.0}%", cases as f64 * 100.0 / summary.seeds.max(1) as f64);
    let mut rows =
        table(&["  fault", "planned in", "struck in", "cases", "injected", "observed", ""]);
    let kinds: BTreeSet<&str> =
        summary.declared.iter().chain(summary.ledger.keys()).copied().collect();
    for kind in kinds {
        let total = summary.ledger.get(kind).copied().unwrap_or_default();
        let remark = if total.observed == 0 { "no effect" } else { "" };
        rows.add_row([
            format!("  {kind}"),
            share(total.planned),
            share(total.cases),
            total.cases.to_string(),
            total.injected.to_string(),
            total.observed.to_string(),
            remark.to_owned(),
        ]);
    }
    align(&mut rows, 1..6);
    let put_off = match summary.postponed {
        0 => String::new(),
        postponed => {
            format!("  {postponed} faults were put off, to stay within what the system tolerates\n")
        }
    };
    format!("\n{rows}\n{put_off}{}", effects(summary))
}

/// What faults and devices brought about: no kinds of fault, so that no share of cases is asked of them.
fn effects(summary: &Summary) -> String {
    if summary.effects.is_empty() {
        return String::new();
    }
    let mut rows = table(&["  effect", "cases", "times", "met"]);
    for (name, total) in &summary.effects {
        rows.add_row([
            format!("  {name}"),
            total.cases.to_string(),
            total.times.to_string(),
            total.met.to_string(),
        ]);
    }
    align(&mut rows, 1..4);
    format!("\n{rows}\n")
}

fn kilobytes(bytes: u64) -> String {
    format!("{:.1} kB", bytes as f64 / 1_000.0)
}

fn probes(summary: &Summary) -> String {
    let totals = summary.probes();
    let own: Vec<_> =
        totals.iter().filter(|total| total.site.module.starts_with("protocols")).collect();
    if own.is_empty() {
        return String::new();
    }
    let mut rows = table(&["  probe", "kind", "hits", "cases"]);
    for total in own {
        rows.add_row([
            format!("  {}", total.site.name),
            total.site.kind.name().to_owned(),
            total.hits.to_string(),
            total.cases.to_string(),
        ]);
    }
    align(&mut rows, 2..4);
    format!("\n{rows}\n")
}

/// One planted bug: how it fared.
pub struct MutantRow {
    /// Its name.
    pub name: String,
    /// What it violates.
    pub violates: String,
    /// Seeds that were run.
    pub seeds: u64,
    /// Seeds that failed.
    pub failures: u64,
    /// After how many seeds the first came.
    pub first: Option<u64>,
    /// Within how many seeds it had to be found.
    pub due: Option<u64>,
}

/// The planted bugs, as a person reads them.
pub fn mutants(rows: &[MutantRow]) -> String {
    let mut lines = table(&["  mutant", "found after", "due", "failures", "seeds", "violates"]);
    for row in rows {
        lines.add_row([
            format!("  {}", row.name),
            row.first.map_or_else(|| "NOT FOUND".to_owned(), |first| first.to_string()),
            row.due.map_or_else(|| "-".to_owned(), |due| due.to_string()),
            row.failures.to_string(),
            row.seeds.to_string(),
            row.violates.clone(),
        ]);
    }
    align(&mut lines, 1..5);
    lines.to_string()
}
