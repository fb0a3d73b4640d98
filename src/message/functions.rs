//! What a sentence of `assets/lang` can do with its arguments. Numbers look as [`units`] has them look everywhere.
//!
//! | function | makes |
//! |---|---|
//! | `BYTES($n)` | `19.5 MB` |
//! | `COUNT($n)` | `4,868,352` |
//! | `COUNT($n, one: "tensor", other: "tensors")` | `28 tensors`, `1 tensor` |
//! | `SHAPE($shape)` | `688 × 256` |
//! | `FIXED($x, digits: 2)` | `0.42` |
//! | `PERCENT($x, digits: 0)` | `24 %`, of a share |
//! | `SHARE($x)` | `98.4 %`, and 100 % of all only |
//! | `CHANGE($x, tiny: "less than 0.01 %", sign: "always")` | `41 %`, `+3.1 %`: a relative change; `tiny` is said of one too small to show |
//! | `NATS($x)` | `0.1432`, `3.2e-10` |
//! | `SCIENTIFIC($x, digits: 1)` | `4.2e-3` |
//! | `DURATION($secs)` | `3 min 05 s` |
//! | `LIST($names, shown: 5, joint: ", ", last: " and ")` | `a, b and 3 more`: names cut to a readable length where only some are `shown`, all of them otherwise; `last` joins the last two. `LIST($names, $most)` takes how many are shown from an argument. |
//! | `LINES($items, shown: 5)` | each on a line of its own, indented below the sentence, and a line that says how many more there are |
//! | `CAPITALIZED($text)` | the text as a sentence begins |
//! | `SHORTENED($name)` | a name from a stranger's file, cut to a readable length |
//! | `QUOTED($text)` | `"a\\.b"`, as it would stand in source |
//! | `JOSA($word, "은", "는")` | the Korean particle alone, to stand behind the word: `{ $word }{ JOSA($word, "은", "는") }` |

use std::{borrow::Borrow, sync::Arc};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

use super::{Language, list::List, message, particle::particle};
use crate::units;

/// Makes the functions known to the messages of `language`.
pub fn register(bundle: &mut FluentBundle<Arc<FluentResource>>, language: Language) {
    let mut add = |name, function: for<'a> fn(&[FluentValue<'a>], &FluentArgs) -> Option<String>| {
        let added = bundle.add_function(name, move |values, options| said(function(values, options)));
        debug_assert!(added.is_ok(), "{name} twice");
    };
    add("BYTES", |values, _| Some(units::bytes(whole(values.first()?)?)));
    add("COUNT", count);
    add("SHAPE", |values, _| Some(shape(List::of(values.first()?)?)));
    add("FIXED", |values, options| Some(format!("{:.*}", digits(options, 2), number(values.first()?)?)));
    add("PERCENT", |values, options| Some(format!("{:.*} %", digits(options, 0), 100.0 * number(values.first()?)?)));
    add("SHARE", |values, _| Some(units::share(number(values.first()?)?)));
    add("CHANGE", change);
    add("NATS", |values, _| Some(units::nats(number(values.first()?)?)));
    add("SCIENTIFIC", |values, options| Some(format!("{:.*e}", digits(options, 1), number(values.first()?)?)));
    add("DURATION", |values, _| Some(units::duration(number(values.first()?)?)));
    add("CAPITALIZED", |values, _| Some(units::upper_first(&text(values.first()?)?)));
    add("SHORTENED", |values, _| Some(units::shortened(&text(values.first()?)?)));
    add("QUOTED", |values, _| Some(format!("{:?}", text(values.first()?)?)));
    add("JOSA", |values, _| match values {
        [word, after_consonant, after_vowel] => {
            Some(particle(&text(word)?, &text(after_consonant)?, &text(after_vowel)?))
        }
        _ => None,
    });
    let added = bundle.add_function("LIST", move |values, options| said(list(language, values, options)));
    debug_assert!(added.is_ok(), "LIST twice");
    let added = bundle.add_function("LINES", move |values, options| said(lines(language, values, options)));
    debug_assert!(added.is_ok(), "LINES twice");
}

/// What a function made; what it cannot make stands in the sentence as its name.
fn said<'a>(made: Option<String>) -> FluentValue<'a> {
    made.map_or(FluentValue::Error, FluentValue::from)
}

