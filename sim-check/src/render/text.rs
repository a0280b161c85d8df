//! Pictures as text.

use super::{Bar, Picture};

/// The widest timeline, in characters.
const WIDTH: usize = 96;

impl Picture {
    /// Title, timeline and reasons, for a terminal.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n\n", self.title);
        let moments = self.moments();
        let lane_width = self.lanes().iter().map(|lane| lane.chars().count()).max().unwrap_or(0);
        let columns = moments.len() + 1;
        let scale = (WIDTH / columns.max(1)).clamp(1, 6);
        for bar in &self.bars {
            let place = |moment: u32| moments.partition_point(|known| *known < moment) * scale;
            let from = place(bar.from);
            let to = bar.to.map_or(columns * scale, place);
            let line =
                format!("{}{}", " ".repeat(from), stretch(bar, to.saturating_sub(from).max(2)));
            let mark = if bar.essential { '*' } else { ' ' };
            let (lane, width) = (&bar.lane, columns * scale + 2);
            let (start, end) = &bar.times;
            let label = &bar.label;
            text.push_str(&format!(
                "{mark} {lane:lane_width$} {line:width$} {label}  [{start}, {end}]\n"
            ));
        }
        text.push('\n');
        for sentence in &self.why {
            text.push_str(sentence);
            text.push('\n');
        }
        text
    }
}

fn stretch(bar: &Bar, width: usize) -> String {
    let end = if bar.to.is_some() { '|' } else { '>' };
    let mut drawn = String::from("|");
    drawn.extend(std::iter::repeat_n('-', width - 1));
    drawn.push(end);
    drawn
}
