//! The messages of one language, as Fluent holds them.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue, concurrent::FluentBundle};
use fluent_syntax::ast::{Entry, Pattern};

use super::{Language, Message, Value, functions, hint::PATH, list::List, pseudo, variables};

/// Whole numbers up to here are numbers to Fluent, which counts in f64; larger ones are texts.
const LARGEST_EXACT: u64 = 1 << 53;

pub struct Bundle {
    messages: FluentBundle<Arc<FluentResource>>,
    resource: Arc<FluentResource>,
}

impl Bundle {
    /// Of the file of `language`.
    pub fn new(language: Language) -> Self {
        let mut messages = FluentBundle::new_concurrent(vec![language.tag().parse().unwrap_or_default()]);
        // Marks around placeables would stand in logs and reports.
        messages.set_use_isolating(false);
        if language == Language::Pseudo {
            messages.set_transform(Some(pseudo::lengthened));
        }
        functions::register(&mut messages, language);
        let resource = FluentResource::try_new(language.source().to_owned()).unwrap_or_else(|(resource, faults)| {
            debug_assert!(false, "{language:?}: {faults:?}");
            resource
        });
        let resource = Arc::new(resource);
        if let Err(faults) = messages.add_resource(Arc::clone(&resource)) {
            debug_assert!(false, "{language:?}: {faults:?}");
        }
        Self { messages, resource }
    }

    pub fn has(&self, id: &str) -> bool {
        self.pattern(id).is_some()
    }

    /// `message` said; `None` where this language does not have it. What happened comes first: a path that the sentence
    /// does not name stands last.
    pub fn say(&self, message: &Message) -> Option<String> {
        self.said(message, true)
    }

    /// `message` said, with where it happened if it `tells_where`.
    fn said(&self, message: &Message, tells_where: bool) -> Option<String> {
        let pattern = self.pattern(&message.id)?;
        let mut args = FluentArgs::new();
        for (name, value) in &message.args {
            self.hand_on(&mut args, (name, value), tells_where);
        }
        let mut faults = Vec::new();
        let said = self.messages.format_pattern(pattern, Some(&args), &mut faults);
        debug_assert!(faults.is_empty(), "{message:?}: {faults:?}");
        let is_where = |name: &str| tells_where && name == PATH && !message.id.contains('.');
        let path = message.args.iter().find(|(name, _)| is_where(name));
        Some(match path {
            Some((_, Value::Text(path))) if !variables::of(pattern).contains(PATH) => format!("{said}: {path}"),
            _ => said.into_owned(),
        })
    }

    /// All messages and attributes that need no arguments, by `id` and `id.attribute`.
    pub fn texts(&self) -> HashMap<String, String> {
        self.patterns()
            .filter_map(|(id, pattern)| {
                let mut faults: Vec<FluentError> = Vec::new();
                let said = self.messages.format_pattern(pattern, None, &mut faults).into_owned();
                faults.is_empty().then_some((id, said))
            })
            .collect()
    }

    /// Every message and attribute, by `id` and `id.attribute`.
    pub fn patterns(&self) -> impl Iterator<Item = (String, &Pattern<&str>)> {
        let entries = self.resource.entries();
        let messages =
            entries.filter_map(|entry| if let Entry::Message(message) = entry { Some(message) } else { None });
        messages.flat_map(|message| {
            let id = message.id.name;
            let attributes = message.attributes.iter();
            let attributes = attributes.map(move |attribute| (format!("{id}.{}", attribute.id.name), &attribute.value));
            message.value.iter().map(move |value| (id.to_owned(), value)).chain(attributes)
        })
    }

    fn pattern(&self, id: &str) -> Option<&Pattern<&str>> {
        match id.split_once('.') {
            Some((id, attribute)) => Some(self.messages.get_message(id)?.get_attribute(attribute)?.value()),
            None => self.messages.get_message(id)?.value(),
        }
    }

    /// `value` as the argument `name`, with what can be selected on beside it. A sentence that this language does not
    /// have is left out: a pattern that says it is at fault, one that only selects on its id is not.
    fn hand_on<'a>(&self, args: &mut FluentArgs<'a>, (name, value): (&'a str, &'a Value), tells_where: bool) {
        match value {
            Value::Message(message) => {
                args.set(format!("{name}-id"), message.id.as_str());
                let hint = message.hint().and_then(|hint| self.say(&hint));
                args.set(format!("{name}-hint"), hint.map_or_else(|| "none".into(), FluentValue::from));
                if let Some(what) = self.said(message, false) {
                    args.set(format!("{name}-what"), what);
                }
            }
            Value::List(values) => args.set(format!("{name}-count"), values.len()),
            Value::Absent => {
                args.set(format!("{name}-id"), "none");
                args.set(format!("{name}-count"), 0);
            }
            _ => {}
        }
        if let Some(value) = self.value(value, tells_where) {
            args.set(name, value);
        }
    }

    fn value<'a>(&self, value: &'a Value, tells_where: bool) -> Option<FluentValue<'a>> {
        Some(match value {
            Value::Text(text) => FluentValue::String(Cow::Borrowed(text)),
            Value::Count(count) if *count > LARGEST_EXACT => FluentValue::from(count.to_string()),
            Value::Count(count) => FluentValue::from(*count),
            Value::Number(number) => FluentValue::from(*number),
            Value::Flag(flag) => FluentValue::from(if *flag { "yes" } else { "no" }),
            Value::Absent => FluentValue::from("none"),
            Value::Message(message) => FluentValue::from(self.said(message, tells_where)?),
            Value::List(values) => {
                let said = values.iter().map(|value| self.item(value, tells_where)).collect::<Option<_>>()?;
                FluentValue::Custom(Box::new(List(said)))
            }
        })
    }

    /// One of a list, as text.
    fn item(&self, value: &Value, tells_where: bool) -> Option<String> {
        functions::text(&self.value(value, tells_where)?)
    }
}
