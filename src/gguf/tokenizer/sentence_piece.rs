//! `tokenizer.model`: the pieces of a SentencePiece model, the one field of its protocol buffer that is needed.

/// A piece; `kind` as SentencePiece numbers it: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) score: f32,
    pub(super) kind: u64,
}

/// The field of a model that says how it was trained.
const TRAINER: u64 = 2;
/// The field that says what is done to a text first.
const NORMALIZER: u64 = 3;

/// A field of a message: its number and what it holds.
enum Field<'a> {
    Number(u64),
    Bits32([u8; 4]),
    Bytes(&'a [u8]),
    Other,
}

/// The pieces of a model in the order of their ids; `None` where the bytes are no such model.
pub(super) fn pieces(bytes: &[u8]) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        if let (1, Field::Bytes(piece)) = next_field(&mut rest)? {
            pieces.push(piece_of(piece)?);
        }
    }
    (!pieces.is_empty()).then_some(pieces)
}

/// Why llama.cpp would cut text otherwise than this model, where it would.
pub(super) fn odd_setting(bytes: &[u8]) -> Option<&'static str> {
    let number = |message, field, default| number_in(bytes, message, field).unwrap_or(default);
    let is_other = [
        (number(TRAINER, 3, 1) != 2, "its model is no BPE"),
        (number(TRAINER, 35, 0) != 1, "it does not fall back to bytes"),
        (number(TRAINER, 24, 0) != 0, "it puts blanks behind words"),
        (number(NORMALIZER, 4, 1) != 0, "it removes blanks"),
        (number(NORMALIZER, 5, 1) != 1, "it leaves blanks as they are"),
        (rewrites_text(bytes), "it rewrites text before it cuts it"),
    ];
    is_other.into_iter().find(|(is_other, _)| *is_other).map(|(_, problem)| problem)
}

/// Whether the model puts a blank before a text.
pub(super) fn has_dummy_prefix(bytes: &[u8]) -> bool {
    number_in(bytes, NORMALIZER, 3).unwrap_or(1) != 0
}

/// Whether the normalizer has rules: "identity" has none.
fn rewrites_text(mut rest: &[u8]) -> bool {
    while let Some((number, field)) = next_field(&mut rest) {
        let (NORMALIZER, Field::Bytes(mut normalizer)) = (number, field) else { continue };
        while let Some((number, field)) = next_field(&mut normalizer) {
            match (number, field) {
                (1, Field::Bytes(name)) if !name.is_empty() && name != b"identity" => return true,
                (2, Field::Bytes(rules)) if !rules.is_empty() => return true,
                _ => {}
            }
        }
    }
    false
}

/// The last number under `field` of the message under `message`.
fn number_in(mut rest: &[u8], message: u64, field: u64) -> Option<u64> {
    let mut found = None;
    while let Some((number, value)) = next_field(&mut rest) {
        let (true, Field::Bytes(mut inner)) = (number == message, value) else { continue };
        while let Some((number, value)) = next_field(&mut inner) {
            if let (true, Field::Number(value)) = (number == field, value) {
                found = Some(value);
            }
        }
    }
    found
}

fn piece_of(mut rest: &[u8]) -> Option<Piece> {
    let mut piece = Piece { text: String::new(), score: 0.0, kind: 1 };
    while !rest.is_empty() {
        match next_field(&mut rest)? {
            (1, Field::Bytes(text)) => std::str::from_utf8(text).ok()?.clone_into(&mut piece.text),
            (2, Field::Bits32(score)) => piece.score = f32::from_le_bytes(score),
            (3, Field::Number(kind)) => piece.kind = kind,
            _ => {}
        }
    }
    piece.score.is_finite().then_some(piece)
}

fn next_field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let key = varint(rest)?;
    let field = match key & 7 {
        0 => Field::Number(varint(rest)?),
        1 => {
            rest.split_off(..8)?;
            Field::Other
        }
        2 => {
            let len = usize::try_from(varint(rest)?).ok()?;
            Field::Bytes(rest.split_off(..len)?)
        }
        5 => Field::Bits32(rest.split_off(..4)?.try_into().ok()?),
        _ => return None,
    };
    Some((key >> 3, field))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *rest.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_read_and_other_fields_passed_over() {
        // A trainer spec (field 2), then "▁a" with score -1.5, kind 4.
        let mut bytes = vec![0x12, 2, 0, 0, 0x0a, 13, 0x0a, 4];
        bytes.extend("▁a".as_bytes());
        bytes.push(0x15);
        bytes.extend((-1.5_f32).to_le_bytes());
        bytes.extend([0x18, 4]);
        let pieces = pieces(&bytes).unwrap();
        assert_eq!((pieces[0].text.as_str(), pieces[0].score, pieces[0].kind), ("▁a", -1.5, 4));
    }

    #[test]
    fn what_is_no_model_gives_nothing() {
        for bytes in [&b""[..], b"IQ== 0\nIg== 1\n", &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], &[0x0a, 3, 0x0a, 9, 0]] {
            assert!(pieces(bytes).is_none(), "{bytes:?}");
        }
    }
}
