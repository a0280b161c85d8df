//! Pictures as a page that needs nothing but itself.

use super::Picture;

const COLUMN: usize = 56;
const ROW: usize = 34;
const LEFT: usize = 90;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2em;max-width:70em;color:#1d2129}\
h1{font-size:1.3em}.why li{margin:.3em 0}.scroll{overflow-x:auto}";
/// Stands within the SVG, which may be looked at alone.
const SVG_STYLE: &str = "svg{font:12px ui-monospace,monospace;overflow:visible}\
.lane{fill:#666}.bar{fill:#dfe5ee;stroke:#8fa1bb}.essential .bar{fill:#ffd9d2;stroke:#c0392b}\
.bar:hover{stroke-width:2}.axis{stroke:#e3e3e3}.edge{stroke:#c0392b;fill:none;marker-end:url(#tip)}";

impl Picture {
    /// A page with a timeline and the reasons.
    pub fn to_html(&self) -> String {
        let title = escape(&self.title);
        let svg = self.to_svg();
        let why: String =
            self.why.iter().map(|sentence| format!("<li>{}</li>\n", escape(sentence))).collect();
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
             <style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<div class=\"scroll\">{svg}</div>\n\
             <ul class=\"why\">\n{why}</ul>\n</body></html>\n"
        )
    }

    /// The timeline alone: a lane for each process, a bar for each operation, an arrow for each order that time
    /// requires. The axis shows the order of events, not their distance.
    pub fn to_svg(&self) -> String {
        let lanes = self.lanes();
        let moments = self.moments();
        let right = LEFT + (moments.len() + 1) * COLUMN;
        let height = (lanes.len() + 1) * ROW;
        let x = |moment: u32| LEFT + moments.partition_point(|known| *known < moment) * COLUMN;
        let y = |lane: &str| {
            let row = lanes.iter().position(|known| *known == lane).expect("a bar has a lane");
            row * ROW + 8
        };
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{height}\">\
             <style>{SVG_STYLE}</style><defs><marker id=\"tip\" viewBox=\"0 0 6 6\" refX=\"6\" refY=\"3\" markerWidth=\"7\" \
             markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L6 3L0 6z\" fill=\"#c0392b\"/></marker></defs>\n",
            right + 20
        );
        for lane in &lanes {
            let middle = y(lane) + 16;
            svg.push_str(&format!(
                "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{middle}\" y2=\"{middle}\"/>\
                 <text class=\"lane\" x=\"4\" y=\"{middle}\">{}</text>\n",
                escape(lane)
            ));
        }
        let ends: Vec<(usize, usize, usize)> = self
            .bars
            .iter()
            .map(|bar| (x(bar.from), bar.to.map_or(right, x), y(&bar.lane)))
            .collect();
        for (bar, (from, to, top)) in self.bars.iter().zip(&ends) {
            let class = if bar.essential { "essential" } else { "context" };
            let (label, start, end) =
                (escape(&bar.label), escape(&bar.times.0), escape(&bar.times.1));
            let width = to.saturating_sub(*from).max(4);
            let dashed = if bar.to.is_none() { " stroke-dasharray=\"4 3\"" } else { "" };
            svg.push_str(&format!(
                "<g class=\"{class}\"><title>{label} [{start}, {end}]</title>\
                 <rect class=\"bar\" x=\"{from}\" y=\"{top}\" width=\"{width}\" height=\"22\" rx=\"3\"{dashed}/>\
                 <text x=\"{}\" y=\"{}\">{label}</text></g>\n",
                from + 4,
                top + 15
            ));
        }
        for edge in &self.edges {
            let ((_, from_x, from_y), (to_x, _, to_y)) = (ends[edge.from], ends[edge.to]);
            svg.push_str(&format!(
                "<path class=\"edge\" d=\"M{from_x} {} L{to_x} {}\"><title>{}</title></path>\n",
                from_y + 11,
                to_y + 11,
                escape(&edge.label)
            ));
        }
        svg.push_str("</svg>");
        svg
    }
}

/// Text that stands in HTML or SVG, inside and outside of quoted attributes, as itself.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Control characters are not allowed in XML, whatever their notation.
            c if c.is_control() && !matches!(c, '\n' | '\t') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Bar;

    #[test]
    fn a_hostile_label_stays_text() {
        let bar = Bar {
            lane: "p0".to_string(),
            label: "write(\"</title><script>alert('1')</script>\")".to_string(),
            from: 0,
            to: Some(1),
            times: ("0".to_string(), "1".to_string()),
            essential: true,
        };
        let picture = Picture {
            title: "<b>".to_string(),
            why: vec!["a & b".to_string()],
            bars: vec![bar],
            edges: Vec::new(),
        };
        let page = picture.to_html();
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("<h1>&lt;b&gt;</h1>"));
        assert!(page.contains("a &amp; b"));
        assert_eq!(page, picture.to_html());
    }
}