/// A number, with the noun that goes with it where one is given.
fn count(values: &[FluentValue], options: &FluentArgs) -> Option<String> {
    let count = whole(values.first()?)?;
    let noun = options.get(if count == 1 { "one" } else { "other" }).and_then(text);
    Some(noun.map_or_else(|| units::count(count), |noun| format!("{} {noun}", units::count(count))))
}

/// A relative change, with its sign where it is asked for.
fn change(values: &[FluentValue], options: &FluentArgs) -> Option<String> {
    let ratio = number(values.first()?)?;
    let sign = match options.get("sign") {
        None => "",
        Some(_) if ratio < 0.0 => "−",
        Some(_) => "+",
    };
    Some(format!("{sign}{}", units::change(ratio).or_else(|| text(options.get("tiny")?))?))
}

/// Of dimensions, outermost first; a scalar is `1`.
fn shape(dimensions: &List) -> String {
    if dimensions.0.is_empty() { "1".to_owned() } else { dimensions.0.join(" × ") }
}

fn lines(language: Language, values: &[FluentValue], options: &FluentArgs) -> Option<String> {
    let items = &List::of(values.first()?)?.0;
    let most = options.get("shown").and_then(whole).and_then(|most| usize::try_from(most).ok()).unwrap_or(items.len());
    let mut lines: Vec<String> = items.iter().take(most).cloned().collect();
    if let more @ 1.. = items.len().saturating_sub(most) {
        lines.push(language.say(&message!("lines-more", more: more)));
    }
    Some(lines.into_iter().fold(String::new(), |text, line| text + "\n  " + &line))
}

fn list(language: Language, values: &[FluentValue], options: &FluentArgs) -> Option<String> {
    let names = &List::of(values.first()?)?.0;
    let joint = options.get("joint").and_then(text).unwrap_or_else(|| ", ".to_owned());
    let last = options.get("last").and_then(text);
    let Some(most) = options.get("shown").or_else(|| values.get(1)).and_then(whole) else {
        return Some(joined(names, &joint, last.as_deref()));
    };
    let most = usize::try_from(most).ok()?;
    let shown: Vec<String> = names.iter().take(most).map(|name| units::shortened(name)).collect();
    match names.len() - shown.len() {
        0 => Some(joined(&shown, &joint, last.as_deref())),
        more => {
            let shown = joined(&shown, &joint, None);
            Some(language.say(&message!("list-more", shown: shown, more: more)))
        }
    }
}

/// With `last` between the last two, where it is given.
fn joined(names: &[impl Borrow<str>], joint: &str, last: Option<&str>) -> String {
    match (names, last) {
        ([before @ .., next_to_last, end], Some(last)) => {
            let mut before: Vec<&str> = before.iter().map(Borrow::borrow).collect();
            before.push(next_to_last.borrow());
            format!("{}{last}{}", before.join(joint), end.borrow())
        }
        _ => names.join(joint),
    }
}

fn digits(options: &FluentArgs, otherwise: usize) -> usize {
    options.get("digits").and_then(whole).and_then(|digits| usize::try_from(digits).ok()).unwrap_or(otherwise)
}

