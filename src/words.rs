//! Every word that is shown to people, in English and Dutch: one table for dashboard, report and page.
//!
//! Owns the languages, which of them a program speaks, and in `table` the words. A thing has the same name wherever it is
//! shown. The Dutch terms are those of grid operators and suppliers: *afname* and *teruglevering*, which are right with
//! solar panels, too. Standard names of OBIS codes are not among them; the catalogue has those, in English.

/// A language of the page, the dashboard and the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `nl`.
    Dutch,
    /// `en`.
    English,
}

impl Language {
    /// Its two letters (ISO 639-1).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Dutch => "nl",
            Self::English => "en",
        }
    }
}

/// Makes the struct of all words, and a table of them for each language.
macro_rules! words {
    ($($name:ident: $english:literal, $dutch:literal;)*) => {
        /// The words of one language. In some, `{}` stands for a number or a time: see [`filled`](super::filled).
        #[derive(Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is named after its English text; a private module needs none")]
        pub struct Words {
            $(pub $name: &'static str,)*
        }

        /// English.
        pub static ENGLISH: Words = Words { $($name: $english,)* };

        /// Dutch.
        pub static DUTCH: Words = Words { $($name: $dutch,)* };

        impl Words {
            /// All words by their names, for templates.
            #[must_use]
            pub fn by_name(&self) -> HashMap<&'static str, &'static str> {
                HashMap::from([$((stringify!($name), self.$name),)*])
            }
        }
    };
}

mod table;

pub use table::{DUTCH, ENGLISH, Words};

impl Words {
    /// The words of this language.
    #[must_use]
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::Dutch => &DUTCH,
            Language::English => &ENGLISH,
        }
    }

    /// The words of the language that was asked for, else of the configured one, else of that of the locale in the
    /// environment: English but for Dutch.
    #[must_use]
    pub fn chosen(
        asked: Option<Language>,
        configured: Option<Language>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> &'static Self {
        let of_locale = || {
            if locale(variable).starts_with("nl") { Language::Dutch } else { Language::English }
        };
        Self::of(asked.or(configured).unwrap_or_else(of_locale))
    }
}

/// The name of the locale in the environment, such as `nl_NL.UTF-8`; empty without any.
#[must_use]
pub fn locale(variable: &dyn Fn(&str) -> Option<String>) -> String {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
    names.filter_map(variable).find(|value| !value.is_empty()).unwrap_or_default()
}

/// A text with its `{}` filled in.
#[must_use]
pub fn filled(text: &str, value: &str) -> String {
    text.replace("{}", value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_asked_for_configured_or_that_of_the_locale() {
        use Language::{Dutch, English};
        for (asked, configured, locale, expected) in [
            (None, None, "nl_BE.UTF-8", Dutch),
            (None, None, "de_DE.UTF-8", English),
            (None, Some(English), "nl_NL", English),
            (Some(Dutch), Some(English), "C", Dutch),
        ] {
            let variable = |name: &str| (name == "LANG").then(|| locale.to_owned());
            assert_eq!(Words::chosen(asked, configured, &variable), Words::of(expected));
        }
    }

    #[test]
    fn every_calendar_has_its_days_and_months() {
        for words in [&ENGLISH, &DUTCH] {
            for days in [words.weekdays, words.weekdays_title] {
                assert_eq!(days.split(' ').count(), 7);
            }
            for months in [words.month_names, words.month_names_title] {
                assert_eq!(months.split(' ').count(), 12);
            }
        }
    }

    #[test]
    fn every_word_can_be_shown_in_ascii() {
        for words in [&ENGLISH, &DUTCH] {
            assert!(format!("{words:?}").is_ascii());
        }
    }

    #[test]
    fn what_is_filled_in_is_so_in_both_languages() {
        let table = include_str!("words/table.rs");
        let rows =
            table.lines().filter_map(|line| line.trim().strip_suffix(';')?.split_once(": \""));
        for (name, texts) in rows {
            assert!(matches!(texts.matches("{}").count(), 0 | 2), "{name}");
        }
        assert_eq!(filled(DUTCH.no_telegram, "4 min"), "Al 4 min geen telegram");
    }

    #[test]
    fn a_word_is_found_by_its_name() {
        let words = DUTCH.by_name();
        assert_eq!(words.get("import"), Some(&"afname"));
        assert_eq!(words.get("verbruik"), None);
    }
}
