//! What a comparison came to: tables that can be pasted into a document, or JSON Lines.

use super::Row;
use super::cells::Cell;
use super::estimate::{Count, Interval, Mark, mean_ratio};
use crate::output;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

/// A bug is rare that fewer than one seed in so many finds by default. The rare ones decide how long a search must last.
const RARE: u64 = 100;

#[derive(Serialize)]
struct Line<'a> {
    r#type: &'static str,
    protocol: &'a str,
    mutant: &'a str,
    varies: &'a str,
    cell: &'a str,
    seeds: u64,
    failures: u64,
    share: Interval,
    median_seeds: Option<f64>,
    ratio: Option<Interval>,
    mark: Mark,
}

#[derive(Serialize)]
struct ComparisonLine<'a> {
    r#type: &'static str,
    protocol: &'a str,
    varies: &'a str,
    cell: &'a str,
    all: Mean,
    rare: Mean,
    loses: Vec<&'a str>,
    wins: Vec<&'a str>,
}

/// The geometric mean of a cell's ratios to the default.
#[derive(Serialize)]
struct Mean {
    mutants: usize,
    ratio: Option<Interval>,
    mark: Mark,
}

/// Prints what was found of one mutant as JSON.
pub fn lines(protocol: &str, cells: &[Cell], row: &Row<'_>) -> Result<(), String> {
    for (cell, count) in cells.iter().zip(&row.counts) {
        let usual = row.counts[0];
        output::line(&Line {
            r#type: "cell",
            protocol,
            mutant: row.mutant,
            varies: cell.varies,
            cell: cell.name,
            seeds: count.seeds,
            failures: count.failures,
            share: count.share(),
            median_seeds: count.median_seeds(),
            ratio: count.ratio(usual),
            mark: count.mark(usual),
        })?;
    }
    Ok(())
}

/// Prints how the cells compare as JSON.
pub fn comparison_lines(protocol: &str, cells: &[Cell], rows: &[Row<'_>]) -> Result<(), String> {
    for (index, cell) in cells.iter().enumerate().skip(1) {
        output::line(&ComparisonLine {
            r#type: "comparison",
            protocol,
            varies: cell.varies,
            cell: cell.name,
            all: mean(rows, index, |_| true),
            rare: mean(rows, index, rare),
            loses: marked(rows, index, Mark::Loses),
            wins: marked(rows, index, Mark::Wins),
        })?;
    }
    Ok(())
}

/// What was found of one mutant.
pub fn table(cells: &[Cell], row: &Row<'_>) -> String {
    let header =
        ["mutant", "cell", "failures", "seeds", "p", "95%", "median seeds", "ratio", "95%", ""];
    let mut lines = markdown(&header, 2..9);
    for (cell, count) in cells.iter().zip(&row.counts) {
        let (usual, share) = (row.counts[0], count.share());
        let (ratio, reach) = ratio(count.ratio(usual));
        lines.add_row([
            row.mutant.to_owned(),
            label(cell),
            count.failures.to_string(),
            count.seeds.to_string(),
            if count.failures > 0 { percent(share.at) } else { "not found".to_owned() },
            format!("{} to {}", percent(share.low), percent(share.high)),
            median(*count),
            ratio,
            reach,
            count.mark(usual).name().to_owned(),
        ]);
    }
    lines.to_string()
}

/// How the cells compare over all mutants.
pub fn comparison(cells: &[Cell], rows: &[Row<'_>]) -> String {
    let header = [
        "cell",
        "mutants",
        "mean ratio",
        "95%",
        "",
        "rare",
        "mean ratio",
        "95%",
        "",
        "loses on",
        "wins on",
    ];
    let mut lines = markdown(&header, 1..4);
    for (index, cell) in cells.iter().enumerate().skip(1) {
        let (all, rare) = (mean(rows, index, |_| true), mean(rows, index, rare));
        let ((all_ratio, all_reach), (rare_ratio, rare_reach)) =
            (ratio(all.ratio), ratio(rare.ratio));
        lines.add_row([
            label(cell),
            all.mutants.to_string(),
            all_ratio,
            all_reach,
            all.mark.name().to_owned(),
            rare.mutants.to_string(),
            rare_ratio,
            rare_reach,
            rare.mark.name().to_owned(),
            marked(rows, index, Mark::Loses).join(", "),
            marked(rows, index, Mark::Wins).join(", "),
        ]);
    }
    lines.to_string()
}

fn rare(row: &Row<'_>) -> bool {
    row.counts[0].failures * RARE < row.counts[0].seeds
}

fn mean(rows: &[Row<'_>], cell: usize, wanted: impl Fn(&Row<'_>) -> bool) -> Mean {
    let wanted = rows.iter().filter(|row| wanted(row));
    let found: Vec<(Count, Count)> = wanted
        .map(|row| (row.counts[cell], row.counts[0]))
        .filter(|(own, usual)| own.failures > 0 && usual.failures > 0)
        .collect();
    let ratio = mean_ratio(&found);
    Mean { mutants: found.len(), ratio, mark: ratio.map_or(Mark::Even, Interval::mark) }
}

/// The mutants on which a cell is marked so.
fn marked<'a>(rows: &[Row<'a>], cell: usize, mark: Mark) -> Vec<&'a str> {
    let alike = rows.iter().filter(|row| row.counts[cell].mark(row.counts[0]) == mark);
    alike.map(|row| row.mutant).collect()
}

