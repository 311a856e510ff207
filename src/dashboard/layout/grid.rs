//! Panels side by side in rows, as many as fit.
//!
//! Owns who stands where: panels come in the order of their importance, each takes at least its width
//! and its least height, and room that is left goes to those that can use it.

use super::Action;
use super::glyphs::Glyphs;
use super::page::{Area, Line, Page, Style};

/// Cells that frame and margin take of a panel's width, and of its height.
const FRAME: (usize, usize) = (4, 2);

/// A framed part of the screen.
pub struct Panel<'s> {
    pub title: String,
    /// Heads of columns, in the frame above them, each with the column inside that it ends before.
    pub heads: Vec<(usize, String)>,
    /// Texts in the frame below, each with the column inside that it is centred on, for a width.
    pub feet: Box<dyn Fn(usize) -> Vec<(usize, String)> + 's>,
    /// Cells across at the least, frame included.
    pub width: usize,
    /// How much of the room to the right it takes: a share; 0 keeps to its width.
    pub stretch: usize,
    /// Rows inside at the least, and at best.
    pub rows: [usize; 2],
    /// It can use any number of rows, and ends its row of panels.
    pub grows: bool,
    /// What a click asks for.
    pub action: Option<Action>,
    /// The lines inside, for a width and a number of rows. More lines than rows are cut.
    pub lines: Box<dyn Fn(usize, usize) -> Vec<Line> + 's>,
}

impl Panel<'_> {
    /// A panel of these lines, the most important ones first; at least `least` of them.
    pub fn of_lines(title: &str, width: usize, least: usize, lines: Vec<Line>) -> Self {
        Self {
            title: title.to_owned(),
            heads: Vec::new(),
            feet: Box::new(|_| Vec::new()),
            width,
            stretch: 1,
            rows: [least.min(lines.len()), lines.len()],
            grows: false,
            action: None,
            lines: Box::new(move |_, _| lines.clone()),
        }
    }
}

/// Panels of one height, side by side.
struct PanelRow<'s> {
    panels: Vec<Panel<'s>>,
    rows: usize,
}

impl PanelRow<'_> {
    fn width(&self) -> usize {
        self.panels.iter().map(|panel| panel.width).sum()
    }

    fn rows(&self, at_best: bool) -> usize {
        self.panels.iter().map(|panel| panel.rows[usize::from(at_best)]).max().unwrap_or(0)
    }

    fn grows(&self) -> bool {
        self.panels.iter().any(|panel| panel.grows)
    }
}

/// Puts panels into an area; the number of those for which there is no room.
pub fn place(page: &mut Page, area: Area, panels: Vec<Panel<'_>>, glyphs: &Glyphs) -> usize {
    let mut panel_rows = in_panel_rows(panels, area.width);
    let kept = fit(&mut panel_rows, area.height);
    let left_out = panel_rows.drain(kept..).map(|panel_row| panel_row.panels.len()).sum();
    let mut y = area.y;
    for panel_row in &panel_rows {
        let height = panel_row.rows + FRAME.1;
        let mut x = area.x;
        for (panel, width) in panel_row.panels.iter().zip(widths(panel_row, area.width)) {
            draw(page, Area { x, y, width, height }, panel, glyphs);
            x += width;
        }
        y += height;
    }
    left_out
}