fn number(value: &FluentValue) -> Option<f64> {
    match value {
        FluentValue::Number(number) => Some(number.value),
        FluentValue::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn whole(value: &FluentValue) -> Option<u64> {
    match value {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was a u64")]
        FluentValue::Number(number) if number.value >= 0.0 && number.value.fract() == 0.0 => Some(number.value as u64),
        FluentValue::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// An argument as it stands in a sentence.
pub fn text(value: &FluentValue) -> Option<String> {
    match value {
        FluentValue::String(text) => Some(text.to_string()),
        FluentValue::Number(number) => Some(number.as_string().into_owned()),
        FluentValue::Custom(_) => List::of(value).map(List::joined),
        FluentValue::None | FluentValue::Error => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Message, Value};

    /// What `pattern` says in `language` with these arguments.
    fn said(language: Language, pattern: &str, message: &Message) -> String {
        let mut bundle = FluentBundle::new_concurrent(vec![language.tag().parse().unwrap()]);
        bundle.set_use_isolating(false);
        register(&mut bundle, language);
        bundle.add_resource(Arc::new(FluentResource::try_new(format!("said = {pattern}\n")).unwrap())).unwrap();
        let args: FluentArgs = message
            .args
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::Text(text) => FluentValue::from(text.as_str()),
                    Value::Count(count) => FluentValue::from(*count),
                    Value::Number(number) => FluentValue::from(*number),
                    Value::List(values) => {
                        let text =
                            |value: &Value| if let Value::Text(text) = value { text.clone() } else { String::new() };
                        FluentValue::Custom(Box::new(List(values.iter().map(text).collect())))
                    }
                    other => panic!("{other:?}"),
                };
                (name.as_str(), value)
            })
            .collect();
        let mut faults = Vec::new();
        let pattern = bundle.get_message("said").and_then(|said| said.value()).unwrap();
        let text = bundle.format_pattern(pattern, Some(&args), &mut faults).into_owned();
        assert!(faults.is_empty(), "{faults:?}");
        text
    }

    #[test]
    fn numbers_look_as_everywhere() {
        let numbers = message!("said", n: 4_868_352_u64, x: 0.00421, share: 0.2449, secs: 185.0, one: 1_u32);
        let cases = [
            ("{ BYTES($n) }", "4.87 MB"),
            ("{ COUNT($n) } or { $n }", "4,868,352 or 4868352"),
            ("{ COUNT($n, one: \"tensor\", other: \"tensors\") }", "4,868,352 tensors"),
            ("{ COUNT($one, one: \"tensor\", other: \"tensors\") }", "1 tensor"),
            ("{ FIXED($x) } { FIXED($x, digits: 4) } { $x }", "0.00 0.0042 0.00421"),
            ("{ PERCENT($share) } { PERCENT($share, digits: 1) }", "24 % 24.5 %"),
            ("{ SCIENTIFIC($x) } { SCIENTIFIC($x, digits: 3) }", "4.2e-3 4.210e-3"),
            ("{ DURATION($secs) }", "3 min 05 s"),
            ("{ $n ->\n    [one] tensor\n   *[other] tensors\n}", "tensors"),
        ];
        for (pattern, text) in cases {
            assert_eq!(said(Language::English, pattern, &numbers), text);
        }
    }

    #[test]
    fn lists_are_joined_as_the_sentence_wants() {
        let names = message!("said", names: vec!["a", "b", "c"], most: 1_usize);
        let cases = [
            ("{ $names }", "a, b, c"),
            ("{ LIST($names) }", "a, b, c"),
            ("{ LIST($names, shown: 2) }", "a, b and 1 more"),
            ("{ LIST($names, shown: 3) }", "a, b, c"),
            ("{ LIST($names, last: \" and \") }", "a, b and c"),
            ("{ LIST($names, joint: \" or \") }", "a or b or c"),
            ("{ LIST($names, $most) }", "a and 2 more"),
            ("{ CAPITALIZED(LIST($names)) }", "A, b, c"),
            ("fits not:{ LINES($names, shown: 2) }", "fits not:\n  a\n  b\n  and 1 more"),
            ("fits not:{ LINES($names, shown: 3) }", "fits not:\n  a\n  b\n  c"),
            ("{ SHAPE($names) }", "a × b × c"),
        ];
        for (pattern, text) in cases {
            assert_eq!(said(Language::English, pattern, &names), text);
        }
        assert_eq!(said(Language::Korean, "{ LIST($names, shown: 2) }", &names), "a, b 외 1개");
        let name = message!("said", name: "a\u{1b}\\.b");
        let quoted = "\"a\\u{1b}\\\\.b\" a\u{fffd}\\.b";
        assert_eq!(said(Language::English, "{ QUOTED($name) } { SHORTENED($name) }", &name), quoted);
    }

    #[test]
    fn particles_follow_the_word() {
        let word = message!("said", word: "베이스", count: 6_u32);
        assert_eq!(said(Language::Korean, "{ $word }{ JOSA($word, \"은\", \"는\") }", &word), "베이스는");
        assert_eq!(said(Language::Korean, "{ $count }{ JOSA($count, \"으로\", \"로\") }", &word), "6으로");
        assert_eq!(said(Language::Korean, "{ JOSA(BYTES($count), \"을\", \"를\") }", &word), "을(를)");
    }
}
