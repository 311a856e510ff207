//! `${NAME}` in a value is replaced by the environment.
//!
//! Owns the syntax. The result is never parsed as YAML again, so a variable can change a value but not the
//! structure of the file. A `$` without a `{` behind it is an ordinary character.

use super::tree::Node;
use crate::text::escaped;

/// Looks up a variable.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Of several wrong references this many are named.
const MAX_NAMED: usize = 5;

/// Expands every text in `node`. The error names what is wrong.
pub(super) fn expand(node: &mut Node, environment: Environment) -> Result<(), String> {
    let mut wrong = Vec::new();
    expand_node(node, environment, &mut wrong);
    wrong.truncate(MAX_NAMED);
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

fn expand_node(node: &mut Node, environment: Environment, wrong: &mut Vec<String>) {
    match node {
        Node::Text(text) => *text = expand_text(text, environment, wrong),
        Node::List(items) => {
            for item in items {
                expand_node(item, environment, wrong);
            }
        }
        Node::Nothing | Node::Bool(_) | Node::Number(_) | Node::Map(_) => {}
    }
}

fn expand_text(text: &str, environment: Environment, wrong: &mut Vec<String>) -> String {
    let mut parts = text.split("${");
    let mut expanded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((name, rest)) = part.split_once('}') else {
            wrong.push(format!("expected a `}}` after `${{{}`, found none", escaped(part)));
            continue;
        };
        if !is_name(name) {
            let found = escaped(name);
            wrong.push(format!(
                "expected the name of an environment variable, found `${{{found}}}`"
            ));
        } else if let Some(value) = environment(name) {
            expanded += &value;
        } else {
            let name = escaped(name);
            wrong.push(format!(
                "expected the environment variable {name} to be set, found it unset"
            ));
        }
        expanded += rest;
    }
    expanded
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, String> {
        let mut node = Node::Text(text.to_owned());
        expand(&mut node, &|name| match name {
            "HOST" => Some("meter".to_owned()),
            "P1_PORT" => Some("23".to_owned()),
            "NESTED" => Some("${HOST}".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })?;
        match node {
            Node::Text(text) => Ok(text),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn variables_are_replaced_wherever_they_stand() {
        assert_eq!(expanded("tcp://${HOST}:${P1_PORT}").unwrap(), "tcp://meter:23");
        assert_eq!(expanded("${EMPTY}").unwrap(), "");
    }

    #[test]
    fn a_value_is_not_expanded_again() {
        assert_eq!(expanded("${NESTED}").unwrap(), "${HOST}");
    }

    #[test]
    fn a_lone_dollar_stays() {
        for text in ["$", "a$b", "$HOST", "$$", "cost $", "}$ {"] {
            assert_eq!(expanded(text).unwrap(), text);
        }
    }

    #[test]
    fn every_unset_variable_is_named() {
        let wrong = expanded("${NOPE}/${HOST}/${NADA}").unwrap_err();
        assert!(wrong.contains("NOPE") && wrong.contains("NADA"), "{wrong}");
        assert!(!wrong.contains("HOST"), "{wrong}");
    }

    #[test]
    fn a_malformed_reference_is_an_error() {
        for text in ["${", "${HOST", "${}", "${a-b}", "${1A}", "${A B}"] {
            assert!(expanded(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_message_repeats_is_short_and_on_one_line() {
        for text in ["${a\nb", "${a\nb}"].map(|text| text.replace('b', &"b".repeat(5000))) {
            let wrong = expanded(&text).unwrap_err();
            assert!(wrong.len() < 200 && !wrong.contains(char::is_control), "{wrong}");
        }
        assert!(expanded(&format!("${{{}}}", "A".repeat(5000))).unwrap_err().len() < 200);
    }

    #[test]
    fn items_of_a_list_are_expanded() {
        let mut node = Node::List(vec![Node::Text("${A}".into()), Node::Number("1".into())]);
        expand(&mut node, &|_| Some("x".to_owned())).unwrap();
        let expected = Node::List(vec![Node::Text("x".into()), Node::Number("1".into())]);
        assert_eq!(node, expected);
    }
}
