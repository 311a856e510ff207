//! What may stand in a cell of the screen.
//!
//! Owns the only gate between text of others and the terminal. A character passes if it is known to
//! take exactly one cell and to do nothing else; any other becomes a question mark. So no escape
//! sequence, no control character, no wide, combining or invisible character reaches the terminal.

/// The character to show for this one; `ascii` leaves nothing else through.
#[must_use]
pub fn character(c: char, ascii: bool) -> char {
    let passes = match c {
        ' '..='~' => true,
        _ if ascii => false,
        '\u{ad}' | '\u{483}'..='\u{489}' => false,
        // Latin, Greek and Cyrillic letters; dashes and quotes; frames, blocks and dots.
        '\u{a1}'..='\u{24f}'
        | '\u{370}'..='\u{52f}'
        | '\u{2010}'..='\u{2015}'
        | '\u{2018}'..='\u{201f}'
        | '\u{2026}'
        | '\u{2500}'..='\u{25ff}'
        | '\u{2800}'..='\u{28ff}' => true,
        _ => false,
    };
    if passes { c } else { '?' }
}

/// A text of such characters.
#[must_use]
pub fn text(text: &str, ascii: bool) -> String {
    text.chars().map(|c| character(c, ascii)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_or_takes_another_width_is_a_question_mark() {
        let hostile = "\u{1b}[2J\u{9b}31m\r\n\t\0\u{7f}\u{ad}漢\u{301}\u{202e}\u{200b}🔥\u{fe0f}";
        assert_eq!(text(hostile, false), "?[2J?31m????????????");
    }

    #[test]
    fn letters_of_europe_pass_where_the_terminal_has_them() {
        assert_eq!(text("Zähler Łódź Ωμ Энергия", false), "Zähler Łódź Ωμ Энергия");
        assert_eq!(text("Zähler m³ ─█⣿", true), "Z?hler m? ???");
    }
}