fn markdown(header: &[&str], numbers: std::ops::Range<usize>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(header);
    for column in numbers {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn label(cell: &Cell) -> String {
    match cell.varies {
        "" => cell.name.to_owned(),
        varies => format!("{varies}: {}", cell.name),
    }
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 1.0 { format!("{percent:.3}%") } else { format!("{percent:.1}%") }
}

/// The median, or what it is more than: without a failure, p is 3 in all seeds at most.
fn median(count: Count) -> String {
    match count.median_seeds() {
        Some(seeds) => format!("{seeds:.0}"),
        None => format!("over {:.0}", std::f64::consts::LN_2 * count.seeds as f64 / 3.0),
    }
}

fn ratio(ratio: Option<Interval>) -> (String, String) {
    match ratio {
        Some(ratio) => {
            (format!("{:.2}", ratio.at), format!("{:.2} to {:.2}", ratio.low, ratio.high))
        }
        None => ("-".to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells;
    use super::*;

    fn row(mutant: &str, usual: u64, other: u64) -> Row<'_> {
        let count = |failures| Count { failures, seeds: 3_000 };
        Row { mutant, counts: vec![count(usual), count(other)] }
    }

    #[test]
    fn a_losing_cell_is_marked_and_what_was_not_found_is_bounded() {
        let cells = cells::all();
        let text = table(&cells[..2], &row("shy", 20, 0));
        assert!(text.contains("not found") && text.contains("over 693"), "{text}");
        assert!(text.lines().last().is_some_and(|line| line.contains("loses")), "{text}");
        let even = table(&cells[..2], &row("shy", 20, 19));
        assert!(!even.contains("loses") && !even.contains("wins"), "{even}");
    }

    #[test]
    fn means_leave_out_what_one_side_never_found_but_name_it() {
        let rows = [row("plain", 1_500, 3_000), row("shy", 20, 0), row("rare", 20, 40)];
        let all = mean(&rows, 1, |_| true);
        assert_eq!((all.mutants, all.mark), (2, Mark::Wins));
        assert_eq!(all.ratio.map(|ratio| ratio.at.round()), Some(2.0));
        assert_eq!(mean(&rows, 1, rare).mutants, 1);
        assert_eq!(marked(&rows, 1, Mark::Loses), ["shy"]);
        assert_eq!(marked(&rows, 1, Mark::Wins), ["plain", "rare"]);
    }
}
