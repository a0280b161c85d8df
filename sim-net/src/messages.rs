//! Names for what messages are about.

use crate::Net;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor, value};
use serde::forward_to_deserialize_any;
use std::rc::Rc;

/// Tells the kind of a message by its payload.
type Namer = dyn Fn(&[u8]) -> Option<&'static str>;

/// The kinds of messages that a program sends, and how to tell the kind of one.
#[derive(Clone)]
pub(crate) struct MessageKinds {
    names: &'static [&'static str],
    of: Rc<Namer>,
}

impl Net {
    /// Gives kinds of messages names; see [`name_messages`](crate::control::name_messages).
    pub fn name_messages(
        &self,
        names: &'static [&'static str],
        of: impl Fn(&[u8]) -> Option<&'static str> + 'static,
    ) {
        self.state().messages = Some(MessageKinds { names, of: Rc::new(of) });
    }

    /// The names of the kinds of messages, as they were given.
    pub fn message_names(&self) -> &'static [&'static str] {
        self.state().messages.as_ref().map_or(&[], |kinds| kinds.names)
    }

    /// The kind of the message with this payload.
    pub(crate) fn kind_of_message(&self, payload: &[u8]) -> Option<&'static str> {
        let MessageKinds { names, of } = self.state().messages.clone()?;
        let name = of(payload)?;
        assert!(
            names.contains(&name),
            "a message is called `{name}`, which is not among {names:?}"
        );
        Some(name)
    }
}

/// The names of an enum's variants; none of another type.
pub(crate) fn variants_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut variants: &'static [&'static str] = &[];
    // Told before anything could be read, so there is nothing but an error.
    drop(T::deserialize(Variants(&mut variants)));
    variants
}

/// The variant that an encoded message begins with.
pub(crate) fn variant_in(
    payload: &[u8],
    variants: &'static [&'static str],
) -> Option<&'static str> {
    let (index, _) = postcard::take_from_bytes::<u32>(payload).ok()?;
    variants.get(usize::try_from(index).ok()?).copied()
}

/// Holds no value; learns what would be read.
struct Variants<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Variants<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, value::Error> {
        Err(value::Error::custom("no value, only names"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        *self.0 = variants;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    enum Talk {
        Hello,
        Number(u64),
        Pair { first: String, second: Option<bool> },
    }

    #[test]
    fn messages_are_called_by_their_variants() {
        let names = variants_of::<Talk>();
        assert_eq!(names, ["Hello", "Number", "Pair"]);
        let pair = Talk::Pair { first: "x".into(), second: None };
        for (message, name) in [(Talk::Hello, 0), (Talk::Number(1 << 40), 1), (pair, 2)] {
            let payload = postcard::to_allocvec(&message).unwrap();
            assert_eq!(variant_in(&payload, names), Some(names[name]));
        }
        assert_eq!(variant_in(&[], names), None);
        assert_eq!(variant_in(&[3], names), None);
    }

    #[test]
    fn what_is_no_enum_has_no_kinds() {
        assert!(variants_of::<u64>().is_empty());
        assert!(variants_of::<(String, Vec<u8>)>().is_empty());
    }
}
