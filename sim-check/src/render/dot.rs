//! Pictures as graphs for Graphviz.

use super::Picture;

impl Picture {
    /// A graph: a node for each operation, an edge for each order that is required.
    pub fn to_dot(&self) -> String {
        let mut dot = format!(
            "digraph violation {{\n  label={};\n  labelloc=t;\n  rankdir=LR;\n  node [shape=box, fontname=monospace];\n",
            quote(&self.title)
        );
        for (i, bar) in self.bars.iter().enumerate() {
            let (start, end) = &bar.times;
            let label = format!("{}: {}\n[{start}, {end}]", bar.lane, bar.label);
            let color = if bar.essential { "firebrick" } else { "gray" };
            dot.push_str(&format!("  n{i} [label={}, color={color}];\n", quote(&label)));
        }
        for edge in &self.edges {
            let (from, to) = (edge.from, edge.to);
            dot.push_str(&format!("  n{from} -> n{to} [label={}];\n", quote(&edge.label)));
        }
        dot.push_str("}\n");
        dot
    }
}

/// A quoted string of the DOT language, newlines as line breaks.
fn quote(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn quotes_are_escaped() {
        assert_eq!(quote("a\"b\\\nc"), "\"a\\\"b\\\\\\nc\"");
    }
}
