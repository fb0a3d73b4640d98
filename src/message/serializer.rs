//! Any value of a room as a [`Message`]: the one place where enums become ids and fields become arguments.

use std::path::Path;

use serde::{
    Serialize, Serializer,
    ser::{self, Impossible},
};

use super::{Message, Value, names::kebab};

/// Names of a tuple variant's contents.
const ORDINALS: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "sixth"];

impl Message {
    /// What `value`, an enum or a struct, has to say. What cannot be told says why, which is a fault of ours.
    #[must_use]
    pub fn of(value: &(impl Serialize + ?Sized)) -> Self {
        match value.serialize(ToValue) {
            Ok(Value::Message(message)) => message,
            Ok(value) => {
                debug_assert!(false, "{value:?} is neither an enum nor a struct");
                Self::new("value").with("value", value)
            }
            Err(Unspeakable(reason)) => {
                debug_assert!(false, "{reason}");
                Self::new(reason)
            }
        }
    }
}

/// `#[serde(serialize_with = "message::path")]`: a path as people read it, also where it is no UTF-8.
///
/// # Errors
/// Those of the serializer.
pub fn path<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// `#[serde(serialize_with = "message::shown")]`: a value whose `Display` is its text in every language.
///
/// # Errors
/// Those of the serializer.
pub fn shown<S: Serializer>(value: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// `#[serde(serialize_with = "message::any_shown")]`: as [`shown`], where there is a value.
///
/// # Errors
/// Those of the serializer.
pub fn any_shown<S: Serializer>(value: &Option<impl std::fmt::Display>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().map(ToString::to_string).serialize(serializer)
}

/// `#[serde(serialize_with = "message::all_shown")]`: as [`shown`], of each; documents hold messages in English so.
///
/// # Errors
/// Those of the serializer.
pub fn all_shown<S: Serializer>(values: &[impl std::fmt::Display], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(ToString::to_string))
}

/// `#[serde(serialize_with = "message::pointed")]`: what is behind an `Arc` and the like.
///
/// # Errors
/// Those of the serializer.
pub fn pointed<P: std::ops::Deref<Target: Serialize>, S: Serializer>(
    pointer: &P,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    pointer.deref().serialize(serializer)
}

/// Why a value is no message.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unspeakable(String);

impl ser::Error for Unspeakable {
    fn custom<T: std::fmt::Display>(reason: T) -> Self {
        Self(reason.to_string())
    }
}

struct ToValue;

/// The fields of a struct or of a variant, as they come.
struct Fields(Message);

impl Fields {
    fn of_struct(name: &str) -> Self {
        Self(Message::new(kebab(name)))
    }

    fn of_variant(name: &str, variant: &str) -> Self {
        Self(Message::new(format!("{}-{}", kebab(name), kebab(variant))))
    }

