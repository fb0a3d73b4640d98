//! The languages held against each other, and against what the sources say.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use fluent_syntax::ast::PatternElement;

use super::{Language, Value, bundle::Bundle, message, names::kebab, variables};

/// Every message and attribute of a language with its variables.
fn variables(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let bundle = Bundle::new(language);
    bundle
        .patterns()
        .map(|(id, pattern)| {
            // What is selected on beside a value is the value's.
            let own = |name: &&str| {
                let beside = ["-id", "-count", "-hint", "-what"].iter().find_map(|end| name.strip_suffix(end));
                // The system's own words for what failed are English already.
                if id.starts_with("io-") && !id.starts_with("io-action-") {
                    String::new()
                } else {
                    beside.unwrap_or(name).to_owned()
                }
            };
            let found = variables::of(pattern).iter().map(own).collect();
            (id, found)
        })
        .collect()
}

#[test]
fn all_languages_say_the_same_messages_with_the_same_variables() {
    let english = variables(Language::English);
    assert!(!english.is_empty());
    for language in Language::ALL {
        let other = variables(language);
        let missing: Vec<&String> = english.keys().filter(|id| !other.contains_key(*id)).collect();
        let added: Vec<&String> = other.keys().filter(|id| !english.contains_key(*id)).collect();
        assert!(missing.is_empty() && added.is_empty(), "{language:?} lacks {missing:?} and alone has {added:?}");
        let differing: Vec<String> = english
            .iter()
            .filter(|(id, variables)| other.get(*id) != Some(variables))
            .map(|(id, variables)| format!("{id}: {variables:?} in English, {:?}", other.get(id)))
            .collect();
        assert!(differing.is_empty(), "{language:?}:\n{}", differing.join("\n"));
    }
}

#[test]
fn no_korean_sentence_is_left_in_english() {
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(|letter| letter.is_ascii_lowercase());
    for (id, pattern) in Bundle::new(Language::Korean).patterns() {
        for element in &pattern.elements {
            let PatternElement::TextElement { value } = element else { continue };
            let words: Vec<&str> = value.split(' ').collect();
            assert!(!words.windows(2).any(|pair| pair.iter().all(is_word)), "{id}: {value}");
        }
    }
}

#[test]
fn every_file_of_the_languages_is_read_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/lang");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let tags: Vec<String> = files.iter().map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(tags, Language::ALL.map(Language::tag), "a file that no language reads, or the other way round");
    for language in Language::ALL {
        fluent_syntax::parser::parse(language.source()).expect("every entry is Fluent");
    }
}

/// The sources without their comments and tests, by path.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut sources) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
                let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                sources.push((name, lines.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    sources
}

/// The string literals right behind `start`.
fn literals_behind<'a>(source: &'a str, start: &str) -> Vec<&'a str> {
    let behind = source.split(start).skip(1);
    behind.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next()).collect()
}

/// The names of the enums of `source` with their variants, and of its structs without any.
fn types(source: &str) -> Vec<(&str, Vec<&str>)> {
    let name = |rest: &str| rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    let mut types = Vec::new();
    for rest in source.split("enum ").skip(1) {
        let Some((head, body)) = rest.split_once('{') else { continue };
        types.push((&head[..name(head)], variants(body)));
    }
    types.extend(source.split("struct ").skip(1).map(|rest| (&rest[..name(rest)], Vec::new())));
    types
}

/// The variants of an enum, from behind its brace on.
fn variants(body: &str) -> Vec<&str> {
    let (mut depth, mut variants, mut is_new) = (0, Vec::new(), true);
    for (at, letter) in body.char_indices() {
        match letter {
            '{' | '(' | '[' | '<' => depth += 1,
            '}' if depth == 0 => break,
            '}' | ')' | ']' | '>' => depth -= 1,
            ',' if depth == 0 => is_new = true,
            _ if depth == 0 && is_new && letter.is_ascii_uppercase() => {
                let end = body[at..].find(|letter: char| !letter.is_alphanumeric()).unwrap_or(0);
                variants.push(&body[at..at + end]);
                is_new = false;
            }
            _ => {}
        }
    }
    variants
}