fn in_panel_rows(panels: Vec<Panel<'_>>, width: usize) -> Vec<PanelRow<'_>> {
    let mut panel_rows: Vec<PanelRow<'_>> = Vec::new();
    for panel in panels {
        match panel_rows.last_mut() {
            Some(panel_row) if panel_row.width() + panel.width <= width && !panel_row.grows() => {
                panel_row.panels.push(panel);
            }
            _ => panel_rows.push(PanelRow { panels: vec![panel], rows: 0 }),
        }
    }
    panel_rows
}

/// Gives each row of panels its rows of text; how many rows of panels there is room for.
fn fit(panel_rows: &mut [PanelRow<'_>], height: usize) -> usize {
    let mut left = height;
    let mut kept = 0;
    for panel_row in panel_rows.iter_mut() {
        let least = panel_row.rows(false);
        let Some(rest) = left.checked_sub(least + FRAME.1) else { break };
        (panel_row.rows, left) = (least, rest);
        kept += 1;
    }
    for panel_row in &mut panel_rows[..kept] {
        let more = (panel_row.rows(true).saturating_sub(panel_row.rows)).min(left);
        panel_row.rows += more;
        left -= more;
    }
    if let Some(panel_row) = panel_rows[..kept].iter_mut().find(|panel_row| panel_row.grows()) {
        panel_row.rows += left;
    }
    kept
}

/// The widths of the panels of a row, which fill it.
fn widths(panel_row: &PanelRow<'_>, width: usize) -> Vec<usize> {
    let mut room = width - panel_row.width().min(width);
    let mut shares: usize = panel_row.panels.iter().map(|panel| panel.stretch).sum();
    let widths = panel_row.panels.iter().map(|panel| {
        let more = (room * panel.stretch).checked_div(shares).unwrap_or(0);
        room -= more;
        shares -= panel.stretch;
        panel.width + more
    });
    widths.collect()
}

fn draw(page: &mut Page, area: Area, panel: &Panel<'_>, glyphs: &Glyphs) {
    let Area { x, y, width, height } = area;
    frame(page, area, glyphs);
    page.put(x + 2, y, width - 3, &Line::of(Style::Title, format!(" {} ", panel.title)));
    for (end, head) in &panel.heads {
        let head = format!(" {head} ");
        let start = (x + 3 + end).saturating_sub(head.chars().count());
        page.put(start, y, (x + width - 1).saturating_sub(start), &Line::of(Style::Faint, head));
    }
    let (inside, rows) = (width.saturating_sub(FRAME.0), height.saturating_sub(FRAME.1));
    for (row, line) in (panel.lines)(inside, rows).iter().take(rows).enumerate() {
        page.put(x + 2, y + 1 + row, inside, line);
    }
    for (centre, foot) in (panel.feet)(inside) {
        let foot = format!(" {foot} ");
        let start = (x + 2 + centre).saturating_sub(foot.chars().count() / 2);
        page.put(start, y + height - 1, width, &Line::of(Style::Faint, foot));
    }
    if let Some(action) = panel.action {
        page.add_click_area(area, action);
    }
}

fn frame(page: &mut Page, Area { x, y, width, height }: Area, glyphs: &Glyphs) {
    let [top_left, top_right, bottom_left, bottom_right] = glyphs.corners;
    let edge = |left: char, right: char| {
        let across = glyphs.horizontal.to_string().repeat(width.saturating_sub(2));
        Line::of(Style::Frame, format!("{left}{across}{right}"))
    };
    page.put(x, y, width, &edge(top_left, top_right));
    page.put(x, y + height - 1, width, &edge(bottom_left, bottom_right));
    let side = Line::of(Style::Frame, glyphs.vertical.to_string());
    for row in y + 1..y + height - 1 {
        page.put(x, row, 1, &side);
        page.put(x + width - 1, row, 1, &side);
    }
}

#[cfg(test)]
mod tests {
    use super::super::glyphs::ASCII;
    use super::*;

    fn panel(title: &str, width: usize, rows: [usize; 2]) -> Panel<'static> {
        let lines = (0..9).map(|row| Line::of(Style::Text, row.to_string())).collect();
        Panel { rows, ..Panel::of_lines(title, width, rows[0], lines) }
    }

    fn placed(width: usize, height: usize, panels: Vec<Panel<'_>>) -> (String, usize) {
        let mut page = Page::new(width, height, true);
        let area = Area { x: 0, y: 0, width, height };
        let left_out = place(&mut page, area, panels, &ASCII);
        (page.text(), left_out)
    }

    #[test]
    fn panels_share_a_row_when_they_fit_and_fill_it() {
        let panels = vec![
            Panel { heads: vec![(5, "W".to_owned())], ..panel("a", 10, [1, 2]) },
            panel("b", 12, [2, 2]),
        ];
        let (text, left_out) = placed(25, 5, panels);
        assert_eq!(text.lines().next().unwrap(), "+- a  W --++- b --------+");
        assert_eq!(text.lines().nth(1).unwrap(), "| 0       || 0          |");
        assert_eq!(text.lines().nth(4), Some(""));
        assert_eq!(left_out, 0);
    }

    #[test]
    fn what_does_not_fit_is_left_out_from_the_end_and_counted() {
        let panels = vec![panel("a", 10, [2, 5]), panel("b", 10, [2, 2]), panel("c", 10, [2, 2])];
        let (text, left_out) = placed(12, 9, panels);
        assert_eq!(left_out, 1);
        assert!(text.contains(" a ") && text.contains(" b ") && !text.contains(" c "), "{text}");
        assert_eq!(text.lines().filter(|line| !line.is_empty()).count(), 9, "{text}");
    }

    #[test]
    fn the_rest_goes_to_the_panel_that_grows() {
        let panels = vec![Panel { grows: true, ..panel("a", 10, [1, 1]) }, panel("b", 10, [1, 1])];
        let (text, _) = placed(40, 10, panels);
        assert!(text.lines().nth(7).unwrap().contains(" b "), "{text}");
    }
}