    fn push(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Unspeakable> {
        self.0.args.push((kebab(name), value.serialize(ToValue)?));
        Ok(())
    }

    fn push_next(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Unspeakable> {
        match ORDINALS.get(self.0.args.len()) {
            Some(name) => self.push(name, value),
            None => Err(Unspeakable(format!("{} has too many values without names", self.0.id))),
        }
    }
}

/// Values in a row.
struct Items(Vec<Value>);

/// Types that are numbers, texts or nothing.
macro_rules! plain {
    ($($method:ident($value:ident: $from:ty) => $made:expr;)+) => {
        $(fn $method(self, $value: $from) -> Result<Value, Unspeakable> {
            Ok($made)
        })+
    };
}

fn signed(value: i64) -> Value {
    u64::try_from(value).map_or(Value::Number(value as f64), Value::Count)
}

impl Serializer for ToValue {
    type Ok = Value;
    type Error = Unspeakable;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Fields;
    type SerializeTupleVariant = Fields;
    type SerializeMap = Impossible<Value, Unspeakable>;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    plain! {
        serialize_bool(value: bool) => Value::Flag(value);
        serialize_i8(value: i8) => signed(value.into());
        serialize_i16(value: i16) => signed(value.into());
        serialize_i32(value: i32) => signed(value.into());
        serialize_i64(value: i64) => signed(value);
        serialize_u8(value: u8) => Value::Count(value.into());
        serialize_u16(value: u16) => Value::Count(value.into());
        serialize_u32(value: u32) => Value::Count(value.into());
        serialize_u64(value: u64) => Value::Count(value);
        // By way of its digits: 0.1 stays 0.1.
        serialize_f32(value: f32) => Value::Number(value.to_string().parse().unwrap_or(f64::from(value)));
        serialize_f64(value: f64) => Value::Number(value);
        serialize_char(value: char) => Value::Text(value.to_string());
        serialize_str(value: &str) => Value::Text(value.to_owned());
        serialize_bytes(value: &[u8]) => Value::List(value.iter().map(|byte| Value::Count((*byte).into())).collect());
        serialize_unit_struct(name: &'static str) => Value::Message(Fields::of_struct(name).0);
    }

    fn serialize_none(self) -> Result<Value, Unspeakable> {
        Ok(Value::Absent)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Unspeakable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Unspeakable> {
        Ok(Value::Absent)
    }

    fn serialize_unit_variant(self, name: &'static str, _: u32, variant: &'static str) -> Result<Value, Unspeakable> {
        Ok(Value::Message(Fields::of_variant(name, variant).0))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Value, Unspeakable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Unspeakable> {
        let mut fields = Fields::of_variant(name, variant);
        fields.push("value", value)?;
        Ok(Value::Message(fields.0))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Unspeakable> {
        Ok(Items(Vec::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, Unspeakable> {
        Ok(Items(Vec::new()))
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Fields, Unspeakable> {
        Ok(Fields::of_struct(name))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields, Unspeakable> {
        Ok(Fields::of_variant(name, variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unspeakable> {
        Err(Unspeakable("a map is no argument of a message".to_owned()))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields, Unspeakable> {
        Ok(Fields::of_struct(name))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields, Unspeakable> {
        Ok(Fields::of_variant(name, variant))
    }
}

/// What takes values in a row.
macro_rules! collects {
    ($($collector:ident: $of:ident by $method:ident;)+) => {
        $(impl ser::$of for $collector {
            type Ok = Value;
            type Error = Unspeakable;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unspeakable> {
                self.push_next(value)
            }

            fn end(self) -> Result<Value, Unspeakable> {
                Ok(self.into())
            }
        })+
    };
}

/// What takes fields by their names.
macro_rules! collects_fields {
    ($($of:ident),+) => {
        $(impl ser::$of for Fields {
            type Ok = Value;
            type Error = Unspeakable;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Unspeakable> {
                self.push(name, value)
            }

            fn end(self) -> Result<Value, Unspeakable> {
                Ok(self.into())
            }
        })+
    };
}

collects! {
    Items: SerializeSeq by serialize_element;
    Items: SerializeTuple by serialize_element;
    Fields: SerializeTupleStruct by serialize_field;
    Fields: SerializeTupleVariant by serialize_field;
}
collects_fields!(SerializeStruct, SerializeStructVariant);

impl Items {
    fn push_next(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Unspeakable> {
        self.0.push(value.serialize(ToValue)?);
        Ok(())
    }
}

impl From<Items> for Value {
    fn from(items: Items) -> Self {
        Self::List(items.0)
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Message(fields.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::message;

    #[derive(Serialize)]
    enum Finding {
        Bare,
        Wrapped(Reason),
        Pair(u8, f32),
        Detailed { tensor_count: usize, names: Vec<&'static str>, reason: Option<Reason>, is_guessed: bool },
    }

    #[derive(Serialize)]
    enum Reason {
        TooShort,
    }

    #[derive(Serialize)]
    struct Place {
        #[serde(serialize_with = "path")]
        folder: std::path::PathBuf,
        #[serde(serialize_with = "shown")]
        rank: usize,
        offset: i64,
    }

    #[test]
    fn variants_become_ids_and_fields_become_arguments() {
        assert_eq!(Message::of(&Finding::Bare), message!("finding-bare"));
        let reason = message!("reason-too-short");
        assert_eq!(Message::of(&Finding::Wrapped(Reason::TooShort)), message!("finding-wrapped", value: reason));
        assert_eq!(Message::of(&Finding::Pair(3, 0.1)), message!("finding-pair", first: 3_u32, second: 0.1));
        let detailed = Finding::Detailed { tensor_count: 2, names: vec!["a", "b"], reason: None, is_guessed: true };
        let expected = message!(
            "finding-detailed",
            tensor_count: 2_usize,
            names: vec!["a", "b"],
            reason: None::<Message>,
            is_guessed: true,
        );
        assert_eq!(Message::of(&detailed), expected);
    }

    #[test]
    fn structs_become_messages_too() {
        let place = Place { folder: "/models/base".into(), rank: 16, offset: -3 };
        assert_eq!(Message::of(&place), message!("place", folder: "/models/base", rank: "16", offset: -3.0));
    }
}