#[test]
fn every_id_of_the_sources_is_a_message() {
    let known = variables(Language::English);
    let mut missing = Vec::new();
    for (path, source) in sources().into_iter().filter(|(path, _)| !path.starts_with("message")) {
        let of_window = [".text(", "Face::new(", ".tooltip(", ".place(", ".titled("];
        let starts = if path.starts_with("gui") { &of_window[..] } else { &[] };
        for id in starts.iter().chain(&["message!("]).flat_map(|start| literals_behind(&source, start)) {
            if !known.contains_key(id) {
                missing.push(format!("{path}: {id}"));
            }
        }
    }
    assert!(missing.is_empty(), "no language has\n{}", missing.join("\n"));
}

#[test]
fn every_variant_of_what_is_said_is_a_message() {
    let known = variables(Language::English);
    let sources = sources();
    let types: Vec<(&str, Vec<&str>)> = sources.iter().flat_map(|(_, source)| types(source)).collect();
    let mut missing = Vec::new();
    for (path, source) in &sources {
        let errors = source.split("message::english(self))]").skip(1).filter_map(|rest| {
            let declared = rest.split_once("pub ")?.1.split_whitespace().nth(1)?;
            Some(declared.trim_end_matches(';'))
        });
        let lists = source.split("said_in_english!(").skip(1).filter_map(|rest| rest.split(')').next());
        for list in lists.chain(errors) {
            for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                let name = name.rsplit("::").next().unwrap_or(name).split('<').next().unwrap_or_default();
                let (_, variants) =
                    types.iter().find(|(other, _)| *other == name).unwrap_or_else(|| panic!("{path}: no type {name}"));
                let ids = variants.iter().map(|variant| format!("{}-{}", kebab(name), kebab(variant)));
                let ids: Vec<String> = if variants.is_empty() { vec![kebab(name)] } else { ids.collect() };
                missing.extend(ids.into_iter().filter(|id| !known.contains_key(id)).map(|id| format!("{path}: {id}")));
            }
        }
    }
    assert!(missing.is_empty(), "no language has\n{}", missing.join("\n"));
}

#[test]
fn every_message_is_said_somewhere() {
    let sources = sources();
    let mut said: BTreeSet<String> = BTreeSet::new();
    for (_, source) in &sources {
        said.extend(source.split('"').map(str::to_owned));
        for (name, variants) in types(source) {
            said.insert(kebab(name));
            said.extend(variants.iter().map(|variant| format!("{}-{}", kebab(name), kebab(variant))));
        }
    }
    // An attribute that is asked for by its name belongs to its message; and kinds of the standard library's errors.
    let is_said = |id: &str| {
        let of_message = id.split_once('.').filter(|(_, attribute)| said.contains(*attribute)).map(|(id, _)| id);
        said.contains(of_message.unwrap_or(id)) || id.starts_with("io-")
    };
    let unsaid: Vec<String> = variables(Language::English).into_keys().filter(|id| !is_said(id)).collect();
    assert!(unsaid.is_empty(), "nothing says\n{}", unsaid.join("\n"));
}

#[test]
fn the_scan_sees_what_it_must_refuse() {
    let source = "pub enum Warning<'a> {\n    #[serde(skip)]\n    AlreadyMerged { share: f64, name: Vec<A, B> },\n    Olora(Note),\n    Base,\n}\nstruct Place(u8);";
    assert_eq!(types(source), [("Warning", vec!["AlreadyMerged", "Olora", "Base"]), ("Place", vec![])]);
    assert_eq!(literals_behind("words.text(\"base\"); words.text( \"a.b\")", ".text("), ["base", "a.b"]);
}

#[test]
fn lists_say_how_many_more_in_every_language() {
    let names = ["a", "b", "c", "d"].map(str::to_owned);
    let said = |language: Language| language.say(&message!("list-more", shown: "a, b", more: names.len() - 2));
    assert_eq!(Language::ALL.map(said), ["a, b and 2 more", "a, b 외 2개"]);
    assert_eq!(said(Language::Pseudo), "a, b ááññd 2 móóréé");
}

#[test]
fn what_is_inside_a_message_is_said_in_its_language() {
    let inner = message!("list-more", shown: "x", more: 3_usize);
    let outer = message!("list-more", shown: inner, more: Value::List(vec![Value::Count(1), Value::Absent]));
    assert_eq!(Language::Korean.say(&outer), "x 외 3개 외 1, none개");
    assert_eq!(Language::of_locale("ko_KR.UTF-8"), Language::Korean);
    assert_eq!(Language::of_locale("de_DE"), Language::English);
    assert_eq!(Language::ALL.map(Language::next), [Language::Korean, Language::English]);
}
